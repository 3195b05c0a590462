// SPDX-License-Identifier: MIT
// Philox4x32-10 and what is made of its bits. J. K. Salmon et al., Parallel random numbers: as easy
// as 1, 2, 3 (SC 2011).
//
// Draw i of a PhiloxState is word i % 4 of the block whose counter is offset + i / 4 and whose key
// is the seed.
#pragma once

#include <stdint.h>

#include "core/math/scalar.h"

namespace adjoint::math {
inline namespace ADJOINT_MATH_SET {

/// Ten rounds on the counter x0..x3. L holds a 32-bit word in 64 bits: uint64_t, or a vector of
/// them. `multiply` is the product of two words.
template <class L, class Multiply>
HOST_DEVICE void philox_rounds(L& x0, L& x1, L& x2, L& x3, uint64_t key, const Multiply& multiply) {
  constexpr uint64_t word = 0xffffffffu;
  uint64_t key0 = key & word, key1 = key >> 32;
  for (int round = 0; round < 10; ++round) {
    L a = multiply(x0, uint64_t(0xD2511F53u)), b = multiply(x2, uint64_t(0xCD9E8D57u));
    x0 = (b >> 32) ^ x1 ^ key0;
    x1 = b & word;
    x2 = (a >> 32) ^ x3 ^ key1;
    x3 = a & word;
    key0 = (key0 + 0x9E3779B9u) & word;
    key1 = (key1 + 0xBB67AE85u) & word;
  }
}

/// The four draws of one block.
struct PhiloxBlock {
  uint32_t words[4];
};
/// `upper`: the counter's other 64 bits, which draws leave 0.
HOST_DEVICE PhiloxBlock philox(uint64_t key, uint64_t counter, uint64_t upper = 0) {
  constexpr uint64_t word = 0xffffffffu;
  uint64_t x0 = counter & word, x1 = counter >> 32, x2 = upper & word, x3 = upper >> 32;
  philox_rounds(x0, x1, x2, x3, key, [](uint64_t a, uint64_t b) { return a * b; });
  return {{uint32_t(x0), uint32_t(x1), uint32_t(x2), uint32_t(x3)}};
}

/// Uniform in [0, 1), in steps of 2^-24 and, of 64 bits (the first draw the lower ones), 2^-53.
HOST_DEVICE float uniform_from(uint32_t bits) { return float(bits >> 8) * 0x1p-24f; }
HOST_DEVICE double uniform_from(uint64_t bits) { return double(bits >> 11) * 0x1p-53; }

/// Uniform in [0, range). What it errs is at most range / 2^32, range / 2^64.
HOST_DEVICE uint64_t below(uint32_t bits, uint64_t range) { return (bits * range) >> 32; }
HOST_DEVICE uint64_t below(uint64_t bits, uint64_t range) {
  return uint64_t((static_cast<unsigned __int128>(bits) * range) >> 64);
}
/// Ranges from here on take 64 bits a number.
inline constexpr uint64_t kWideRange = uint64_t(1) << 24;

/// Two independent normal numbers of two uniform ones in [0, 1).
/// G. E. P. Box, M. E. Muller, A note on the generation of random normal deviates (1958).
template <class T>
struct BoxMuller {
  T first, second;
  HOST_DEVICE BoxMuller(T u, T v) {
    T radius = sqrt(T(-2) * log(T(1) - u));
    T angle = v * T(6.28318530717958647693);
    first = radius * cos(angle);
    second = radius * sin(angle);
  }
};

}  // namespace ADJOINT_MATH_SET
}  // namespace adjoint::math
