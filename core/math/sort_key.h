// SPDX-License-Identifier: MIT
// Numbers as unsigned ones in the same order: the keys that sort compares.
#pragma once

#include <stdint.h>

#include "adjoint/half.h"
#include "core/math/host_device.h"

namespace adjoint::math {
inline namespace ADJOINT_MATH_SET {

/// SortKey<T>::of(x) < SortKey<T>::of(y) where x < y. NaN is the largest, and equal to itself; the
/// zeros are equal.
template <class T>
struct SortKey;

template <>
struct SortKey<bool> {
  using type = uint8_t;
  static HOST_DEVICE type of(bool x) { return x; }
};
template <>
struct SortKey<uint8_t> {
  using type = uint8_t;
  static HOST_DEVICE type of(uint8_t x) { return x; }
};
template <>
struct SortKey<int32_t> {
  using type = uint32_t;
  static HOST_DEVICE type of(int32_t x) { return type(x) ^ type(1) << 31; }
};
template <>
struct SortKey<int64_t> {
  using type = uint64_t;
  static HOST_DEVICE type of(int64_t x) { return type(x) ^ type(1) << 63; }
};

/// Of a floating-point format with bits U and the infinity kInfinity.
template <class U, U kInfinity>
struct FloatSortKey {
  using type = U;
  static HOST_DEVICE U of_bits(U bits) {
    constexpr U kSign = U(U(1) << (8 * sizeof(U) - 1));
    if (U(bits & U(~kSign)) > kInfinity) return U(~U(0));
    if (bits == kSign) bits = 0;
    return U(bits ^ (bits & kSign ? U(~U(0)) : kSign));
  }
};
template <>
struct SortKey<float> : FloatSortKey<uint32_t, 0x7f800000u> {
  static HOST_DEVICE type of(float x) { return of_bits(__builtin_bit_cast(uint32_t, x)); }
};
template <>
struct SortKey<double> : FloatSortKey<uint64_t, 0x7ff0000000000000u> {
  static HOST_DEVICE type of(double x) { return of_bits(__builtin_bit_cast(uint64_t, x)); }
};
template <>
struct SortKey<Half> : FloatSortKey<uint16_t, 0x7c00u> {
  static HOST_DEVICE type of(Half x) { return of_bits(x.x); }
};
template <>
struct SortKey<BFloat16> : FloatSortKey<uint16_t, 0x7f80u> {
  static HOST_DEVICE type of(BFloat16 x) { return of_bits(x.x); }
};

}  // namespace ADJOINT_MATH_SET
}  // namespace adjoint::math
