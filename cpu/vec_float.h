// SPDX-License-Identifier: MIT
// Floating-point functions that processors have instructions for: fused multiply-add, square root,
// rounding to integers, sign manipulation. Also abs of integers.
#pragma once

#include "cpu/vec_base.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

/// a * b + c, rounded once where the instruction set has it, else twice.
template <class T>
ADJOINT_ALWAYS_INLINE Vec<T> fma(Vec<T> a, Vec<T> b, Vec<T> c) {
  return a * b + c;
}

template <class T>
ADJOINT_ALWAYS_INLINE Vec<T> abs(Vec<T> a) {
  if constexpr (T(-1) > T(0)) {
    return a;
  } else if constexpr (T(0.5) == T(0)) {
    return where(a < Vec<T>(T(0)), -a, a);
  } else {
    using I = typename IntOf<int(sizeof(T))>::type;
    constexpr I sign = I(I(1) << (sizeof(T) * 8 - 1));
    return bits_as<T>(Vec<I>(bits_as<I>(a).v & ~Vec<I>(sign).v));
  }
}
/// |magnitude| with the sign of `sign`.
template <class T>
ADJOINT_ALWAYS_INLINE Vec<T> copysign(Vec<T> magnitude, Vec<T> sign) {
  using I = typename IntOf<int(sizeof(T))>::type;
  auto top = Vec<I>(I(I(1) << (sizeof(T) * 8 - 1))).v;
  auto m = bits_as<I>(magnitude).v, s = bits_as<I>(sign).v;
  return bits_as<T>(Vec<I>((m & ~top) | (s & top)));
}

namespace portable {

/// To the nearest integer, ties to even: adding 2^52 (2^23) makes the adder round there.
template <class T>
ADJOINT_ALWAYS_INLINE Vec<T> round(Vec<T> a) {
  constexpr T big = sizeof(T) == 4 ? T(0x1p23) : T(0x1p52);
  Vec<T> magnitude = abs(a);
  Vec<T> rounded = (magnitude + Vec<T>(big)) - Vec<T>(big);
  return copysign(where(magnitude < Vec<T>(big), rounded, magnitude), a);
}
template <class T>
ADJOINT_ALWAYS_INLINE Vec<T> floor(Vec<T> a) {
  Vec<T> r = round(a);
  return copysign(r - Vec<T>(r > a), a);
}
template <class T>
ADJOINT_ALWAYS_INLINE Vec<T> ceil(Vec<T> a) {
  Vec<T> r = round(a);
  return copysign(r + Vec<T>(r < a), a);
}
template <class T>
ADJOINT_ALWAYS_INLINE Vec<T> trunc(Vec<T> a) {
  return copysign(floor(abs(a)), a);
}
template <class T>
ADJOINT_ALWAYS_INLINE Vec<T> sqrt(Vec<T> a) {
  for (int i = 0; i < Vec<T>::size; ++i) {
    a.v[i] = sizeof(T) == 4 ? T(__builtin_sqrtf(float(a.v[i]))) : T(__builtin_sqrt(a.v[i]));
  }
  return a;
}

}  // namespace portable

#if defined(__AVX512F__)

ADJOINT_ALWAYS_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return (Vec<float>::Reg)_mm512_fmadd_ps((__m512)a.v, (__m512)b.v, (__m512)c.v);
}
ADJOINT_ALWAYS_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return (Vec<double>::Reg)_mm512_fmadd_pd((__m512d)a.v, (__m512d)b.v, (__m512d)c.v);
}
ADJOINT_ALWAYS_INLINE Vec<float> sqrt(Vec<float> a) {
  return (Vec<float>::Reg)_mm512_sqrt_ps((__m512)a.v);
}
ADJOINT_ALWAYS_INLINE Vec<double> sqrt(Vec<double> a) {
  return (Vec<double>::Reg)_mm512_sqrt_pd((__m512d)a.v);
}
#define ADJOINT_ROUNDING(name, mode)                                                         \
  ADJOINT_ALWAYS_INLINE Vec<float> name(Vec<float> a) {                                      \
    return (Vec<float>::Reg)_mm512_roundscale_ps((__m512)a.v, (mode) | _MM_FROUND_NO_EXC);   \
  }                                                                                          \
  ADJOINT_ALWAYS_INLINE Vec<double> name(Vec<double> a) {                                    \
    return (Vec<double>::Reg)_mm512_roundscale_pd((__m512d)a.v, (mode) | _MM_FROUND_NO_EXC); \
  }

#elif defined(__AVX2__)

#if defined(__FMA__)
ADJOINT_ALWAYS_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return (Vec<float>::Reg)_mm256_fmadd_ps((__m256)a.v, (__m256)b.v, (__m256)c.v);
}
ADJOINT_ALWAYS_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return (Vec<double>::Reg)_mm256_fmadd_pd((__m256d)a.v, (__m256d)b.v, (__m256d)c.v);
}
#endif
ADJOINT_ALWAYS_INLINE Vec<float> sqrt(Vec<float> a) {
  return (Vec<float>::Reg)_mm256_sqrt_ps((__m256)a.v);
}
ADJOINT_ALWAYS_INLINE Vec<double> sqrt(Vec<double> a) {
  return (Vec<double>::Reg)_mm256_sqrt_pd((__m256d)a.v);
}
#define ADJOINT_ROUNDING(name, mode)                                                    \
  ADJOINT_ALWAYS_INLINE Vec<float> name(Vec<float> a) {                                 \
    return (Vec<float>::Reg)_mm256_round_ps((__m256)a.v, (mode) | _MM_FROUND_NO_EXC);   \
  }                                                                                     \
  ADJOINT_ALWAYS_INLINE Vec<double> name(Vec<double> a) {                               \
    return (Vec<double>::Reg)_mm256_round_pd((__m256d)a.v, (mode) | _MM_FROUND_NO_EXC); \
  }

#else

#if defined(__SSE2__)
ADJOINT_ALWAYS_INLINE Vec<float> sqrt(Vec<float> a) {
  return (Vec<float>::Reg)_mm_sqrt_ps((__m128)a.v);
}
ADJOINT_ALWAYS_INLINE Vec<double> sqrt(Vec<double> a) {
  return (Vec<double>::Reg)_mm_sqrt_pd((__m128d)a.v);
}
#elif defined(__aarch64__)
ADJOINT_ALWAYS_INLINE Vec<float> fma(Vec<float> a, Vec<float> b, Vec<float> c) {
  return (Vec<float>::Reg)vfmaq_f32((float32x4_t)c.v, (float32x4_t)a.v, (float32x4_t)b.v);
}
ADJOINT_ALWAYS_INLINE Vec<double> fma(Vec<double> a, Vec<double> b, Vec<double> c) {
  return (Vec<double>::Reg)vfmaq_f64((float64x2_t)c.v, (float64x2_t)a.v, (float64x2_t)b.v);
}
ADJOINT_ALWAYS_INLINE Vec<float> sqrt(Vec<float> a) {
  return (Vec<float>::Reg)vsqrtq_f32((float32x4_t)a.v);
}
ADJOINT_ALWAYS_INLINE Vec<double> sqrt(Vec<double> a) {
  return (Vec<double>::Reg)vsqrtq_f64((float64x2_t)a.v);
}
#else
using portable::sqrt;
#endif
using portable::ceil;
using portable::floor;
using portable::round;
using portable::trunc;

#endif

#if defined(ADJOINT_ROUNDING)
ADJOINT_ROUNDING(floor, _MM_FROUND_TO_NEG_INF)
ADJOINT_ROUNDING(ceil, _MM_FROUND_TO_POS_INF)
ADJOINT_ROUNDING(trunc, _MM_FROUND_TO_ZERO)
ADJOINT_ROUNDING(round, _MM_FROUND_TO_NEAREST_INT)
#undef ADJOINT_ROUNDING
#endif

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
