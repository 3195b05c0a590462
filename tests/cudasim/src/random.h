// SPDX-License-Identifier: MIT
// Small fast random numbers (splitmix64, after Steele, Lea and Flood, "Fast splittable pseudorandom
// number generators").
#pragma once

#include <cstdint>

namespace cudasim {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// In [0, n).
  uint32_t below(uint32_t n) { return uint32_t((next() >> 32) * n >> 32); }

 private:
  uint64_t state_;
};

}  // namespace cudasim
