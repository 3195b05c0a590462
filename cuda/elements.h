// SPDX-License-Identifier: MIT
// The memory of a dense tensor, as kernels take it; null where the tensor is undefined.
#pragma once

#include "adjoint/tensor.h"

namespace adjoint::cuda {

template <class S>
const S* elements(const Tensor& t) {
  return t.defined() ? static_cast<const S*>(t.impl()->data()) : nullptr;
}
template <class S>
S* outputs(const Tensor& t) {
  return t.defined() ? static_cast<S*>(t.impl()->data()) : nullptr;
}

}  // namespace adjoint::cuda
