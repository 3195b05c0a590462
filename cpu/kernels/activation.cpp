// SPDX-License-Identifier: MIT
// Activation functions and, fused, their gradients: out, gradient of the result, what forward kept.
#include "core/math/activation.h"

#include "adjoint/op_registry.h"
#include "cpu/loops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class Functor>
void forward(const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    elementwise<opmath_t<S>, S(S)>(
        iter, [](auto x) { return Functor{}.forward(x); }, kCostlyGrain);
  });
}
template <class Functor>
void backward(const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    elementwise<opmath_t<S>, S(S, S)>(
        iter, [](auto dy, auto kept) { return Functor{}.backward(dy, kept); });
  });
}

template <class Functor>
void forward_kernel(const Stream&, const TensorIterator& iter) {
  forward<Functor>(iter);
}
template <class Functor>
void backward_kernel(const Stream&, const TensorIterator& iter) {
  backward<Functor>(iter);
}

void relu_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_numeric(iter.dtypes[0], [&]<class S>() {
    elementwise<opmath_t<S>, S(S)>(iter, [](auto x) { return math::Relu{}.forward(x); });
  });
}

void gelu_kernel(const Stream&, const TensorIterator& iter, bool by_tanh) {
  by_tanh ? forward<math::GeluTanh>(iter) : forward<math::Gelu>(iter);
}
void gelu_backward_kernel(const Stream&, const TensorIterator& iter, bool by_tanh) {
  by_tanh ? backward<math::GeluTanh>(iter) : backward<math::Gelu>(iter);
}

void softplus_kernel(const Stream&, const TensorIterator& iter, const SoftplusNumbers& numbers) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    const math::Softplus<C> f(numbers);
    elementwise<C, S(S)>(
        iter, [f](auto x) { return f.forward(x); }, kCostlyGrain);
  });
}
void softplus_backward_kernel(const Stream&, const TensorIterator& iter,
                              const SoftplusNumbers& numbers) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    const math::Softplus<C> f(numbers);
    elementwise<C, S(S, S)>(iter, [f](auto dy, auto x) { return f.backward(dy, x); });
  });
}

}  // namespace

void register_activation_kernels(OpRegistry& registry) {
  registry.set_kernel("tanh", kCPU, forward_kernel<math::Tanh>);
  registry.set_kernel("tanh_backward", kCPU, backward_kernel<math::Tanh>);
  registry.set_kernel("sigmoid", kCPU, forward_kernel<math::Sigmoid>);
  registry.set_kernel("sigmoid_backward", kCPU, backward_kernel<math::Sigmoid>);
  registry.set_kernel("relu", kCPU, relu_kernel);
  registry.set_kernel("relu_backward", kCPU, backward_kernel<math::Relu>);
  registry.set_kernel("log_sigmoid", kCPU, forward_kernel<math::LogSigmoid>);
  registry.set_kernel("silu", kCPU, forward_kernel<math::Silu>);
  registry.set_kernel("silu_backward", kCPU, backward_kernel<math::Silu>);
  registry.set_kernel("mish", kCPU, forward_kernel<math::Mish>);
  registry.set_kernel("mish_backward", kCPU, backward_kernel<math::Mish>);
  registry.set_kernel("softplus", kCPU, softplus_kernel);
  registry.set_kernel("softplus_backward", kCPU, softplus_backward_kernel);
  registry.set_kernel("gelu", kCPU, gelu_kernel);
  registry.set_kernel("gelu_backward", kCPU, gelu_backward_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
