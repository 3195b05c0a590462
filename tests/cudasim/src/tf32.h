// SPDX-License-Identifier: MIT
// TF32: float with 10 bits of mantissa.
#pragma once

#include <bit>
#include <cstdint>

namespace cudasim {

/// To nearest, away from zero in the middle of two.
inline float round_to_tf32(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  if ((bits & 0x7f800000u) == 0x7f800000u) return x;
  return std::bit_cast<float>((bits + 0x1000u) & ~0x1fffu);
}

}  // namespace cudasim
