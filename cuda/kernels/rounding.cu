// SPDX-License-Identifier: MIT
// Rounding to integers.
#include "adjoint/op_registry.h"
#include "core/math/unary.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {
namespace {

template <class Functor>
void rounding_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    elementwise<compute_t<S>, S(S)>(stream, iter, Forward<Functor>{});
  });
}

}  // namespace

void register_rounding_kernels(OpRegistry& registry) {
  registry.set_kernel("floor", kCUDA, rounding_kernel<math::Floor>);
  registry.set_kernel("ceil", kCUDA, rounding_kernel<math::Ceil>);
  registry.set_kernel("round", kCUDA, rounding_kernel<math::Round>);
  registry.set_kernel("trunc", kCUDA, rounding_kernel<math::Trunc>);
  registry.set_kernel("frac", kCUDA, rounding_kernel<math::Frac>);
}

}  // namespace adjoint::cuda
