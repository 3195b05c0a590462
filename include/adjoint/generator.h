// SPDX-License-Identifier: MIT
// Random numbers: Philox4x32-10, counter-based, so that a seed gives the same numbers on every
// device and with any number of threads.
#pragma once

#include <cstdint>

#include "adjoint/atomic.h"
#include "adjoint/export.h"

namespace adjoint {

/// What a kernel needs: draw i is word i % 4 of the Philox block at `offset + i / 4` of the key
/// `seed`. Element i takes draw i or, where it needs 64 bits, draws 2i and 2i + 1. J. K. Salmon
/// et al., Parallel random numbers: as easy as 1, 2, 3 (SC 2011).
struct PhiloxState {
  uint64_t seed = 0;
  uint64_t offset = 0;
};

/// A seed and how much of its sequence is used. Safe to use from any thread.
class ADJOINT_API Generator {
 public:
  explicit Generator(uint64_t seed = 0x853c49e6748fea9bULL) : state_{seed, 0} {}
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;
  /// Starts the sequence of `seed` from its beginning.
  void set_current_seed(uint64_t seed);
  uint64_t current_seed() const;
  /// Where the sequence stands; with set_state, a run is resumed.
  PhiloxState get_state() const;
  void set_state(PhiloxState state);
  /// The state to draw `n` numbers from, which are then used up.
  PhiloxState reserve(uint64_t n);

 private:
  mutable detail::SpinLock lock_;
  PhiloxState state_;
};

/// The generator that random functions use where none is given: one for all devices. Within the
/// recomputation of a checkpoint it is another, which gives that thread the numbers of the first
/// run and leaves this one alone: call this function rather than keep its result.
ADJOINT_API Generator& default_generator();
/// Seeds the default generator.
ADJOINT_API void manual_seed(uint64_t seed);

}  // namespace adjoint
