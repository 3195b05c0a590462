// SPDX-License-Identifier: MIT
// 16-bit floating point in integer code, for cuda_fp16.h and cuda_bf16.h: as GPUs convert and
// compute it.
#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace cudasim {

enum class Rounding { kNearestEven, kTowardZero, kDown, kUp };

/// The bits of `value` in a format of 1 + exponent_bits + mantissa_bits = 16 bits. NaN becomes
/// 0x7fff.
template <int exponent_bits, int mantissa_bits, class F>
constexpr uint16_t narrow_float(F value, Rounding rounding = Rounding::kNearestEven) {
  using Bits = std::conditional_t<sizeof(F) == 8, uint64_t, uint32_t>;
  constexpr int source_mantissa_bits = sizeof(F) == 8 ? 52 : 23;
  constexpr int source_bits = 8 * sizeof(F);
  constexpr Bits implicit_bit = Bits(1) << source_mantissa_bits;
  constexpr Bits source_infinity = (Bits(1) << (source_bits - 1)) - implicit_bit;
  constexpr Bits infinity = ((Bits(1) << exponent_bits) - 1) << mantissa_bits;
  constexpr Bits smallest_normal_exponent =
      (Bits(1) << (source_bits - 2 - source_mantissa_bits)) - (Bits(1) << (exponent_bits - 1)) + 1;

  const Bits bits = std::bit_cast<Bits>(value);
  const bool negative = bits >> (source_bits - 1);
  const Bits magnitude = bits & ~(Bits(1) << (source_bits - 1));
  if (magnitude > source_infinity) return 0x7fff;
  Bits result = infinity;
  if (magnitude < source_infinity) {
    const Bits exponent = magnitude >> source_mantissa_bits;
    Bits kept = 0;
    int dropped_bits = source_mantissa_bits - mantissa_bits;
    if (exponent >= smallest_normal_exponent) {
      kept = magnitude - ((smallest_normal_exponent - 1) << source_mantissa_bits);
    } else {
      const Bits shift = smallest_normal_exponent - (exponent ? exponent : 1);
      kept = (magnitude & (implicit_bit - 1)) | (exponent ? implicit_bit : 0);
      // Beyond that nothing but "more than 0, less than half of the smallest" is left.
      dropped_bits += shift < Bits(mantissa_bits + 2) ? int(shift) : mantissa_bits + 2;
    }
    const Bits dropped = kept & ((Bits(1) << dropped_bits) - 1);
    const Bits half = Bits(1) << (dropped_bits - 1);
    result = kept >> dropped_bits;
    const bool finite = result < infinity;
    bool away = false;
    switch (rounding) {
      case Rounding::kNearestEven:
        away = dropped > half || (dropped == half && (result & 1));
        break;
      case Rounding::kTowardZero:
        break;
      case Rounding::kDown:
        away = negative && (dropped || !finite);
        break;
      case Rounding::kUp:
        away = !negative && (dropped || !finite);
        break;
    }
    if (!finite)
      result = away || rounding == Rounding::kNearestEven ? infinity : infinity - 1;
    else
      result += away;
  }
  return uint16_t((negative ? 0x8000u : 0u) | result);
}

/// The value of such bits. A NaN becomes the one that GPUs make, but for bfloat16, which is the
/// upper half of a float.
template <int exponent_bits, int mantissa_bits>
constexpr float widen_float16(uint16_t bits) {
  if constexpr (exponent_bits == 8) {
    return std::bit_cast<float>(uint32_t(bits) << 16);
  } else {
    constexpr uint32_t infinity = ((1u << exponent_bits) - 1) << mantissa_bits;
    constexpr uint32_t exponent_offset = 128 - (1u << (exponent_bits - 1));
    const uint32_t sign = uint32_t(bits & 0x8000u) << 16;
    const uint32_t magnitude = bits & 0x7fffu;
    if (magnitude > infinity) return std::bit_cast<float>(0x7fffffffu);
    if (magnitude == infinity) return std::bit_cast<float>(sign | 0x7f800000u);
    if (magnitude >> mantissa_bits) {
      return std::bit_cast<float>(sign |
                                  ((magnitude << (23 - mantissa_bits)) + (exponent_offset << 23)));
    }
    // Subnormal: a whole number of the smallest steps, which float holds exactly.
    const float step = std::bit_cast<float>((exponent_offset + 1 - mantissa_bits) << 23);
    return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(float(magnitude) * step));
  }
}

/// A double that rounds to any 16-bit format as `value` does, also where it cannot hold `value`.
template <std::integral I>
constexpr double double_to_narrow(I value) {
  const uint64_t magnitude = value < 0 ? 0 - uint64_t(value) : uint64_t(value);
  const uint64_t odd =
      magnitude >> 53 ? (magnitude & ~0x7ffull) | ((magnitude & 0x7ff) ? 0x800 : 0) : magnitude;
  return value < 0 ? -double(odd) : double(odd);
}

/// x * y + z rounded once, for the 16-bit formats whose products a double holds.
inline double fma_to_narrow(double x, double y, double z) {
  const double product = x * y;
  const double sum = product + z;
  if (!std::isfinite(sum)) return sum;
  const double of_z = sum - product;
  const double error = (product - (sum - of_z)) + (z - of_z);
  // Round to odd: the second rounding then sees that there was more.
  if (error == 0 || (std::bit_cast<uint64_t>(sum) & 1)) return sum;
  return std::nextafter(sum, error > 0 ? HUGE_VAL : -HUGE_VAL);
}

struct alignas(2) Float16Raw {
  unsigned short x;
};

/// __half, __nv_bfloat16.
template <int exponent_bits, int mantissa_bits>
class alignas(2) Float16 {
 public:
  Float16() = default;
  constexpr Float16(Float16Raw raw) : __x(raw.x) {}
  constexpr Float16(float value) : __x(narrow_float<exponent_bits, mantissa_bits>(value)) {}
  constexpr Float16(double value) : __x(narrow_float<exponent_bits, mantissa_bits>(value)) {}
  template <std::integral I>
  constexpr Float16(I value) : Float16(double_to_narrow(value)) {}
  constexpr operator Float16Raw() const { return {__x}; }
  constexpr operator float() const { return widen_float16<exponent_bits, mantissa_bits>(__x); }
  constexpr explicit operator bool() const { return (__x & 0x7fffu) != 0; }

  static constexpr Float16 rounded(float value, Rounding rounding) {
    return Float16Raw{narrow_float<exponent_bits, mantissa_bits>(value, rounding)};
  }

  // A float has more than twice the bits: rounding twice gives what rounding once does.
  friend constexpr Float16 operator+(const Float16& a, const Float16& b) {
    return float(a) + float(b);
  }
  friend constexpr Float16 operator-(const Float16& a, const Float16& b) {
    return float(a) - float(b);
  }
  friend constexpr Float16 operator*(const Float16& a, const Float16& b) {
    return float(a) * float(b);
  }
  friend constexpr Float16 operator/(const Float16& a, const Float16& b) {
    return float(a) / float(b);
  }
  friend constexpr Float16& operator+=(Float16& a, const Float16& b) { return a = a + b; }
  friend constexpr Float16& operator-=(Float16& a, const Float16& b) { return a = a - b; }
  friend constexpr Float16& operator*=(Float16& a, const Float16& b) { return a = a * b; }
  friend constexpr Float16& operator/=(Float16& a, const Float16& b) { return a = a / b; }
  friend constexpr Float16 operator+(const Float16& a) { return a; }
  friend constexpr Float16 operator-(const Float16& a) {
    return Float16Raw{uint16_t(a != a ? 0x7fffu : a.__x ^ 0x8000u)};
  }
  friend constexpr bool operator==(const Float16& a, const Float16& b) {
    return float(a) == float(b);
  }
  friend constexpr bool operator!=(const Float16& a, const Float16& b) {
    return float(a) != float(b);
  }
  friend constexpr bool operator<(const Float16& a, const Float16& b) {
    return float(a) < float(b);
  }
  friend constexpr bool operator>(const Float16& a, const Float16& b) {
    return float(a) > float(b);
  }
  friend constexpr bool operator<=(const Float16& a, const Float16& b) {
    return float(a) <= float(b);
  }
  friend constexpr bool operator>=(const Float16& a, const Float16& b) {
    return float(a) >= float(b);
  }

  friend constexpr Float16 __hadd(Float16 a, Float16 b) { return a + b; }
  friend constexpr Float16 __hsub(Float16 a, Float16 b) { return a - b; }
  friend constexpr Float16 __hmul(Float16 a, Float16 b) { return a * b; }
  friend constexpr Float16 __hdiv(Float16 a, Float16 b) { return a / b; }
  friend constexpr Float16 __hneg(Float16 a) { return -a; }
  friend constexpr Float16 __habs(Float16 a) {
    return Float16Raw{uint16_t(a != a ? 0x7fffu : a.__x & 0x7fffu)};
  }
  friend Float16 __hfma(Float16 a, Float16 b, Float16 c) {
    return fma_to_narrow(float(a), float(b), float(c));
  }
  friend constexpr bool __hisnan(Float16 a) { return a != a; }
  friend constexpr int __hisinf(Float16 a) {
    constexpr unsigned infinity = ((1u << exponent_bits) - 1) << mantissa_bits;
    return (a.__x & 0x7fffu) == infinity ? (a.__x >> 15 ? -1 : 1) : 0;
  }
  friend constexpr bool __heq(Float16 a, Float16 b) { return a == b; }
  friend constexpr bool __hlt(Float16 a, Float16 b) { return a < b; }
  friend constexpr bool __hle(Float16 a, Float16 b) { return a <= b; }
  friend constexpr bool __hgt(Float16 a, Float16 b) { return a > b; }
  friend constexpr bool __hge(Float16 a, Float16 b) { return a >= b; }

 protected:
  unsigned short __x;
};

/// __half2, __nv_bfloat162.
template <class F>
struct alignas(4) Float16Pair {
  F x, y;
  Float16Pair() = default;
  constexpr Float16Pair(const F& x, const F& y) : x(x), y(y) {}
  friend constexpr Float16Pair __hadd2(Float16Pair a, Float16Pair b) {
    return {a.x + b.x, a.y + b.y};
  }
  friend constexpr Float16Pair __hsub2(Float16Pair a, Float16Pair b) {
    return {a.x - b.x, a.y - b.y};
  }
  friend constexpr Float16Pair __hmul2(Float16Pair a, Float16Pair b) {
    return {a.x * b.x, a.y * b.y};
  }
  friend Float16Pair __hfma2(Float16Pair a, Float16Pair b, Float16Pair c) {
    return {__hfma(a.x, b.x, c.x), __hfma(a.y, b.y, c.y)};
  }
};

}  // namespace cudasim
