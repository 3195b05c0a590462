// SPDX-License-Identifier: MIT
// Activations of straight pieces, and elu; fused, their gradients.
#include "core/math/rectifier.h"

#include "adjoint/op_registry.h"
#include "cpu/loops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

void pieces_kernel(const Stream&, const TensorIterator& iter, const StraightPieces& numbers) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    const math::Pieces<C> f(numbers);
    elementwise<C, S(S)>(iter, [f](auto x) { return f.forward(x); });
  });
}
void pieces_backward_kernel(const Stream&, const TensorIterator& iter,
                            const StraightPieces& numbers) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    const math::Pieces<C> f(numbers);
    elementwise<C, S(S, S)>(iter, [f](auto dy, auto x) { return f.backward(dy, x); });
  });
}
void elu_kernel(const Stream&, const TensorIterator& iter, const EluNumbers& numbers) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    const math::Elu<C> f(numbers);
    elementwise<C, S(S)>(iter, [f](auto x) { return f.forward(x); });
  });
}
void elu_backward_kernel(const Stream&, const TensorIterator& iter, const EluNumbers& numbers) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    const math::Elu<C> f(numbers);
    elementwise<C, S(S, S)>(iter, [f](auto dy, auto x) { return f.backward(dy, x); });
  });
}

}  // namespace

void register_rectifier_kernels(OpRegistry& registry) {
  registry.set_kernel("straight_pieces", kCPU, pieces_kernel);
  registry.set_kernel("straight_pieces_backward", kCPU, pieces_backward_kernel);
  registry.set_kernel("elu", kCPU, elu_kernel);
  registry.set_kernel("elu_backward", kCPU, elu_backward_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
