// SPDX-License-Identifier: MIT
// The operations that several reductions are made of (see cpu/reduce.h).
#pragma once

#include "cpu/reduce.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

/// The largest number of a type: infinity where it has one.
template <class T>
constexpr T highest() {
  if constexpr (__is_same(T, bool)) return true;
  if constexpr (T(0.5) != T(0)) return T(__builtin_inf());
  return T(-1) > T(0) ? T(-1) : T((uint64_t(1) << (sizeof(T) * 8 - 1)) - 1);
}
template <class T>
constexpr T lowest() {
  if constexpr (__is_same(T, bool)) return false;
  if constexpr (T(0.5) != T(0)) return T(-__builtin_inf());
  return T(-1) > T(0) ? T(0) : T(-highest<T>() - 1);
}

template <class T>
struct Sum {
  using C = T;
  C identity() const { return C(0); }
  ADJOINT_ALWAYS_INLINE Vec<C> map(Vec<C> x) const { return x; }
  ADJOINT_ALWAYS_INLINE Vec<C> combine(Vec<C> a, Vec<C> b) const { return a + b; }
};
template <class T>
struct Product {
  using C = T;
  C identity() const { return C(1); }
  ADJOINT_ALWAYS_INLINE Vec<C> map(Vec<C> x) const { return x; }
  ADJOINT_ALWAYS_INLINE Vec<C> combine(Vec<C> a, Vec<C> b) const { return a * b; }
};
/// NaN if any is; of bools: whether any is true.
template <class T>
struct Max {
  using C = T;
  C identity() const { return lowest<C>(); }
  ADJOINT_ALWAYS_INLINE Vec<C> map(Vec<C> x) const { return x; }
  ADJOINT_ALWAYS_INLINE Vec<C> combine(Vec<C> a, Vec<C> b) const { return maximum(a, b); }
};
/// NaN if any is; of bools: whether all are true.
template <class T>
struct Min {
  using C = T;
  C identity() const { return highest<C>(); }
  ADJOINT_ALWAYS_INLINE Vec<C> map(Vec<C> x) const { return x; }
  ADJOINT_ALWAYS_INLINE Vec<C> combine(Vec<C> a, Vec<C> b) const { return minimum(a, b); }
};

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
