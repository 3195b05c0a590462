// SPDX-License-Identifier: MIT
// Activations of straight pieces, and elu; fused, their gradients.
#include "core/math/rectifier.h"

#include "adjoint/op_registry.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {
namespace {

void pieces_kernel(const Stream& stream, const TensorIterator& iter,
                   const StraightPieces& numbers) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = compute_t<S>;
    const math::Pieces<C> f(numbers);
    elementwise<C, S(S)>(stream, iter, Forward{f});
  });
}
void pieces_backward_kernel(const Stream& stream, const TensorIterator& iter,
                            const StraightPieces& numbers) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = compute_t<S>;
    const math::Pieces<C> f(numbers);
    elementwise<C, S(S, S)>(stream, iter, Backward{f});
  });
}
void elu_kernel(const Stream& stream, const TensorIterator& iter, const EluNumbers& numbers) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = compute_t<S>;
    const math::Elu<C> f(numbers);
    elementwise<C, S(S)>(stream, iter, Forward{f});
  });
}
void elu_backward_kernel(const Stream& stream, const TensorIterator& iter,
                         const EluNumbers& numbers) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = compute_t<S>;
    const math::Elu<C> f(numbers);
    elementwise<C, S(S, S)>(stream, iter, Backward{f});
  });
}

}  // namespace

void register_rectifier_kernels(OpRegistry& registry) {
  registry.set_kernel("straight_pieces", kCUDA, pieces_kernel);
  registry.set_kernel("straight_pieces_backward", kCUDA, pieces_backward_kernel);
  registry.set_kernel("elu", kCUDA, elu_kernel);
  registry.set_kernel("elu_backward", kCUDA, elu_backward_kernel);
}

}  // namespace adjoint::cuda
