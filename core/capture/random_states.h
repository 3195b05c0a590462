// SPDX-License-Identifier: MIT
// The random numbers that a recording draws: where they begin in each replay.
#pragma once

#include <vector>

#include "adjoint/generator.h"
#include "adjoint/tensor.h"
#include "core/math/philox_state.h"

namespace adjoint {

/// Random numbers that a step draws, and the calls' arguments that say where they begin.
struct Reservation {
  Generator* generator;
  uint64_t count;
  PhiloxState state;
  std::vector<PhiloxArgs*> users;  // in the order of the calls
};

class RandomStates {
 public:
  RandomStates() = default;
  explicit RandomStates(std::vector<Reservation> reservations)
      : reservations_(std::move(reservations)) {}
  /// Keeps the states in memory of the device, where the last call that draws from one moves it on
  /// to where the next replay begins (Note [Values of a replay] in replay_values.h).
  void keep_on_device(const Stream& stream);
  /// Takes the numbers of the next replay from their generators, and sees to it that its calls find
  /// them.
  void reserve();
  /// The replay has been enqueued.
  void commit() { is_known_ = true; }

 private:
  std::vector<Reservation> reservations_;
  Tensor on_device_;                   // PhiloxStates; undefined where the host has them
  std::vector<PhiloxState> expected_;  // there, in the order of the reservations
  bool is_known_ = false;              // whether that is there
};

}  // namespace adjoint
