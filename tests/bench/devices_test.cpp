// SPDX-License-Identifier: MIT
// adjoint-bench: what it measures, and what it concludes from times.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "adjoint/adjoint.h"
#include "bench/devices/network.h"
#include "bench/devices/report.h"

namespace devices {
namespace {

using adjoint::Device;
using adjoint::kCPU;
using adjoint::kCUDA;

Times steps(int64_t batch, double step, double replay) {
  Times t{};
  t.batch = batch;
  t.forward = t.backward = {step / 3, 0.1};
  t.step = t.enqueue = {step, 0.1};
  t.replay = {replay, 0.1};
  t.losses = {2.5};
  t.replay_is_same = true;
  return t;
}

Report report_of(std::vector<Times> cpu, std::vector<Times> gpu) {
  Report report{
      {"16-32-4", "relu", 3, 0.01}, 1, "a processor", "a compiler", "a library", "a GPU", {}};
  report.devices.push_back({Device(kCPU), std::move(cpu)});
  if (!gpu.empty()) report.devices.push_back({Device(kCUDA, 0), std::move(gpu)});
  return report;
}

TEST(DevicesBench, TheCrossoverLiesWhereTheBestStepsMeet) {
  // The CPU's time grows with the batch, the GPU's stays: they are equal at a batch of 20.
  const auto cpu = [](int64_t batch) {
    return steps(batch, 4e-6 * double(batch), 1e-6 * double(batch));
  };
  const auto gpu = [](int64_t batch) { return steps(batch, 80e-6, 20e-6); };
  const std::optional<double> found =
      crossover(report_of({cpu(1), cpu(10), cpu(100)}, {gpu(1), gpu(10), gpu(100)}));
  ASSERT_TRUE(found);
  EXPECT_NEAR(*found, 20, 1e-9);
}

TEST(DevicesBench, ThereIsNoCrossoverWhereOneDeviceAlwaysWinsOrIsAlone) {
  const std::vector<Times> slow = {steps(1, 2e-3, 1e-3), steps(8, 2e-3, 1e-3)};
  const std::vector<Times> fast = {steps(1, 2e-6, 1e-6), steps(8, 2e-6, 1e-6)};
  EXPECT_FALSE(crossover(report_of(fast, slow)));
  EXPECT_EQ(crossover(report_of(slow, fast)), 0.0);
  EXPECT_FALSE(crossover(report_of(slow, {})));
}

TEST(DevicesBench, DifferentLossesAreFoundAndNaNIsNotEqual) {
  std::vector<Times> a = {steps(1, 1e-3, 1e-3)}, b = a;
  EXPECT_EQ(largest_difference(report_of(a, b)), 0);
  b[0].losses[0] += 3.5e-3;
  EXPECT_NEAR(largest_difference(report_of(a, b)), 1e-3, 1e-12);
  EXPECT_NE(as_text(report_of(a, b)).find("MORE THAN ROUNDING"), std::string::npos);
  b[0].losses[0] = NAN;
  EXPECT_TRUE(std::isnan(largest_difference(report_of(a, b))));
}

TEST(DevicesBench, TimesAreMediansAndHalfTheRange) {
  const Time odd = time_of({3, 1, 2}), even = time_of({1, 4, 2, 3});
  EXPECT_EQ(odd.median, 2);
  EXPECT_EQ(odd.spread, 0.5);
  EXPECT_EQ(even.median, 2.5);
}

TEST(DevicesBench, WhatBindsAStepIsNamed) {
  Times t = steps(8, 1e-3, 0.5e-3);
  EXPECT_EQ(bound_of(t, Device(kCPU)), "launches");
  t.replay.median = 0.9e-3;
  EXPECT_EQ(bound_of(t, Device(kCPU)), "compute");
  EXPECT_EQ(bound_of(t, Device(kCUDA, 0)), "launches");
  t.enqueue.median = 0.2e-3;
  EXPECT_EQ(bound_of(t, Device(kCUDA, 0)), "compute");
  t.copy.median = 2e-3;
  EXPECT_EQ(bound_of(t, Device(kCUDA, 0)), "copies");
}

TEST(DevicesBench, ReportsHoldARowForEachDeviceAndBatch) {
  const Report report = report_of({steps(1, 1e-6, 1e-6), steps(8, 8e-6, 8e-6)},
                                  {steps(1, 5e-6, 4e-6), steps(8, 5e-6, 4e-6)});
  const std::string csv = as_csv(report);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 5);
  EXPECT_NE(csv.find("\ncuda:0,8,"), std::string::npos) << csv;
  const nlohmann::json json = nlohmann::json::parse(as_json(report));
  EXPECT_EQ(json["devices"][1]["rows"][1]["batch"], 8);
  EXPECT_EQ(json["crossover_batch"].get<double>(), *crossover(report));
  const std::string svg = as_svg(report);
  size_t lines = 0;
  for (size_t at = 0; (at = svg.find("<polyline", at)) != std::string::npos; ++at) ++lines;
  EXPECT_EQ(lines, 4u);
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST(DevicesBench, NetworksHaveTheLayersOfTheirDescription) {
  EXPECT_EQ(make_network("16-32-4", "tanh").module->parameters().size(), 4u);
  EXPECT_EQ(make_network("cnn", "gelu").classes, 10);
  for (const char* bad : {"", "7", "16--4", "16-x", "0-4", "99999999-1"})
    EXPECT_THROW(make_network(bad, "relu"), adjoint::ValueError) << bad;
  EXPECT_THROW(make_network("16-4", "step"), adjoint::ValueError);
}

TEST(DevicesBench, BothDevicesAndTheReplayHaveTheSameLosses) {
  const Settings settings{"12-8-3", "relu", 1, 1e-6};
  const Report report =
      report_of({measure(settings, 4, kCPU)}, {measure(settings, 4, Device(kCUDA, 0))});
  for (const DeviceResult& d : report.devices) {
    EXPECT_TRUE(d.times[0].replay_is_same) << d.device.str();
    EXPECT_GT(d.times[0].step.median, 0);
  }
  EXPECT_LE(largest_difference(report), 1e-5);
  EXPECT_LT(report.devices[0].times[0].losses.back(), report.devices[0].times[0].losses.front());
}

}  // namespace
}  // namespace devices
