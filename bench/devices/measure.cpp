// SPDX-License-Identifier: MIT
#include "bench/devices/measure.h"

#include <algorithm>
#include <chrono>
#include <functional>

#include "adjoint/adjoint.h"
#include "bench/devices/network.h"

namespace devices {

using adjoint::Device;
using adjoint::Tensor;

namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}
void wait_for(Device device) {
  if (!device.is_cpu()) adjoint::cuda::synchronize();
}

struct Measured {
  Time total, enqueue;
};

/// A device that works behind the host's back is waited for once a batch of calls.
Measured measure_calls(const Settings& settings, Device device, const std::function<void()>& work) {
  for (int i = 0; i < 3; ++i) work();
  wait_for(device);
  int64_t calls = 1;
  auto run = [&](double& enqueue) {
    const Clock::time_point start = Clock::now();
    for (int64_t i = 0; i < calls; ++i) work();
    enqueue = seconds_since(start) / double(calls);
    wait_for(device);
    return seconds_since(start);
  };
  std::vector<double> totals, enqueues;
  for (double enqueue = 0; run(enqueue) < settings.seconds;) calls *= 2;
  for (int round = 0; round < settings.rounds; ++round) {
    double enqueue = 0;
    totals.push_back(run(enqueue) / double(calls));
    enqueues.push_back(enqueue);
  }
  return {time_of(totals), time_of(enqueues)};
}

/// The same network, data and state of the optimizer whenever one is made.
struct Training {
  Network network;
  Tensor x, y;
  adjoint::optim::Adam optimizer;

  Training(const Settings& settings, int64_t batch, Device device)
      : network(make_network(settings.network, settings.activation)),
        optimizer(moved(network, device)->parameters(), adjoint::optim::AdamOptions(1e-3)) {
    std::vector<int64_t> sizes = network.input_sizes;
    sizes.insert(sizes.begin(), batch);
    x = adjoint::randn(sizes, adjoint::kCPU).to(device);
    y = adjoint::randint(0, network.classes, {batch},
                         adjoint::dtype(adjoint::kLong).device(adjoint::kCPU))
            .to(device);
  }
  static adjoint::nn::Sequential& moved(Network& network, Device device) {
    network.module->to(device);
    return network.module;
  }
  Tensor loss() { return adjoint::nn::functional::cross_entropy(network.module->forward(x), y); }
  Tensor step() {
    optimizer.zero_grad();
    Tensor value = loss();
    value.backward();
    optimizer.step();
    return value.detach();
  }
};

constexpr int kComparedSteps = 5;

}  // namespace

Time time_of(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  const size_t n = seconds.size();
  const double median = n % 2 ? seconds[n / 2] : (seconds[n / 2 - 1] + seconds[n / 2]) / 2;
  return {median, (seconds.back() - seconds.front()) / 2 / median};
}

Times measure(const Settings& settings, int64_t batch, Device device) {
  Times times{};
  times.batch = batch;
  {
    Training eager(settings, batch, device), replayed(settings, batch, device);
    auto step = adjoint::capture([&] { return replayed.step(); });
    times.replay_is_same = true;
    for (int i = 0; i < kComparedSteps; ++i) {
      times.losses.push_back(eager.step().item<double>());
      times.replay_is_same &= step.replay().item<double>() == times.losses.back();
    }
    times.replay = measure_calls(settings, device, [&] { step.replay(); }).total;
  }
  Training training(settings, batch, device);
  times.forward = measure_calls(settings, device, [&] { training.loss(); }).total;
  const Time both = measure_calls(settings, device, [&] {
                      training.optimizer.zero_grad();
                      training.loss().backward();
                    }).total;
  times.backward = {std::max(0.0, both.median - times.forward.median), both.spread};
  const Measured step = measure_calls(settings, device, [&] { training.step(); });
  times.step = step.total;
  times.enqueue = step.enqueue;
  if (!device.is_cpu()) {
    const Tensor pinned = training.x.cpu().pin_memory();
    times.copy = measure_calls(settings, device, [&] {
                   training.x.copy_(pinned, /*non_blocking=*/true);
                 }).total;
  }
  return times;
}

std::string bound_of(const Times& times, Device device) {
  if (times.copy.median > times.step.median) return "copies";
  if (device.is_cpu()) {
    // What a replay saves is what calling took.
    return times.replay.median < 0.7 * times.step.median ? "launches" : "compute";
  }
  return times.enqueue.median > 0.8 * times.step.median ? "launches" : "compute";
}

}  // namespace devices
