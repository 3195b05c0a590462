// SPDX-License-Identifier: MIT
#include "cuda/dispatch.h"

#include "adjoint/error.h"

namespace adjoint::cuda {

void unsupported_dtype(ScalarType dtype) {
  detail::fail<NotImplementedError>("the CUDA kernel is not implemented for '", dtype, "'");
}

}  // namespace adjoint::cuda
