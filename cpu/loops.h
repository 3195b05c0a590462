// SPDX-License-Identifier: MIT
// Element-wise kernels: a functor on registers becomes a kernel for every layout of its operands.
//
//   elementwise<float, float(float, float)>(iter, [](auto a, auto b) { return a + b; });
//
// computes in registers of float on operands stored as float. Half and BFloat16 are stored types
// whose compute type is float; a bool operand beside another compute type arrives as a Mask, and a
// Mask that the functor returns is stored as bool. The functor is called for whole registers, also
// at the ends of rows and for strided operands: see Note [One result per element] in cpu/vec.h.
#pragma once

#include "core/math/scalar.h"
#include "core/tensor/tensor_iterator.h"
#include "cpu/loop_driver.h"
#include "cpu/vec.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

using math::opmath_t;

namespace detail {

/// The register that a stored S becomes for computation in C, and its broadcast.
template <class S, class C>
struct Lanes {
  using type = Vec<C>;
  static ADJOINT_ALWAYS_INLINE type broadcast(const S* p) { return type(C(type::load(p, 1).v[0])); }
};
template <class C>
requires(!__is_same(C, bool)) struct Lanes<bool, C> {
  using type = Mask<int(sizeof(C))>;
  static ADJOINT_ALWAYS_INLINE type broadcast(const bool* p) { return type(*p); }
};

// Not inlined: they are slow anyway, and every kernel has one for each operand.
template <class S, class V>
__attribute__((noinline)) V load_strided_lanes(const S* p, int64_t stride, int lanes) {
  return V::load_strided(p, stride, lanes);
}
template <class S, class V>
__attribute__((noinline)) void store_strided_lanes(V x, S* p, int64_t stride, int lanes) {
  x.store_strided(p, stride, lanes);
}

/// Elements [i, i + lanes) of an operand; `fixed` is its value where it does not move.
template <class S, class C>
ADJOINT_ALWAYS_INLINE typename Lanes<S, C>::type load_lanes_of(const char* p, int64_t stride,
                                                               int64_t i, int lanes,
                                                               typename Lanes<S, C>::type fixed) {
  using V = typename Lanes<S, C>::type;
  const S* first = reinterpret_cast<const S*>(p + i * stride);
  if (stride == int64_t(sizeof(S))) {
    return lanes == V::size ? V::load(first) : V::load(first, lanes);
  }
  if (stride == 0) return fixed;
  return load_strided_lanes<S, V>(first, stride, lanes);
}

/// One row: n elements of operands whose neighbours are `strides` bytes apart.
template <class C, class Out, class... In, class F, int... I>
ADJOINT_ALWAYS_INLINE void elementwise_row(char* const* data, const int64_t* strides, int64_t n,
                                           const F& f, std::integer_sequence<int, I...>) {
  constexpr int64_t size = Vec<C>::size;
  int64_t i = 0;
  if (strides[0] == int64_t(sizeof(Out)) && ((strides[1 + I] == int64_t(sizeof(In))) && ...)) {
    for (; i + size <= n; i += size) {
      f(Lanes<In, C>::type::load(reinterpret_cast<const In*>(data[1 + I]) + i)...)
          .store(reinterpret_cast<Out*>(data[0]) + i);
    }
    if (i == n) return;
  }
  auto other_rows = [&](auto... fixed) __attribute__((always_inline)) {
    for (; i < n; i += size) {
      int lanes = n - i < size ? int(n - i) : int(size);
      auto result = f(load_lanes_of<In, C>(data[1 + I], strides[1 + I], i, lanes, fixed)...);
      Out* out = reinterpret_cast<Out*>(data[0] + i * strides[0]);
      if (strides[0] != int64_t(sizeof(Out))) {
        store_strided_lanes(result, out, strides[0], lanes);
      } else if (lanes == size) {
        result.store(out);
      } else {
        result.store(out, lanes);
      }
    }
  };
  other_rows(Lanes<In, C>::broadcast(reinterpret_cast<const In*>(data[1 + I]))...);
}

template <class C, class Signature>
struct Elementwise;
template <class C, class Out, class... In>
struct Elementwise<C, Out(In...)> {
  template <class F>
  static void run(const TensorIterator& iter, const F& f, int64_t grain) {
    for_each_row(
        iter,
        [](const void* context, char* const* data, const int64_t* strides, int64_t n) {
          elementwise_row<C, Out, In...>(data, strides, n, *static_cast<const F*>(context),
                                         std::make_integer_sequence<int, int(sizeof...(In))>());
        },
        &f, grain);
  }
};

}  // namespace detail

/// A thread gets at least so many elements: about 2 us of work.
inline constexpr int64_t kCheapGrain = 16384;
inline constexpr int64_t kCostlyGrain = 4096;

/// `Signature` is Out(In...) of stored types, in the order of the iterator's operands.
template <class C, class Signature, class F>
void elementwise(const TensorIterator& iter, const F& f, int64_t grain = kCheapGrain) {
  detail::Elementwise<C, Signature>::run(iter, f, grain);
}

/// f.operator()<S>() for the stored type S, one of `Types`, that `dtype` names; throws for others.
template <class... Types, class F>
ADJOINT_ALWAYS_INLINE void dispatch(ScalarType dtype, const F& f) {
  bool found = ((dtype == scalar_type_of<Types> && (f.template operator()<Types>(), true)) || ...);
  if (!found) unsupported_dtype(dtype);
}
template <class F>
ADJOINT_ALWAYS_INLINE void dispatch_floating(ScalarType dtype, const F& f) {
  dispatch<float, double, Half, BFloat16>(dtype, f);
}
template <class F>
ADJOINT_ALWAYS_INLINE void dispatch_numeric(ScalarType dtype, const F& f) {
  dispatch<float, double, int64_t, int32_t, uint8_t, Half, BFloat16>(dtype, f);
}
template <class F>
ADJOINT_ALWAYS_INLINE void dispatch_all(ScalarType dtype, const F& f) {
  dispatch<float, double, int64_t, int32_t, uint8_t, bool, Half, BFloat16>(dtype, f);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
