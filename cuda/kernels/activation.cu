// SPDX-License-Identifier: MIT
// Activation functions and, fused, their gradients: out, gradient of the result, what forward kept.
#include "core/math/activation.h"

#include "adjoint/op_registry.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {
namespace {

template <class Functor>
void forward_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    elementwise<compute_t<S>, S(S)>(stream, iter, Forward<Functor>{});
  });
}
template <class Functor>
void backward_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    elementwise<compute_t<S>, S(S, S)>(stream, iter, Backward<Functor>{});
  });
}

void relu_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_numeric(iter.dtypes[0], [&]<class S>() {
    elementwise<compute_t<S>, S(S)>(stream, iter, Forward<math::Relu>{});
  });
}

void gelu_kernel(const Stream& stream, const TensorIterator& iter, bool by_tanh) {
  by_tanh ? forward_kernel<math::GeluTanh>(stream, iter) : forward_kernel<math::Gelu>(stream, iter);
}
void gelu_backward_kernel(const Stream& stream, const TensorIterator& iter, bool by_tanh) {
  by_tanh ? backward_kernel<math::GeluTanh>(stream, iter)
          : backward_kernel<math::Gelu>(stream, iter);
}

void softplus_kernel(const Stream& stream, const TensorIterator& iter,
                     const SoftplusNumbers& numbers) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = compute_t<S>;
    const math::Softplus<C> f(numbers);
    elementwise<C, S(S)>(stream, iter, Forward{f});
  });
}
void softplus_backward_kernel(const Stream& stream, const TensorIterator& iter,
                              const SoftplusNumbers& numbers) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = compute_t<S>;
    const math::Softplus<C> f(numbers);
    elementwise<C, S(S, S)>(stream, iter, Backward{f});
  });
}

}  // namespace

void register_activation_kernels(OpRegistry& registry) {
  registry.set_kernel("tanh", kCUDA, forward_kernel<math::Tanh>);
  registry.set_kernel("tanh_backward", kCUDA, backward_kernel<math::Tanh>);
  registry.set_kernel("sigmoid", kCUDA, forward_kernel<math::Sigmoid>);
  registry.set_kernel("sigmoid_backward", kCUDA, backward_kernel<math::Sigmoid>);
  registry.set_kernel("relu", kCUDA, relu_kernel);
  registry.set_kernel("relu_backward", kCUDA, backward_kernel<math::Relu>);
  registry.set_kernel("log_sigmoid", kCUDA, forward_kernel<math::LogSigmoid>);
  registry.set_kernel("silu", kCUDA, forward_kernel<math::Silu>);
  registry.set_kernel("silu_backward", kCUDA, backward_kernel<math::Silu>);
  registry.set_kernel("mish", kCUDA, forward_kernel<math::Mish>);
  registry.set_kernel("mish_backward", kCUDA, backward_kernel<math::Mish>);
  registry.set_kernel("softplus", kCUDA, softplus_kernel);
  registry.set_kernel("softplus_backward", kCUDA, softplus_backward_kernel);
  registry.set_kernel("gelu", kCUDA, gelu_kernel);
  registry.set_kernel("gelu_backward", kCUDA, gelu_backward_kernel);
}

}  // namespace adjoint::cuda
