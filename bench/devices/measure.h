// SPDX-License-Identifier: MIT
// Times of a network's forward, backward and training step on one device.
#pragma once

#include <string>
#include <vector>

#include "adjoint/device.h"

namespace devices {

struct Settings {
  std::string network, activation;
  int rounds;
  double seconds;  ///< least time of each measurement
};

/// Of several rounds.
struct Time {
  double median = 0, spread = 0;  ///< seconds; half of the range over the median
};
Time time_of(std::vector<double> seconds);

/// One batch size on one device. Backward is what forward and backward take beside forward alone; a
/// step is zero_grad, forward, loss, backward and Adam.
struct Times {
  int64_t batch;
  Time forward, backward, step, replay;
  Time enqueue;                ///< of the host's part of a step: on a CPU all of it
  Time copy;                   ///< of a batch from pinned memory to the device
  std::vector<double> losses;  ///< of the first steps, eager; the same on every device
  bool replay_is_same;  ///< whether replayed steps have the losses of eager ones, bit for bit
};

Times measure(const Settings& settings, int64_t batch, adjoint::Device device);

/// What takes the time of an eager step: "launches" where the host is what the device waits for,
/// "copies" where bringing the batch takes as long as the step, or else "compute".
std::string bound_of(const Times& times, adjoint::Device device);

}  // namespace devices
