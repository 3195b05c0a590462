// SPDX-License-Identifier: MIT
// Forward and backward of every operation, on each device asked for: one row per op case of
// tests/support, so that an operation that is tested is measured too.
//
//   op_cases_bench --device cpu --device cuda --benchmark_filter=softmax
#include <benchmark/benchmark.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <numeric>
#include <string>
#include <vector>

#include "adjoint/adjoint.h"
#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

int64_t numel(const Inputs& sample) {
  int64_t n = 0;
  for (const Input& input : sample) {
    n += std::accumulate(input.sizes.begin(), input.sizes.end(), int64_t(1),
                         std::multiplies<int64_t>());
  }
  return n;
}

/// The row's largest inputs.
const Inputs& largest(const OpCase& row) {
  if (!row.large.empty()) return row.large;
  return *std::max_element(row.samples.begin(), row.samples.end(),
                           [](const Inputs& a, const Inputs& b) { return numel(a) < numel(b); });
}

/// Times `work`; a device that works behind the host's back gets a batch and is waited for once.
template <class F>
void measure(benchmark::State& state, Device device, F work) {
  const Stream stream = current_stream(device);
  const int batch = device.is_cpu() ? 1 : 64;
  work();
  stream.synchronize();
  for (auto _ : state) {
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < batch; ++i) work();
    stream.synchronize();
    std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(time.count() / batch);
  }
}

void forward(benchmark::State& state, const OpCase& row, Device device) {
  NoGradGuard no_grad;
  variable_list inputs = make_inputs(row, largest(row), row.dtypes[0]);
  for (Tensor& t : inputs) t = t.to(device);
  measure(state, device, [&] { benchmark::DoNotOptimize(row.call(inputs)); });
}

void backward(benchmark::State& state, const OpCase& row, Device device) {
  variable_list inputs = make_inputs(row, largest(row), row.dtypes[0]), leaves;
  for (const Tensor& host : inputs) {
    const bool recorded = isFloatingType(host.dtype());
    leaves.push_back(host.to(device).requires_grad_(recorded));
  }
  variable_list outputs, grads, wanted;
  for (const Tensor& out : row.call(leaves)) {
    if (!out.requires_grad()) continue;
    outputs.push_back(out);
    grads.push_back(ones_like(out));
  }
  for (const Tensor& leaf : leaves) {
    if (leaf.requires_grad()) wanted.push_back(leaf);
  }
  if (outputs.empty()) return state.SkipWithError("nothing to differentiate");
  measure(state, device, [&] {
    benchmark::DoNotOptimize(autograd::grad(outputs, wanted, grads, true, false, true));
  });
}

int run(int argc, char** argv) {
  std::vector<std::string> devices{"cpu"};
  int threads = 1;
  CLI::App app("Forward and backward of every operation");
  app.add_option("--device", devices, "cpu or cuda, or both")->capture_default_str();
  app.add_option("--threads", threads, "CPU threads")->capture_default_str();
  app.allow_extras();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  set_num_threads(threads);
  for (const OpCase& row : op_cases()) {
    for (const std::string& name : devices) {
      const Device device(name);
      auto add = [&](const char* direction, void (*f)(benchmark::State&, const OpCase&, Device)) {
        benchmark::RegisterBenchmark(
            (row.name + "/" + direction + "/" + name).c_str(),
            [f, &row, device](benchmark::State& state) { f(state, row, device); })
            ->UseManualTime();
      };
      add("forward", forward);
      if (row.differentiable) add("backward", backward);
    }
  }
  std::vector<std::string> rest = app.remaining();
  std::vector<char*> arguments{argv[0]};
  for (std::string& word : rest) arguments.push_back(word.data());
  int count = int(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace
}  // namespace adjoint::testing

int main(int argc, char** argv) {
  try {
    return adjoint::testing::run(argc, argv);
  } catch (const std::exception& e) {
    fprintf(stderr, "op_cases_bench: %s\n", e.what());
    return 2;
  }
}
