// SPDX-License-Identifier: MIT
// Elementary functions. On Vec<float>: own branch-free code, within 2 ulp, exact at the special
// values of C's functions. On Vec<double>: the C library, lane by lane.
//
// The polynomials are minimax fits of this project (relative error in front of each), made for the
// argument ranges named; they have no error budget beyond them.
#pragma once

#include "cpu/vec_float.h"
#include "cpu/vec_math_double.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace detail {

using F = Vec<float>;
using I32 = Vec<int32_t>;

inline constexpr float kInf = __builtin_inff();
inline constexpr float kNan = __builtin_nanf("");
inline constexpr float kLog2e = 0x1.715476p+0f;
// ln 2 in two parts; the first has 15 bits, so that its product with an exponent is exact.
inline constexpr float kLn2Hi = 0x1.62e4p-1f;
inline constexpr float kLn2Lo = 0x1.7f7d1cp-20f;
inline constexpr float kSqrtHalf = 0x1.6a09e6p-1f;
// Adding it leaves round(x) in the low bits, for |x| < 2^22.
inline constexpr float kRounder = 0x1.8p23f;

/// c0 + x (c1 + x (c2 + ...)).
template <class V, class... C>
ADJOINT_ALWAYS_INLINE V polynomial(V x, typename V::value_type c0, C... c) {
  if constexpr (sizeof...(c) == 0) {
    return V(c0);
  } else {
    return fma(polynomial(x, c...), x, V(c0));
  }
}

/// 2^n of integers in [-126, 127].
ADJOINT_ALWAYS_INLINE F exp2_integer(I32 n) { return bits_as<float>(I32((n.v + 127) << 23)); }

/// x = n ln2 + r with |r| <= ln2 / 2, for |x| < 2^15.
struct ExpParts {
  F r;
  F n;
  I32 n_integer;
};
ADJOINT_ALWAYS_INLINE ExpParts exp_parts(F x) {
  F shifted = fma(x, F(kLog2e), F(kRounder));
  F n = shifted - F(kRounder);
  F r = fma(n, F(-kLn2Lo), fma(n, F(-kLn2Hi), x));
  return {r, n, bits_as<int32_t>(shifted) - bits_as<int32_t>(F(kRounder))};
}

/// e^r - 1 for |r| <= ln2 / 2 (2^-26.2).
ADJOINT_ALWAYS_INLINE F expm1_polynomial(F r) {
  F q = polynomial(r, 0x1.fffffep-2f, 0x1.5554aep-3f, 0x1.555676p-5f, 0x1.1228e6p-7f,
                   0x1.6bebcep-10f);
  return fma(r * r, q, r);
}

/// e^x where the result is a normal number: -87 < x < 88.
ADJOINT_ALWAYS_INLINE F exp_normal(F x) {
  ExpParts parts = exp_parts(x);
  return (F(1) + expm1_polynomial(parts.r)) * exp2_integer(parts.n_integer);
}

/// log(1 + f) + e ln2 for 1 + f in [sqrt(1/2), sqrt(2)] (2^-27.4).
ADJOINT_ALWAYS_INLINE F log_sum(F f, F e) {
  F p = polynomial(f, 0x1.555554p-2f, -0x1.000228p-2f, 0x1.99a012p-3f, -0x1.5471f6p-3f,
                   0x1.22d90ap-3f, -0x1.0d875ap-3f, 0x1.056496p-3f, -0x1.38c1a2p-4f);
  F z = f * f;
  F y = fma(e, F(kLn2Lo), z * f * p);
  y = fma(F(-0.5f), z, y);
  return fma(e, F(kLn2Hi), f + y);
}
/// The e for which x 2^-e is in [sqrt(1/2), sqrt(2)); x positive and normal.
ADJOINT_ALWAYS_INLINE I32 log_exponent(F x) {
  return I32((bits_as<int32_t>(x) - bits_as<int32_t>(F(kSqrtHalf))).v >> 23);
}
/// x 2^-e. The difference may wrap where x is no positive number, so it is unsigned.
ADJOINT_ALWAYS_INLINE F scale_down(F x, I32 e) {
  return bits_as<float>(I32((I32::Reg)((I32::Wrap)bits_as<int32_t>(x).v - (I32::Wrap)(e.v << 23))));
}

template <int... I>
ADJOINT_ALWAYS_INLINE Vec<double> widen_lower(F a, std::integer_sequence<int, I...>) {
  return Vec<double>(
      __builtin_convertvector(__builtin_shufflevector(a.v, a.v, I...), typename Vec<double>::Reg));
}
ADJOINT_ALWAYS_INLINE Vec<double> widen_lower(F a) {
  return widen_lower(a, std::make_integer_sequence<int, Vec<double>::size>());
}
template <int... I>
ADJOINT_ALWAYS_INLINE Vec<double> widen_upper(F a, std::integer_sequence<int, I...>) {
  return Vec<double>(__builtin_convertvector(
      __builtin_shufflevector(a.v, a.v, (I + Vec<double>::size)...), typename Vec<double>::Reg));
}
ADJOINT_ALWAYS_INLINE Vec<double> widen_upper(F a) {
  return widen_upper(a, std::make_integer_sequence<int, Vec<double>::size>());
}
template <int... I>
ADJOINT_ALWAYS_INLINE F narrow(Vec<double> lower, Vec<double> upper,
                               std::integer_sequence<int, I...>) {
  using Half = Register<float, Vec<double>::size>;
  return F(__builtin_shufflevector(__builtin_convertvector(lower.v, Half),
                                   __builtin_convertvector(upper.v, Half), I...));
}
ADJOINT_ALWAYS_INLINE F narrow(Vec<double> lower, Vec<double> upper) {
  return narrow(lower, upper, std::make_integer_sequence<int, F::size>());
}

/// a^y in double for a >= 0 that came from a float, to 2^-34: enough for one rounding to float.
ADJOINT_ALWAYS_INLINE Vec<double> pow_positive(Vec<double> a, Vec<double> y) {
  using D = Vec<double>;
  using I64 = Vec<int64_t>;
  constexpr double inf = __builtin_inf();
  // The biased exponent, by the same trick as log_exponent; converted by 2^52 + integer.
  // The sum may wrap, so it is unsigned; the shift keeps the sign.
  using U64 = Register<uint64_t, D::size>;
  auto difference = bits_as<int64_t>(a) - bits_as<int64_t>(D(0x1.6a09e667f3bcdp-1));
  auto biased = (decltype(difference.v))((U64)difference.v + (uint64_t(1023) << 52)) >> 52;
  D e = bits_as<double>(I64(biased | 0x4330000000000000)) - D(0x1p52 + 1023);
  D m = bits_as<double>(I64(bits_as<int64_t>(a).v - ((biased - 1023) << 52)));
  D s = (m - D(1)) / (m + D(1));
  // log2((1 + s) / (1 - s)) / s in powers of s^2 (2^-44.5).
  D log2_a = fma(s,
                 polynomial(s * s, 2.88539008177784916, 0.961796694114916585, 0.577077941896486206,
                            0.41220930080528907, 0.319903665886429515, 0.28292981069458483),
                 e);
  log2_a = where(a < D(inf), log2_a, a);
  log2_a = where(a == D(0), D(-inf), log2_a);

  D t = y * log2_a;
  t = where(t > D(1000), D(1000), t);
  t = where(t < D(-1000), D(-1000), t);
  constexpr double rounder = 0x1.8p52;
  D shifted = t + D(rounder);
  // 2^f for |f| <= 1/2 (2^-34.5).
  D p = polynomial(t - (shifted - D(rounder)), 0.999999999961621909, 0.693147180728720811,
                   0.240226511987502653, 0.0555041035281100413, 0.00961802717325960894,
                   0.00133339228765709571, 0.000154693171806567562, 0.0000152018958353725607);
  I64 n = bits_as<int64_t>(shifted) - bits_as<int64_t>(D(rounder));
  return p * bits_as<double>(I64((n.v + 1023) << 52));
}

/// x = n pi/2 + r, |r| <= pi/4, computed in double: good for |x| < kTrigLimit.
inline constexpr float kTrigLimit = 0x1p20f;
struct TrigParts {
  F r;
  I32 n;
};
struct TrigPartsDouble {
  Vec<double> r;
  Vec<double> n;
};
ADJOINT_ALWAYS_INLINE TrigPartsDouble trig_parts(Vec<double> x) {
  using D = Vec<double>;
  constexpr double rounder = 0x1.8p52;
  // pi/2 in two parts; the first has 32 bits, so that n times it is exact.
  constexpr double pi_2_hi = 0x1.921fb544p+0, pi_2_lo = 0x1.0b4611a626331p-34;
  D n = fma(x, D(0.63661977236758134), D(rounder)) - D(rounder);
  return {fma(n, D(-pi_2_lo), fma(n, D(-pi_2_hi), x)), n};
}
ADJOINT_ALWAYS_INLINE TrigParts trig_parts(F x) {
  TrigPartsDouble lower = trig_parts(widen_lower(x)), upper = trig_parts(widen_upper(x));
  return {narrow(lower.r, upper.r), convert<int32_t>(narrow(lower.n, upper.n))};
}
/// sin(r + n pi/2).
ADJOINT_ALWAYS_INLINE F sin_of_parts(F r, I32 n) {
  F z = r * r;
  F sine = fma(r * z, polynomial(z, -0x1.555546p-3f, 0x1.11075cp-7f, -0x1.994ce2p-13f), r);
  F cosine = fma(z * z, polynomial(z, 0x1.55554ap-5f, -0x1.6c0c86p-10f, 0x1.9a00b8p-16f),
                 fma(z, F(-0.5f), F(1)));
  F value = where(I32(n.v & 1) == I32(0), sine, cosine);
  return bits_as<float>(I32(bits_as<int32_t>(value).v ^ ((n.v & 2) << 30)));
}
/// Arguments so large that the reduction above fails go to the C library, each lane by its value.
template <class Function>
ADJOINT_ALWAYS_INLINE F large_arguments(F x, F value, Function function) {
  if (any(abs(x) >= F(kTrigLimit))) {
    for (int i = 0; i < F::size; ++i) {
      if (__builtin_fabsf(x.v[i]) >= kTrigLimit) value.v[i] = float(function(double(x.v[i])));
    }
  }
  return value;
}

}  // namespace detail

ADJOINT_ALWAYS_INLINE Vec<float> exp(Vec<float> x) {
  using namespace detail;
  // Beyond these bounds the result is 0 or inf; a NaN passes both comparisons unchanged.
  x = where(x > F(89), F(89), x);
  x = where(x < F(-104), F(-104), x);
  ExpParts parts = exp_parts(x);
  F p = F(1) + expm1_polynomial(parts.r);
#if defined(__AVX512F__)
  return (F::Reg)_mm512_scalef_ps((__m512)p.v, (__m512)parts.n.v);
#else
  // 2^n in two factors: n goes from -150 to 128. Only the second product rounds.
  I32 half = I32(parts.n_integer.v >> 1);
  return p * exp2_integer(half) * exp2_integer(parts.n_integer - half);
#endif
}

ADJOINT_ALWAYS_INLINE Vec<float> expm1(Vec<float> x) {
  using namespace detail;
  F bounded = where(x > F(89), F(89), x);
  bounded = where(bounded < F(-20), F(-20), bounded);
  ExpParts parts = exp_parts(bounded);
  // 2^n p + 2^n - 1 at half its size, so that 2^128 is reached without overflow on the way.
  F scale = exp2_integer(parts.n_integer - I32(1));
  F half = fma(scale, expm1_polynomial(parts.r), scale - F(0.5f));
  return where(x == F(0), x, half + half);
}

ADJOINT_ALWAYS_INLINE Vec<float> log(Vec<float> x) {
  using namespace detail;
  auto subnormal = x < F(0x1p-126f);
  F scaled = where(subnormal, x * F(0x1p23f), x);
  I32 e = log_exponent(scaled);
  F f = scale_down(scaled, e) - F(1);
  F value = log_sum(f, convert<float>(e) - where(subnormal, F(23), F(0)));
  value = where(x < F(kInf), value, x);
  value = where(x < F(0), F(kNan), value);
  return where(x == F(0), F(-kInf), value);
}

ADJOINT_ALWAYS_INLINE Vec<float> log1p(Vec<float> x) {
  using namespace detail;
  F u = F(1) + x;
  I32 e = log_exponent(u);
  // (1 + x) 2^-e - 1 in one rounding; for large x the 1 has no weight and 2^-e may be subnormal.
  F scale = exp2_integer(-e);
  F f = where(x < F(0x1p24f), fma(x, scale, scale - F(1)), scale_down(u, e) - F(1));
  F value = log_sum(f, convert<float>(e));
  value = where(x < F(kInf), value, x);
  value = where(x < F(-1), F(kNan), value);
  value = where(x == F(-1), F(-kInf), value);
  return where(x == F(0), x, value);
}

ADJOINT_ALWAYS_INLINE Vec<float> tanh(Vec<float> x) {
  using namespace detail;
  F a = abs(x);
  a = where(a > F(10), F(10), a);
  // (tanh(a) - a) / a^3 in powers of a^2 for a < 0.6 (2^-28.5).
  F z = a * a;
  F small = fma(z * a,
                polynomial(z, -0x1.55553ep-2f, 0x1.1109dcp-3f, -0x1.b89edap-5f, 0x1.54e01ap-6f,
                           -0x1.830c02p-8f),
                a);
  F large = F(1) - F(2) / (exp_normal(a + a) + F(1));
  return copysign(where(a < F(0.6f), small, large), x);
}

ADJOINT_ALWAYS_INLINE Vec<float> erf(Vec<float> x) {
  using namespace detail;
  F a = abs(x);
  a = where(a > F(4), F(4), a);
  // erf(a) / a - 1 in powers of a^2 for a < 1 (2^-29.7).
  F small = fma(a,
                polynomial(a * a, 0x1.06eba8p-3f, -0x1.81273ep-2f, 0x1.ce2d2p-4f, -0x1.b7fbb4p-6f,
                           0x1.5419f6p-8f, -0x1.a485eep-11f, 0x1.4ae4d4p-14f),
                a);
  // log(erfc(a)) for 1 <= a <= 4 (2^-29.8 of erf).
  F large = F(1) - exp_normal(polynomial(a, -0x1.66217p-12f, -0x1.2088eap+0f, -0x1.46bafp-1f,
                                         -0x1.a6532cp-4f, 0x1.65cb4cp-6f, -0x1.825aa4p-9f,
                                         0x1.86dcfep-13f));
  return copysign(where(a < F(1), small, large), x);
}

ADJOINT_ALWAYS_INLINE Vec<float> pow(Vec<float> x, Vec<float> y) {
  using namespace detail;
  F a = abs(x);
  F value = narrow(pow_positive(widen_lower(a), widen_lower(y)),
                   pow_positive(widen_upper(a), widen_upper(y)));
  auto integer = y == trunc(y);
  F half_y = y * F(0.5f);
  auto odd = integer & (half_y != trunc(half_y));
  value = where(odd, copysign(value, x), value);
  value = where((x < F(0)) & (a < F(kInf)) & !integer, F(kNan), value);
  auto one = (x == F(1)) | (y == F(0)) | ((x == F(-1)) & (abs(y) == F(kInf)));
  return where(one, F(1), value);
}

ADJOINT_ALWAYS_INLINE Vec<float> sin(Vec<float> x) {
  using namespace detail;
  TrigParts parts = trig_parts(x);
  F value = where(x == F(0), x, sin_of_parts(parts.r, parts.n));
  return large_arguments(x, value, [](double a) { return __builtin_sin(a); });
}
ADJOINT_ALWAYS_INLINE Vec<float> cos(Vec<float> x) {
  using namespace detail;
  TrigParts parts = trig_parts(x);
  F value = sin_of_parts(parts.r, parts.n + I32(1));
  return large_arguments(x, value, [](double a) { return __builtin_cos(a); });
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
