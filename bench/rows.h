// SPDX-License-Identifier: MIT
// The rows of the comparison, written once: rows_adjoint.cpp and rows_torch.cpp include this with
// `lib` naming the one library or the other, which speak the same names.
#pragma once

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

namespace rows {

using lib::Tensor;

// ---- Operations on 4x4: what an operation costs beside its arithmetic
// ----------------------------
template <class F>
void op_row(const char* name, F f) {
  benchmark::RegisterBenchmark(name, [f](benchmark::State& state) {
    Tensor a = lib::ones({4, 4}), b = lib::ones({4, 4});
    Tensor leaf = lib::ones({4, 4}, lib::requires_grad());
    for (auto _ : state) benchmark::DoNotOptimize(f(a, b, leaf));
  });
}

inline void register_ops() {
  op_row("op/empty", [](const Tensor&, const Tensor&, const Tensor&) {
    return lib::empty({4, 4});
  });
  op_row("op/add", [](const Tensor& a, const Tensor& b, const Tensor&) { return a + b; });
  op_row("op/add recording",
         [](const Tensor&, const Tensor& b, const Tensor& leaf) { return leaf + b; });
  op_row("op/add in place",
         [](const Tensor& a, const Tensor& b, const Tensor&) { return Tensor(a).add_(b, 0); });
  op_row("op/mul by number", [](const Tensor& a, const Tensor&, const Tensor&) { return a * 2; });
  op_row("op/tanh", [](const Tensor& a, const Tensor&, const Tensor&) { return a.tanh(); });
  op_row("op/sum", [](const Tensor& a, const Tensor&, const Tensor&) { return a.sum(); });
  op_row("op/softmax", [](const Tensor& a, const Tensor&, const Tensor&) { return a.softmax(1); });
  op_row("op/mm", [](const Tensor& a, const Tensor& b, const Tensor&) { return a.mm(b); });
  op_row("op/view", [](const Tensor& a, const Tensor&, const Tensor&) { return a.view({16}); });
  op_row("op/select", [](const Tensor& a, const Tensor&, const Tensor&) { return a[1]; });
}

// ---- Backward through a chain of multiplications
// -------------------------------------------------
inline void register_backward() {
  for (int nodes : {1, 10, 100}) {
    std::string name = "backward/" + std::to_string(nodes) + (nodes == 1 ? " node" : " nodes");
    benchmark::RegisterBenchmark(name.c_str(), [nodes](benchmark::State& state) {
      Tensor leaf = lib::ones({4, 4}, lib::requires_grad()), b = lib::ones({4, 4}),
             grad = lib::ones({4, 4});
      Tensor out = leaf;
      for (int i = 0; i < nodes; ++i) out = out * b;
      for (auto _ : state) {
        out.backward(grad, /*retain_graph=*/true);
        leaf.mutable_grad() = Tensor();
      }
    });
  }
}

// ---- Whole training steps: forward, loss, backward, Adam
// -----------------------------------------
template <class Net>
void step_row(const std::string& name, Net make_net, std::vector<int64_t> input_sizes,
              int64_t classes) {
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    lib::manual_seed(0);
    lib::nn::Sequential net = make_net();
    lib::optim::Adam optimizer(net->parameters(), lib::optim::AdamOptions(1e-3));
    Tensor x = lib::randn(input_sizes);
    Tensor y = lib::randint(0, classes, {input_sizes[0]}, lib::kLong);
    for (auto _ : state) {
      optimizer.zero_grad();
      Tensor loss = lib::nn::functional::cross_entropy(net->forward(x), y);
      loss.backward();
      optimizer.step();
    }
  });
}

inline void register_steps() {
  namespace nn = lib::nn;
  step_row(
      "step/1x16-32-32-4",
      [] {
        return nn::Sequential(nn::Linear(16, 32), nn::ReLU(), nn::Linear(32, 32), nn::ReLU(),
                              nn::Linear(32, 4));
      },
      {1, 16}, 4);
  step_row(
      "step/32x64-32-32-10",
      [] {
        return nn::Sequential(nn::Linear(64, 32), nn::ReLU(), nn::Linear(32, 32), nn::ReLU(),
                              nn::Linear(32, 10));
      },
      {32, 64}, 10);
  step_row(
      "step/64x784-128-128-10",
      [] {
        return nn::Sequential(nn::Linear(784, 128), nn::ReLU(), nn::Linear(128, 128), nn::ReLU(),
                              nn::Linear(128, 10));
      },
      {64, 784}, 10);
  step_row(
      "step/CNN 64x1x28x28",
      [] {
        return nn::Sequential(nn::Conv2d(nn::Conv2dOptions(1, 16, 3).padding(1)), nn::ReLU(),
                              nn::MaxPool2d(nn::MaxPool2dOptions(2)),
                              nn::Conv2d(nn::Conv2dOptions(16, 32, 3).padding(1)), nn::ReLU(),
                              nn::MaxPool2d(nn::MaxPool2dOptions(2)), nn::Flatten(),
                              nn::Linear(1568, 64), nn::ReLU(), nn::Linear(64, 10));
      },
      {64, 1, 28, 28}, 10);
}

/// Arguments: the number of threads, then Google Benchmark's own.
inline int run(int argc, char** argv, const std::string& library) {
  int threads = argc > 1 ? std::stoi(argv[1]) : 1;
  lib::set_num_threads(threads);
  if (argc > 1) argv[1] = argv[0];
  int rest = argc > 1 ? argc - 1 : argc;
  char** arguments = argc > 1 ? argv + 1 : argv;
  benchmark::Initialize(&rest, arguments);
  if (benchmark::ReportUnrecognizedArguments(rest, arguments)) return 2;
  benchmark::AddCustomContext("library", library);
  register_ops();
  register_backward();
  register_steps();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace rows
