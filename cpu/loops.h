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
#include "cpu/dense_rows.h"
#include "cpu/loop_driver.h"
#include "cpu/vec.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

using math::opmath_t;

namespace detail {

/// The register that a stored S becomes for computation in C.
template <class S, class C>
struct Lanes {
  using type = Vec<C>;
};
template <class C>
requires(!__is_same(C, bool)) struct Lanes<bool, C> {
  using type = Mask<int(sizeof(C))>;
};

/// An input of a dense row: see DenseRowFunction.
template <class S>
struct DenseInput {
  const S* data;
  int64_t moves;
  ADJOINT_ALWAYS_INLINE const S* at(int64_t i) const { return data + (i & moves); }
};

/// The pointers are the loop's own: those in memory could be among what it writes.
template <class C, class Out, class... In, class F>
ADJOINT_ALWAYS_INLINE void elementwise_dense(int64_t n, const F& f, Out* out,
                                             DenseInput<In>... in) {
  constexpr int64_t size = Vec<C>::size;
  int64_t i = 0;
  for (; i + size <= n; i += size) f(Lanes<In, C>::type::load(in.at(i))...).store(out + i);
  if (i < n) {
    const int rest = int(n - i);
    f(Lanes<In, C>::type::load(in.at(i), rest)...).store(out + i, rest);
  }
}

template <class C, class Signature>
struct Elementwise;
template <class C, class Out, class... In>
struct Elementwise<C, Out(In...)> {
  template <class F, int... I>
  static ADJOINT_ALWAYS_INLINE void dense(const void* context, char* const* data,
                                          const int64_t* moves, int64_t n,
                                          std::integer_sequence<int, I...>) {
    elementwise_dense<C, Out, In...>(
        n, *static_cast<const F*>(context), reinterpret_cast<Out*>(data[0]),
        DenseInput<In>{reinterpret_cast<const In*>(data[1 + I]), moves[1 + I]}...);
  }
  template <class F>
  static void dense(const void* context, char* const* data, const int64_t* moves, int64_t n) {
    dense<F>(context, data, moves, n, std::make_integer_sequence<int, int(sizeof...(In))>());
  }

  template <class F>
  static void row(const void* context, char* const* data, const int64_t* strides, int64_t n) {
    static constexpr int8_t bytes[] = {int8_t(sizeof(Out)), int8_t(sizeof(In))...};
    bool all_dense = true;
    for (int op = 0; op < int(sizeof bytes); ++op) all_dense &= strides[op] == bytes[op];
    if (all_dense) return dense<F>(context, data, kAllMove, n);
    run_by_blocks(dense<F>, context, int(sizeof bytes), bytes, data, strides, n);
  }

  template <class F>
  static void run(const TensorIterator& iter, const F& f, int64_t grain) {
    for_each_row(iter, row<F>, &f, grain);
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
