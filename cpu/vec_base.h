// SPDX-License-Identifier: MIT
// Vec<T> and Mask: registers, loads and stores, arithmetic, comparisons, selection, and horizontal
// reductions. Built on GNU vector extensions; intrinsics only where compilers do badly.
#pragma once

#include <utility>

#include "cpu/vec_half.h"
#include "cpu/vec_memory.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

/// Truth per lane of `Bytes` bytes each: all bits of the lane or none.
template <int Bytes>
struct Mask {
  static constexpr int size = kVectorBytes / Bytes;
  using Reg = Register<typename IntOf<Bytes>::type, size>;
  Reg m;

  Mask() = default;
  ADJOINT_ALWAYS_INLINE Mask(Reg r) : m(r) {}
  ADJOINT_ALWAYS_INLINE explicit Mask(bool b) : m(Reg{} - typename IntOf<Bytes>::type(b)) {}

  static ADJOINT_ALWAYS_INLINE Mask from_bytes(Register<uint8_t, size> bytes) {
    return Mask(zero_extend<typename IntOf<Bytes>::type, uint8_t, size>(bytes) != 0);
  }
  ADJOINT_ALWAYS_INLINE Register<uint8_t, size> bytes() const {
    return narrow<uint8_t, typename IntOf<Bytes>::type, size>(m & 1);
  }

  static ADJOINT_ALWAYS_INLINE Mask load(const bool* p) {
    return from_bytes(load_lanes<bool, size>(p));
  }
  static ADJOINT_ALWAYS_INLINE Mask load(const bool* p, int n) {
    return from_bytes(load_lanes<bool, size>(p, n));
  }
  static ADJOINT_ALWAYS_INLINE Mask load_strided(const bool* p, int64_t stride, int n = size) {
    return from_bytes(load_lanes_strided<bool, size>(p, stride, n));
  }
  ADJOINT_ALWAYS_INLINE void store(bool* p) const { store_lanes<bool, size>(p, bytes()); }
  ADJOINT_ALWAYS_INLINE void store(bool* p, int n) const { store_lanes<bool, size>(p, bytes(), n); }
  ADJOINT_ALWAYS_INLINE void store_strided(bool* p, int64_t stride, int n = size) const {
    store_lanes_strided<bool, size>(p, stride, bytes(), n);
  }

  friend ADJOINT_ALWAYS_INLINE Mask operator&(Mask a, Mask b) { return Mask(a.m & b.m); }
  friend ADJOINT_ALWAYS_INLINE Mask operator|(Mask a, Mask b) { return Mask(a.m | b.m); }
  friend ADJOINT_ALWAYS_INLINE Mask operator^(Mask a, Mask b) { return Mask(a.m ^ b.m); }
  friend ADJOINT_ALWAYS_INLINE Mask operator!(Mask a) { return Mask(~a.m); }
  friend ADJOINT_ALWAYS_INLINE Mask operator==(Mask a, Mask b) { return !(a ^ b); }
  friend ADJOINT_ALWAYS_INLINE Mask operator!=(Mask a, Mask b) { return a ^ b; }
};

template <int Bytes>
ADJOINT_ALWAYS_INLINE bool any(Mask<Bytes> mask) {
#if defined(__AVX512F__)
  return _mm512_test_epi64_mask((__m512i)mask.m, (__m512i)mask.m) != 0;
#elif defined(__AVX2__)
  return _mm256_movemask_epi8((__m256i)mask.m) != 0;
#elif defined(__SSE2__)
  return _mm_movemask_epi8((__m128i)mask.m) != 0;
#else
  Register<uint64_t, kVectorBytes / 8> words = (Register<uint64_t, kVectorBytes / 8>)mask.m;
  uint64_t bits = 0;
  for (int i = 0; i < kVectorBytes / 8; ++i) bits |= words[i];
  return bits != 0;
#endif
}
template <int Bytes>
ADJOINT_ALWAYS_INLINE bool all(Mask<Bytes> mask) {
  return !any(!mask);
}

/// The type in which + - * of L wrap instead of overflowing.
template <class L>
struct Wrapping {
  using type = L;
};
template <>
struct Wrapping<int32_t> {
  using type = uint32_t;
};
template <>
struct Wrapping<int64_t> {
  using type = uint64_t;
};

template <class T>
struct Vec {
  using value_type = T;
  using Lane = lane_t<T>;
  static constexpr int size = kVectorBytes / int(sizeof(T));
  using Reg = Register<Lane, size>;
  using Wrap = Register<typename Wrapping<Lane>::type, size>;
  using mask_type = Mask<int(sizeof(T))>;
  Reg v;

  Vec() = default;
  ADJOINT_ALWAYS_INLINE Vec(Reg r) : v(r) {}
  /// Broadcast. (s - 0 and not s + 0, which would lose the sign of -0.)
  ADJOINT_ALWAYS_INLINE Vec(T s) : v(Lane(s) - Reg{}) {}
  /// One or zero.
  ADJOINT_ALWAYS_INLINE explicit Vec(mask_type m)
      : v((Reg)(m.m & (typename mask_type::Reg)Vec(T(1)).v)) {}

  /// From S stored as T, or converted: Half and BFloat16 to float, integers to any.
  template <class S>
  static ADJOINT_ALWAYS_INLINE Vec from_lanes(Register<lane_t<S>, size> lanes);
  template <class S>
  ADJOINT_ALWAYS_INLINE Register<lane_t<S>, size> to_lanes() const;

  template <class S>
  static ADJOINT_ALWAYS_INLINE Vec load(const S* p) {
    return from_lanes<S>(load_lanes<S, size>(p));
  }
  /// The first n <= size lanes; the others are zero.
  template <class S>
  static ADJOINT_ALWAYS_INLINE Vec load(const S* p, int n) {
    return from_lanes<S>(load_lanes<S, size>(p, n));
  }
  /// `stride` is in bytes.
  template <class S>
  static ADJOINT_ALWAYS_INLINE Vec load_strided(const S* p, int64_t stride, int n = size) {
    return from_lanes<S>(load_lanes_strided<S, size>(p, stride, n));
  }
  template <class S>
  ADJOINT_ALWAYS_INLINE void store(S* p) const {
    store_lanes<S, size>(p, to_lanes<S>());
  }
  template <class S>
  ADJOINT_ALWAYS_INLINE void store(S* p, int n) const {
    store_lanes<S, size>(p, to_lanes<S>(), n);
  }
  template <class S>
  ADJOINT_ALWAYS_INLINE void store_strided(S* p, int64_t stride, int n = size) const {
    store_lanes_strided<S, size>(p, stride, to_lanes<S>(), n);
  }

  // On bool, + is "or" and * is "and", as everywhere in tensors of bool.
  friend ADJOINT_ALWAYS_INLINE Vec operator+(Vec a, Vec b) {
    if constexpr (__is_same(T, bool)) return Vec(a.v | b.v);
    return Vec((Reg)((Wrap)a.v + (Wrap)b.v));
  }
  friend ADJOINT_ALWAYS_INLINE Vec operator-(Vec a, Vec b) {
    static_assert(!__is_same(T, bool));
    return Vec((Reg)((Wrap)a.v - (Wrap)b.v));
  }
  friend ADJOINT_ALWAYS_INLINE Vec operator*(Vec a, Vec b) {
    if constexpr (__is_same(T, bool)) return Vec(a.v & b.v);
    return Vec((Reg)((Wrap)a.v * (Wrap)b.v));
  }
  friend ADJOINT_ALWAYS_INLINE Vec operator/(Vec a, Vec b) {
    static_assert(T(0.5) != T(0), "integers are divided as floating-point numbers");
    return Vec(a.v / b.v);
  }
  friend ADJOINT_ALWAYS_INLINE Vec operator-(Vec a) {
    static_assert(!__is_same(T, bool));
    return Vec((Reg) - (Wrap)a.v);
  }
  ADJOINT_ALWAYS_INLINE Vec& operator+=(Vec b) { return *this = *this + b; }
  ADJOINT_ALWAYS_INLINE Vec& operator-=(Vec b) { return *this = *this - b; }
  ADJOINT_ALWAYS_INLINE Vec& operator*=(Vec b) { return *this = *this * b; }
  ADJOINT_ALWAYS_INLINE Vec& operator/=(Vec b) { return *this = *this / b; }

  friend ADJOINT_ALWAYS_INLINE mask_type operator==(Vec a, Vec b) {
    return mask_type((typename mask_type::Reg)(a.v == b.v));
  }
  friend ADJOINT_ALWAYS_INLINE mask_type operator!=(Vec a, Vec b) {
    return mask_type((typename mask_type::Reg)(a.v != b.v));
  }
  friend ADJOINT_ALWAYS_INLINE mask_type operator<(Vec a, Vec b) {
    return mask_type((typename mask_type::Reg)(a.v < b.v));
  }
  friend ADJOINT_ALWAYS_INLINE mask_type operator<=(Vec a, Vec b) {
    return mask_type((typename mask_type::Reg)(a.v <= b.v));
  }
  friend ADJOINT_ALWAYS_INLINE mask_type operator>(Vec a, Vec b) {
    return mask_type((typename mask_type::Reg)(a.v > b.v));
  }
  friend ADJOINT_ALWAYS_INLINE mask_type operator>=(Vec a, Vec b) {
    return mask_type((typename mask_type::Reg)(a.v >= b.v));
  }
};

template <class T>
ADJOINT_ALWAYS_INLINE Vec<T> where(typename Vec<T>::mask_type mask, Vec<T> a, Vec<T> b) {
  return Vec<T>(mask.m ? a.v : b.v);
}
template <int Bytes>
ADJOINT_ALWAYS_INLINE Mask<Bytes> where(Mask<Bytes> mask, Mask<Bytes> a, Mask<Bytes> b) {
  return (mask & a) | (!mask & b);
}

/// The same bits as lanes of U.
template <class U, class T>
ADJOINT_ALWAYS_INLINE Vec<U> bits_as(Vec<T> a) {
  return Vec<U>((typename Vec<U>::Reg)a.v);
}
/// Each lane converted to a type of the same size.
template <class U, class T>
ADJOINT_ALWAYS_INLINE Vec<U> convert(Vec<T> a) {
  static_assert(sizeof(U) == sizeof(T));
  return Vec<U>(__builtin_convertvector(a.v, typename Vec<U>::Reg));
}

template <class T>
template <class S>
ADJOINT_ALWAYS_INLINE Vec<T> Vec<T>::from_lanes(Register<lane_t<S>, size> lanes) {
  if constexpr (__is_same(S, T)) {
    return Vec(lanes);
  } else if constexpr (__is_same(S, Half)) {
    return Vec(float_from_half(lanes));
  } else if constexpr (__is_same(S, BFloat16)) {
    return Vec(float_from_bfloat16(lanes));
  } else if constexpr (sizeof(lane_t<S>) == 1 && sizeof(T) > 1) {
    using Int = typename IntOf<int(sizeof(T))>::type;
    return Vec(__builtin_convertvector((zero_extend<Int, uint8_t, size>(lanes)), Reg));
  } else {
    return Vec(__builtin_convertvector(lanes, Reg));
  }
}

template <class T>
template <class S>
ADJOINT_ALWAYS_INLINE Register<lane_t<S>, Vec<T>::size> Vec<T>::to_lanes() const {
  if constexpr (__is_same(S, T)) {
    return v;
  } else if constexpr (__is_same(S, Half)) {
    return half_from_float(v);
  } else if constexpr (__is_same(S, BFloat16)) {
    return bfloat16_from_float(v);
  } else if constexpr (__is_same(S, bool)) {
    return (*this != Vec(T(0))).bytes();
  } else {
    return __builtin_convertvector(v, Register<lane_t<S>, size>);
  }
}

template <class T>
ADJOINT_ALWAYS_INLINE typename Vec<T>::mask_type isnan(Vec<T> a) {
  return a != a;
}
/// The larger one; NaN if either is NaN.
template <class T>
ADJOINT_ALWAYS_INLINE Vec<T> maximum(Vec<T> a, Vec<T> b) {
  if constexpr (T(0.5) == T(0) || __is_same(T, bool)) return where(a > b, a, b);
#if defined(__AVX512F__)
  // The instruction gives b where either is NaN.
  if constexpr (__is_same(T, float)) {
    return where(isnan(a), a,
                 Vec<T>((typename Vec<T>::Reg)_mm512_max_ps((__m512)a.v, (__m512)b.v)));
  } else if constexpr (__is_same(T, double)) {
    return where(isnan(a), a,
                 Vec<T>((typename Vec<T>::Reg)_mm512_max_pd((__m512d)a.v, (__m512d)b.v)));
  }
#endif
  return where(isnan(a), a, where(a > b, a, b));
}
/// The smaller one; NaN if either is NaN.
template <class T>
ADJOINT_ALWAYS_INLINE Vec<T> minimum(Vec<T> a, Vec<T> b) {
  if constexpr (T(0.5) == T(0) || __is_same(T, bool)) return where(a < b, a, b);
#if defined(__AVX512F__)
  if constexpr (__is_same(T, float)) {
    return where(isnan(a), a,
                 Vec<T>((typename Vec<T>::Reg)_mm512_min_ps((__m512)a.v, (__m512)b.v)));
  } else if constexpr (__is_same(T, double)) {
    return where(isnan(a), a,
                 Vec<T>((typename Vec<T>::Reg)_mm512_min_pd((__m512d)a.v, (__m512d)b.v)));
  }
#endif
  return where(isnan(a), a, where(a < b, a, b));
}

/// Lane i of the result is lane i ^ Width of a.
template <int Width, class T, int... I>
ADJOINT_ALWAYS_INLINE Vec<T> swap_lanes(Vec<T> a, std::integer_sequence<int, I...>) {
  return Vec<T>(__builtin_shufflevector(a.v, a.v, (I ^ Width)...));
}
/// Lanes folded with the commutative `op` in a fixed order: upper half onto lower half until one
/// lane is left.
template <int Width, class T, class Op>
ADJOINT_ALWAYS_INLINE Vec<T> fold_lanes(Vec<T> a, Op op) {
  if constexpr (Width == 0) {
    return a;
  } else {
    constexpr std::make_integer_sequence<int, Vec<T>::size> lanes;
    return fold_lanes<Width / 2>(op(a, swap_lanes<Width>(a, lanes)), op);
  }
}
template <class T, class Op>
ADJOINT_ALWAYS_INLINE T reduce_lanes(Vec<T> a, Op op) {
  return T(fold_lanes<Vec<T>::size / 2>(a, op).v[0]);
}
template <class T>
ADJOINT_ALWAYS_INLINE T reduce_add(Vec<T> a) {
  return reduce_lanes(a, [](Vec<T> x, Vec<T> y) { return x + y; });
}
template <class T>
ADJOINT_ALWAYS_INLINE T reduce_max(Vec<T> a) {
  return reduce_lanes(a, [](Vec<T> x, Vec<T> y) { return maximum(x, y); });
}
template <class T>
ADJOINT_ALWAYS_INLINE T reduce_min(Vec<T> a) {
  return reduce_lanes(a, [](Vec<T> x, Vec<T> y) { return minimum(x, y); });
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
