// SPDX-License-Identifier: MIT
// Random numbers: Philox4x32-10, counter-based, so that a seed gives the same numbers on every
// device and with any number of threads. J. K. Salmon et al., Parallel random numbers: as easy as
// 1, 2, 3 (SC 2011).
#pragma once

#include <cstdint>

#include "adjoint/atomic.h"
#include "adjoint/export.h"

namespace adjoint {

class Tensor;
struct PhiloxState;

/// A seed and how much of its sequence is used. Safe to use from any thread.
class ADJOINT_API Generator {
 public:
  explicit Generator(uint64_t seed = 0x853c49e6748fea9bULL) : seed_(seed) {}
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;
  /// Starts the sequence of `seed` from its beginning.
  void set_current_seed(uint64_t seed);
  uint64_t current_seed() const;
  /// Where the sequence stands; with set_state, a run is resumed. 16 bytes on the host (kByte), as
  /// those of PyTorch's generators for GPUs: the seed, and how many blocks of four draws are used.
  /// set_state throws Error for another tensor.
  Tensor get_state() const;
  void set_state(const Tensor& state);

  // For kernels (core/math/philox_state.h).
  PhiloxState philox_state() const;
  void set_philox_state(const PhiloxState& state);
  /// The state to draw `n` numbers from, which are then used up.
  PhiloxState reserve(uint64_t n);

 private:
  mutable detail::SpinLock lock_;
  uint64_t seed_, offset_ = 0;
};

/// The generator that random functions use where none is given: one for all devices. Within the
/// recomputation of a checkpoint it is another, which gives that thread the numbers of the first
/// run and leaves this one alone: call this function rather than keep its result.
ADJOINT_API Generator& default_generator();
/// Seeds the default generator.
ADJOINT_API void manual_seed(uint64_t seed);

}  // namespace adjoint
