// SPDX-License-Identifier: MIT
// Division by a number that the host knows: a multiplication and a shift.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <tuple>

namespace adjoint::cuda {

/// Of dividends below 2^31 by a divisor in [1, 2^31).
struct FastDivider {
  static constexpr std::tuple<> kernel_pointers{};
  uint32_t divisor, multiplier, shift;

  FastDivider() = default;
  // Granlund and Montgomery, "Division by invariant integers using multiplication" (1994),
  // fig. 4.1.
  explicit FastDivider(uint32_t d) : divisor(d), shift(0) {
    while (shift < 31 && (uint32_t{1} << shift) < d) ++shift;
    multiplier = uint32_t((((uint64_t{1} << shift) - d) << 32) / d + 1);
  }
  __device__ __forceinline__ uint32_t divide(uint32_t n) const {
    return (uint32_t(uint64_t(n) * multiplier >> 32) + n) >> shift;
  }
  __device__ __forceinline__ uint32_t modulo(uint32_t n, uint32_t quotient) const {
    return n - quotient * divisor;
  }
};

/// Of dividends below 2^63 by a divisor in [1, 2^63).
struct FastDivider64 {
  static constexpr std::tuple<> kernel_pointers{};
  uint64_t divisor, multiplier;
  uint32_t shift;

  FastDivider64() = default;
  explicit FastDivider64(uint64_t d) : divisor(d), shift(0) {
    while (shift < 63 && (uint64_t{1} << shift) < d) ++shift;
    multiplier =
        uint64_t((static_cast<unsigned __int128>((uint64_t{1} << shift) - d) << 64) / d + 1);
  }
  __device__ __forceinline__ uint64_t divide(uint64_t n) const {
    return (uint64_t(static_cast<unsigned __int128>(n) * multiplier >> 64) + n) >> shift;
  }
  __device__ __forceinline__ uint64_t modulo(uint64_t n, uint64_t quotient) const {
    return n - quotient * divisor;
  }
};

}  // namespace adjoint::cuda
