// SPDX-License-Identifier: MIT
// Interpolation, and sums with a product or a quotient.
#include "core/math/ternary.h"

#include "adjoint/op_registry.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {
namespace {

void lerp_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    elementwise<compute_t<S>, S(S, S, S)>(stream, iter, Forward<math::Lerp>{});
  });
}
void lerp_by_kernel(const Stream& stream, const TensorIterator& iter, const Scalar& weight) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = compute_t<S>;
    math::LerpBy<C> lerp{weight.to<C>()};
    elementwise<C, S(S, S)>(stream, iter, Forward{lerp});
  });
}
void addcmul_kernel(const Stream& stream, const TensorIterator& iter, const Scalar& value) {
  dispatch_numeric(iter.dtypes[0], [&]<class S>() {
    using C = wrapping_t<S>;
    math::Addcmul<C> add{C(value.to<compute_t<S>>())};
    elementwise<C, S(S, S, S)>(stream, iter, Forward{add});
  });
}
void addcdiv_kernel(const Stream& stream, const TensorIterator& iter, const Scalar& value) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = compute_t<S>;
    math::Addcdiv<C> add{value.to<C>()};
    elementwise<C, S(S, S, S)>(stream, iter, Forward{add});
  });
}

}  // namespace

void register_ternary_kernels(OpRegistry& registry) {
  registry.set_kernel("lerp", kCUDA, lerp_kernel);
  registry.set_kernel("lerp_by", kCUDA, lerp_by_kernel);
  registry.set_kernel("addcmul", kCUDA, addcmul_kernel);
  registry.set_kernel("addcdiv", kCUDA, addcdiv_kernel);
}

}  // namespace adjoint::cuda
