// SPDX-License-Identifier: MIT
// Division by a number that the host knows: a multiplication and a shift.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace adjoint::cuda {

/// Of dividends below 2^31 by a divisor in [1, 2^31).
struct FastDivider {
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

}  // namespace adjoint::cuda
