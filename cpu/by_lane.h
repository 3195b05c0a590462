// SPDX-License-Identifier: MIT
// Element-wise kernels of functions that have no vector form: the scalar function is called for
// each lane. They are handed over as pointers, so that all share one loop for each dtype.
#pragma once

#include "cpu/loops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

template <class T>
ADJOINT_ALWAYS_INLINE Vec<T> by_lane(Vec<T> a, T (*f)(T)) {
  for (int i = 0; i < Vec<T>::size; ++i) a.v[i] = f(T(a.v[i]));
  return a;
}
template <class T>
ADJOINT_ALWAYS_INLINE Vec<T> by_lane(Vec<T> a, Vec<T> b, T (*f)(T, T)) {
  for (int i = 0; i < Vec<T>::size; ++i) a.v[i] = f(T(a.v[i]), T(b.v[i]));
  return a;
}

template <class S>
void map_by_lane(const TensorIterator& iter, opmath_t<S> (*f)(opmath_t<S>)) {
  using C = opmath_t<S>;
  elementwise<C, S(S)>(
      iter, [f](Vec<C> x) { return by_lane(x, f); }, kCostlyGrain);
}
template <class S>
void map_by_lane(const TensorIterator& iter, opmath_t<S> (*f)(opmath_t<S>, opmath_t<S>)) {
  using C = opmath_t<S>;
  elementwise<C, S(S, S)>(
      iter, [f](Vec<C> a, Vec<C> b) { return by_lane(a, b, f); }, kCostlyGrain);
}

template <class Functor>
void lanewise_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    map_by_lane<S>(
        iter, +[](C x) -> C { return Functor{}.forward(x); });
  });
}
template <class Functor>
void lanewise_pair_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    map_by_lane<S>(
        iter, +[](C a, C b) -> C { return Functor{}.forward(a, b); });
  });
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
