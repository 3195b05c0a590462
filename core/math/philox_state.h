// SPDX-License-Identifier: MIT
// Where a sequence of random numbers stands, and what a kernel that draws from it is given.
#pragma once

#include <stdint.h>

namespace adjoint {

/// Draw i is word i % 4 of the Philox block at `offset + i / 4` of the key `seed` (philox.h).
/// Element i takes draw i or, where it needs 64 bits, draws 2i and 2i + 1.
struct PhiloxState {
  uint64_t seed = 0;
  uint64_t offset = 0;
  bool operator==(const PhiloxState&) const = default;
};

/// A kernel's argument. What is replayed on a device finds the state in the device's memory, and
/// leaves it there as the next replay is to find it: neither does the host give every replay other
/// arguments, nor is there a kernel only to count (Note [Values of a replay] in
/// core/capture/replay_values.h).
struct PhiloxArgs {
  PhiloxArgs() = default;
  PhiloxArgs(PhiloxState state) : state(state) {}
  PhiloxState state;
  PhiloxState* live = nullptr;  ///< where not null, the state is there
  uint64_t advance =
      0;  ///< blocks that the kernel moves *live on by, when it has drawn its numbers
};

}  // namespace adjoint
