// SPDX-License-Identifier: MIT
// Norms of vectors: a reduction for each p that has a formula of its own, and one for all others.
#include "adjoint/op_registry.h"
#include "cpu/reduce_ops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class T>
struct SumAbs : Sum<T> {
  ADJOINT_ALWAYS_INLINE Vec<T> map(Vec<T> x) const { return abs(x); }
};
template <class T>
struct SumSquares : Sum<T> {
  ADJOINT_ALWAYS_INLINE Vec<T> map(Vec<T> x) const { return x * x; }
};
template <class T>
struct SumPowers : Sum<T> {
  T p;
  explicit SumPowers(T power) : p(power) {}
  // Not inlined: loops are unrolled, and pow is long.
  __attribute__((noinline)) Vec<T> map(Vec<T> x) const {
    if (p == T(0)) return Vec<T>(x != Vec<T>(T(0)));
    return pow(abs(x), Vec<T>(p));
  }
};
/// The largest |x|, or with sign -1 the smallest, negative: one operation, for less code.
template <class T>
struct SignedMaxAbs : Max<T> {
  T sign;
  explicit SignedMaxAbs(T s) : sign(s) {}
  ADJOINT_ALWAYS_INLINE Vec<T> map(Vec<T> x) const { return abs(x) * Vec<T>(sign); }
};

template <class S>
void norm_typed(const TensorIterator& iter, double p) {
  using C = opmath_t<S>;
  using V = Vec<C>;
  constexpr double inf = __builtin_inf();
  if (p == 2) {
    reduce_kernel<S, S>(iter, SumSquares<C>{}, [](V total) { return sqrt(total); });
  } else if (p == 1) {
    reduce_kernel<S, S>(iter, SumAbs<C>{});
  } else if (p == inf || p == -inf) {
    const C sign(p > 0 ? 1 : -1);
    reduce_kernel<S, S>(iter, SignedMaxAbs<C>(sign), [sign](V total) { return total * V(sign); });
  } else {
    const C inverse = p == 0 ? C(1) : C(1 / p);
    reduce_kernel<S, S>(iter, SumPowers<C>(C(p)), [inverse](V total) {
      return inverse == C(1) ? total : pow(total, V(inverse));
    });
  }
}

void norm_kernel(const Stream&, const TensorIterator& iter, const Scalar& p) {
  dispatch_floating(iter.dtypes[1], [&]<class S>() { norm_typed<S>(iter, p.toDouble()); });
}

}  // namespace

void register_norm_kernels(OpRegistry& registry) { registry.set_kernel("norm", kCPU, norm_kernel); }

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
