// SPDX-License-Identifier: MIT
// One row of the comparison: where it runs and how it is timed.
#pragma once

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>

namespace rows {

using lib::Tensor;

/// Where the rows run, and what waits for it (null: work there is done when a call returns).
inline lib::Device device{lib::kCPU};
inline void (*synchronize)() = nullptr;

/// Times `work`. A device that works behind the host's back is given a batch and waited for once:
/// so the longer one of the host's and the device's work is measured.
template <class F>
void measure(benchmark::State& state, F work) {
  if (!synchronize) {
    work();  // what is made once, such as an optimizer's state, is there
    for (auto _ : state) work();
    return;
  }
  constexpr int kBatch = 64;
  for (int i = 0; i < 3; ++i) work();
  synchronize();
  for (auto _ : state) {
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kBatch; ++i) work();
    synchronize();
    std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(time.count() / kBatch);
  }
}

template <class F>
void add_row(const std::string& name, F f) {
  auto* row = benchmark::RegisterBenchmark(name.c_str(), f);
  if (synchronize) row->UseManualTime();
}

}  // namespace rows
