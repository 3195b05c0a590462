// SPDX-License-Identifier: MIT
// What adjoint-bench found, as text, JSON, CSV and a chart.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/devices/measure.h"

namespace devices {

struct DeviceResult {
  adjoint::Device device;
  std::vector<Times> times;  ///< one for each batch size, ascending
};

struct Report {
  Settings settings;
  int threads;
  std::string processor, compiler, library, gpu;  ///< gpu: its state, where it was not measured why
  std::vector<DeviceResult> devices;              ///< the CPU first
};

/// The faster of the eager and the replayed step, in seconds.
double best_step(const Times& times);
/// The batch size from which on the GPU's best step is faster than the CPU's, between measured
/// sizes on a straight line of logarithms; 0: at all of them; nothing: at none, or without a GPU.
std::optional<double> crossover(const Report& report);
/// The largest difference of a loss between devices, relative to 1 + loss; 0 for one device.
double largest_difference(const Report& report);

std::string as_text(const Report& report);
std::string as_json(const Report& report);
std::string as_csv(const Report& report);
/// Time of a step over the batch size, both logarithmic.
std::string as_svg(const Report& report);

}  // namespace devices
