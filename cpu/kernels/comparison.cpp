// SPDX-License-Identifier: MIT
// Comparisons and truth values; outputs are bool.
#include "adjoint/op_registry.h"
#include "core/math/binary.h"
#include "core/math/unary.h"
#include "cpu/loops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class Functor>
void comparison_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_all(iter.dtypes[1], [&]<class S>() {
    elementwise<opmath_t<S>, bool(S, S)>(iter,
                                         [](auto a, auto b) { return Functor{}.forward(a, b); });
  });
}
void isnan_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[1], [&]<class S>() {
    elementwise<opmath_t<S>, bool(S)>(iter, [](auto x) { return math::IsNan{}.forward(x); });
  });
}
void logical_not_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_all(iter.dtypes[1], [&]<class S>() {
    elementwise<opmath_t<S>, bool(S)>(iter, [](auto x) { return math::LogicalNot{}.forward(x); });
  });
}

}  // namespace

void register_comparison_kernels(OpRegistry& registry) {
  registry.set_kernel("eq", kCPU, comparison_kernel<math::Eq>);
  registry.set_kernel("ne", kCPU, comparison_kernel<math::Ne>);
  registry.set_kernel("lt", kCPU, comparison_kernel<math::Lt>);
  registry.set_kernel("le", kCPU, comparison_kernel<math::Le>);
  registry.set_kernel("gt", kCPU, comparison_kernel<math::Gt>);
  registry.set_kernel("ge", kCPU, comparison_kernel<math::Ge>);
  registry.set_kernel("logical_and", kCPU, comparison_kernel<math::LogicalAnd>);
  registry.set_kernel("logical_or", kCPU, comparison_kernel<math::LogicalOr>);
  registry.set_kernel("logical_xor", kCPU, comparison_kernel<math::LogicalXor>);
  registry.set_kernel("logical_not", kCPU, logical_not_kernel);
  registry.set_kernel("isnan", kCPU, isnan_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
