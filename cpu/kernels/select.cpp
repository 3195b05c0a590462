// SPDX-License-Identifier: MIT
// Choosing between values by a condition, and bounds.
#include "adjoint/op_registry.h"
#include "core/math/ternary.h"
#include "cpu/loops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class S>
void where_typed(const TensorIterator& iter) {
  elementwise<opmath_t<S>, S(bool, S, S)>(
      iter, [](auto c, auto a, auto b) { return math::Where{}.forward(c, a, b); });
}
// Values are moved, not computed with: what counts is their size.
void where_kernel(const Stream&, const TensorIterator& iter) {
  switch (elementSize(iter.dtypes[0])) {
    case 1:
      return where_typed<uint8_t>(iter);
    case 4:
      return where_typed<int32_t>(iter);
    case 8:
      return where_typed<int64_t>(iter);
    default:
      dispatch<Half, BFloat16>(iter.dtypes[0], [&]<class S>() { where_typed<S>(iter); });
  }
}

template <class S>
void masked_fill_typed(const TensorIterator& iter, S value) {
  using C = opmath_t<S>;
  elementwise<C, S(S, bool)>(iter, [filling = C(value)](auto x, auto mask) {
    return math::Where{}.forward(mask, decltype(x)(filling), x);
  });
}
void masked_fill_kernel(const Stream&, const TensorIterator& iter, const Scalar& value) {
  if (iter.dtypes[0] == kBool) return masked_fill_typed<uint8_t>(iter, value.to<bool>());
  dispatch_numeric(iter.dtypes[0], [&]<class S>() { masked_fill_typed<S>(iter, value.to<S>()); });
}

void clamp_kernel(const Stream&, const TensorIterator& iter, const Scalar& lower,
                  const Scalar& upper) {
  dispatch_numeric(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    math::Clamp<C> f{lower.to<C>(), upper.to<C>()};
    elementwise<C, S(S)>(iter, [f](auto x) { return f.forward(x); });
  });
}

}  // namespace

void register_select_kernels(OpRegistry& registry) {
  registry.set_kernel("where", kCPU, where_kernel);
  registry.set_kernel("masked_fill", kCPU, masked_fill_kernel);
  registry.set_kernel("clamp", kCPU, clamp_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
