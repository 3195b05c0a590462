// SPDX-License-Identifier: MIT
// The one list of families: a new file in cuda/kernels adds its declaration and its call.
#include "adjoint/op_registry.h"

namespace adjoint::cuda {

void register_convolution_kernels(OpRegistry&);
void register_pooling_kernels(OpRegistry&);
void register_unary_kernels(OpRegistry&);

void register_kernels(OpRegistry& registry) {
  register_convolution_kernels(registry);
  register_pooling_kernels(registry);
  register_unary_kernels(registry);
}

}  // namespace adjoint::cuda
