// SPDX-License-Identifier: MIT
// 16-bit floating-point storage types: IEEE binary16 and bfloat16. Arithmetic is done in float.
#pragma once

#include <bit>
#include <cstdint>

namespace adjoint {
namespace detail {

/// float -> binary16, round to nearest even; NaN stays NaN, overflow becomes infinity.
constexpr uint16_t half_from_float(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  uint32_t sign = (bits >> 16) & 0x8000u;
  uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude >= 0x7f800000u) {
    return uint16_t(sign | 0x7c00u |
                    (magnitude > 0x7f800000u ? 0x200u | ((magnitude >> 13) & 0x3ffu) : 0u));
  }
  if (magnitude >= 0x477ff000u) return uint16_t(sign | 0x7c00u);
  if (magnitude < 0x38800000u) {
    // Subnormal: the float adder rounds at the right bit.
    float scaled = std::bit_cast<float>(magnitude) + 0.5f;
    return uint16_t(sign | (std::bit_cast<uint32_t>(scaled) - 0x3f000000u));
  }
  uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u) - 0x38000000u;
  return uint16_t(sign | (rounded >> 13));
}

constexpr float half_to_float(uint16_t half) {
  uint32_t sign = uint32_t(half & 0x8000u) << 16;
  uint32_t exponent = (half >> 10) & 0x1fu;
  uint32_t mantissa = half & 0x3ffu;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | (mantissa << 13));
  if (exponent == 0) {
    float magnitude = float(mantissa) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(magnitude) | sign);
  }
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

/// float -> bfloat16, round to nearest even; NaN stays NaN.
constexpr uint16_t bfloat16_from_float(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return uint16_t((bits >> 16) | 0x40u);
  return uint16_t((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

constexpr float bfloat16_to_float(uint16_t bits) {
  return std::bit_cast<float>(uint32_t(bits) << 16);
}

}  // namespace detail

/// IEEE 754 binary16.
struct Half {
  uint16_t x;
  struct from_bits_t {};
  Half() = default;
  constexpr Half(uint16_t bits, from_bits_t) : x(bits) {}
  constexpr Half(float value) : x(detail::half_from_float(value)) {}
  constexpr operator float() const { return detail::half_to_float(x); }
};

/// The upper half of an IEEE 754 binary32.
struct BFloat16 {
  uint16_t x;
  struct from_bits_t {};
  BFloat16() = default;
  constexpr BFloat16(uint16_t bits, from_bits_t) : x(bits) {}
  constexpr BFloat16(float value) : x(detail::bfloat16_from_float(value)) {}
  constexpr operator float() const { return detail::bfloat16_to_float(x); }
};

}  // namespace adjoint
