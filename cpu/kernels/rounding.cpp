// SPDX-License-Identifier: MIT
// Rounding to integers.
#include "adjoint/op_registry.h"
#include "core/math/unary.h"
#include "cpu/loops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class Functor>
void rounding_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    elementwise<opmath_t<S>, S(S)>(iter, [](auto x) { return Functor{}.forward(x); });
  });
}

}  // namespace

void register_rounding_kernels(OpRegistry& registry) {
  registry.set_kernel("floor", kCPU, rounding_kernel<math::Floor>);
  registry.set_kernel("ceil", kCPU, rounding_kernel<math::Ceil>);
  registry.set_kernel("round", kCPU, rounding_kernel<math::Round>);
  registry.set_kernel("trunc", kCPU, rounding_kernel<math::Trunc>);
  registry.set_kernel("frac", kCPU, rounding_kernel<math::Frac>);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
