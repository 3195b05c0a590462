// SPDX-License-Identifier: MIT
// Where buffers of known lifetimes lie in one arena.
#pragma once

#include <cstddef>
#include <vector>

namespace adjoint {

/// A buffer that holds something from call `first` to call `last`, both inclusive.
struct Lifetime {
  size_t nbytes;
  int first, last;
};

struct MemoryPlan {
  std::vector<size_t> offsets;  ///< of each buffer, aligned to 64 bytes
  size_t nbytes = 0;            ///< of the arena
  size_t max_live = 0;          ///< the most that buffers, rounded up to 64 bytes, take at one time
};

/// Buffers whose lifetimes meet do not overlap. Greedy best fit, the largest first; where that is
/// far from `max_live`, other orders are tried.
MemoryPlan plan_memory(const std::vector<Lifetime>& buffers);

}  // namespace adjoint
