// SPDX-License-Identifier: MIT
// Rounded quotients and what they leave.
#include "core/math/division.h"

#include "adjoint/op_registry.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {
namespace {

template <class Functor>
void division_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_numeric(iter.dtypes[0], [&]<class S>() {
    elementwise<compute_t<S>, S(S, S)>(stream, iter, Forward<Functor>{});
  });
}

}  // namespace

void register_division_kernels(OpRegistry& registry) {
  registry.set_kernel("fmod", kCUDA, division_kernel<math::Fmod>);
  registry.set_kernel("remainder", kCUDA, division_kernel<math::Remainder>);
  registry.set_kernel("div_trunc", kCUDA, division_kernel<math::DivTrunc>);
  registry.set_kernel("div_floor", kCUDA, division_kernel<math::DivFloor>);
}

}  // namespace adjoint::cuda
