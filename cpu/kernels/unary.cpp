// SPDX-License-Identifier: MIT
// Functions of one element.
#include "core/math/unary.h"

#include "adjoint/op_registry.h"
#include "cpu/by_lane.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class Functor>
void floating_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    elementwise<opmath_t<S>, S(S)>(
        iter, [](auto x) { return Functor{}.forward(x); }, kCostlyGrain);
  });
}
template <class Functor>
void numeric_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_numeric(iter.dtypes[0], [&]<class S>() {
    elementwise<opmath_t<S>, S(S)>(iter, [](auto x) { return Functor{}.forward(x); });
  });
}

}  // namespace

void register_unary_kernels(OpRegistry& registry) {
  registry.set_kernel("neg", kCPU, numeric_kernel<math::Neg>);
  registry.set_kernel("abs", kCPU, numeric_kernel<math::Abs>);
  registry.set_kernel("sign", kCPU, numeric_kernel<math::Sign>);
  registry.set_kernel("square", kCPU, numeric_kernel<math::Square>);
  registry.set_kernel("exp", kCPU, floating_kernel<math::Exp>);
  registry.set_kernel("log", kCPU, floating_kernel<math::Log>);
  registry.set_kernel("sqrt", kCPU, floating_kernel<math::Sqrt>);
  registry.set_kernel("rsqrt", kCPU, floating_kernel<math::Rsqrt>);
  registry.set_kernel("reciprocal", kCPU, floating_kernel<math::Reciprocal>);
  registry.set_kernel("sin", kCPU, floating_kernel<math::Sin>);
  registry.set_kernel("cos", kCPU, floating_kernel<math::Cos>);
  registry.set_kernel("erf", kCPU, floating_kernel<math::Erf>);
  registry.set_kernel("log1p", kCPU, floating_kernel<math::Log1p>);
  registry.set_kernel("expm1", kCPU, floating_kernel<math::Expm1>);
  registry.set_kernel("erfc", kCPU, lanewise_kernel<math::Erfc>);
  registry.set_kernel("erfinv", kCPU, lanewise_kernel<math::Erfinv>);
  registry.set_kernel("log2", kCPU, lanewise_kernel<math::Log2>);
  registry.set_kernel("log10", kCPU, lanewise_kernel<math::Log10>);
  registry.set_kernel("exp2", kCPU, lanewise_kernel<math::Exp2>);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
