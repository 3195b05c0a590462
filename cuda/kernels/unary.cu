// SPDX-License-Identifier: MIT
// Functions of one element.
#include "core/math/unary.h"

#include <type_traits>

#include "adjoint/op_registry.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {
namespace {

/// |x|; of the smallest integer that is itself, as on the CPU.
struct WrappingAbs {
  template <class T>
  HOST_DEVICE T forward(T x) const {
    if constexpr (std::is_integral_v<T>) {
      using U = std::make_unsigned_t<T>;
      return x < T(0) ? T(U(0) - U(x)) : x;
    } else {
      return math::abs(x);
    }
  }
};

template <class Functor>
void floating_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    elementwise<compute_t<S>, S(S)>(stream, iter, Forward<Functor>{});
  });
}
template <class Functor>
void numeric_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_numeric(iter.dtypes[0], [&]<class S>() {
    elementwise<compute_t<S>, S(S)>(stream, iter, Forward<Functor>{});
  });
}
/// - and * of integers, which wrap.
template <class Functor>
void wrapping_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_numeric(iter.dtypes[0], [&]<class S>() {
    elementwise<wrapping_t<S>, S(S)>(stream, iter, Forward<Functor>{});
  });
}

}  // namespace

void register_unary_kernels(OpRegistry& registry) {
  registry.set_kernel("neg", kCUDA, wrapping_kernel<math::Neg>);
  registry.set_kernel("abs", kCUDA, numeric_kernel<WrappingAbs>);
  registry.set_kernel("sign", kCUDA, numeric_kernel<math::Sign>);
  registry.set_kernel("square", kCUDA, wrapping_kernel<math::Square>);
  registry.set_kernel("exp", kCUDA, floating_kernel<math::Exp>);
  registry.set_kernel("log", kCUDA, floating_kernel<math::Log>);
  registry.set_kernel("sqrt", kCUDA, floating_kernel<math::Sqrt>);
  registry.set_kernel("rsqrt", kCUDA, floating_kernel<math::Rsqrt>);
  registry.set_kernel("reciprocal", kCUDA, floating_kernel<math::Reciprocal>);
  registry.set_kernel("sin", kCUDA, floating_kernel<math::Sin>);
  registry.set_kernel("cos", kCUDA, floating_kernel<math::Cos>);
  registry.set_kernel("erf", kCUDA, floating_kernel<math::Erf>);
  registry.set_kernel("log1p", kCUDA, floating_kernel<math::Log1p>);
  registry.set_kernel("expm1", kCUDA, floating_kernel<math::Expm1>);
  registry.set_kernel("erfc", kCUDA, floating_kernel<math::Erfc>);
  registry.set_kernel("erfinv", kCUDA, floating_kernel<math::Erfinv>);
  registry.set_kernel("log2", kCUDA, floating_kernel<math::Log2>);
  registry.set_kernel("log10", kCUDA, floating_kernel<math::Log10>);
  registry.set_kernel("exp2", kCUDA, floating_kernel<math::Exp2>);
}

}  // namespace adjoint::cuda
