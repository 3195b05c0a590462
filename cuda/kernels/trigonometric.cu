// SPDX-License-Identifier: MIT
// Functions of angles and of the hyperbola.
#include "adjoint/op_registry.h"
#include "core/math/binary.h"
#include "core/math/unary.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {
namespace {

template <class Functor>
void floating_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    elementwise<compute_t<S>, S(S)>(stream, iter, Forward<Functor>{});
  });
}
template <class Functor>
void pair_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    elementwise<compute_t<S>, S(S, S)>(stream, iter, Forward<Functor>{});
  });
}

}  // namespace

void register_trigonometric_kernels(OpRegistry& registry) {
  registry.set_kernel("tan", kCUDA, floating_kernel<math::Tan>);
  registry.set_kernel("asin", kCUDA, floating_kernel<math::Asin>);
  registry.set_kernel("acos", kCUDA, floating_kernel<math::Acos>);
  registry.set_kernel("atan", kCUDA, floating_kernel<math::Atan>);
  registry.set_kernel("sinh", kCUDA, floating_kernel<math::Sinh>);
  registry.set_kernel("cosh", kCUDA, floating_kernel<math::Cosh>);
  registry.set_kernel("asinh", kCUDA, floating_kernel<math::Asinh>);
  registry.set_kernel("acosh", kCUDA, floating_kernel<math::Acosh>);
  registry.set_kernel("atanh", kCUDA, floating_kernel<math::Atanh>);
  registry.set_kernel("atan2", kCUDA, pair_kernel<math::Atan2>);
  registry.set_kernel("hypot", kCUDA, pair_kernel<math::Hypot>);
}

}  // namespace adjoint::cuda
