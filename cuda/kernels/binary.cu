// SPDX-License-Identifier: MIT
// Functions of two elements.
#include "core/math/binary.h"

#include "adjoint/op_registry.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {
namespace {

// An alpha of 1 changes no bit.
void add_kernel(const Stream& stream, const TensorIterator& iter, const Scalar& alpha) {
  dispatch_all(iter.dtypes[0], [&]<class S>() {
    using C = wrapping_t<S>;
    math::AddScaled<C> add{C(alpha.to<compute_t<S>>())};
    elementwise<C, S(S, S)>(stream, iter, Forward{add});
  });
}
void mul_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_all(iter.dtypes[0], [&]<class S>() {
    elementwise<wrapping_t<S>, S(S, S)>(stream, iter, Forward<math::Mul>{});
  });
}
void div_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    elementwise<compute_t<S>, S(S, S)>(stream, iter, Forward<math::Div>{});
  });
}

}  // namespace

void register_binary_kernels(OpRegistry& registry) {
  registry.set_kernel("add", kCUDA, add_kernel);
  registry.set_kernel("mul", kCUDA, mul_kernel);
  registry.set_kernel("div", kCUDA, div_kernel);
}

}  // namespace adjoint::cuda
