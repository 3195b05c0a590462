// SPDX-License-Identifier: MIT
// The rows of the comparison, written once: rows_adjoint.cpp and rows_torch.cpp include this with
// `lib` naming the one library or the other, which speak the same names.
#pragma once

#include <string>
#include <vector>

#include "op_rows.h"
#include "row.h"

namespace rows {

// ---- Operations on 4x4: what an operation costs beside its arithmetic
template <class F>
void op_row(const char* name, F f) {
  add_row(name, [f](benchmark::State& state) {
    Tensor a = lib::ones({4, 4}, device), b = lib::ones({4, 4}, device);
    Tensor leaf = lib::ones({4, 4}, lib::requires_grad().device(device));
    measure(state, [&] { benchmark::DoNotOptimize(f(a, b, leaf)); });
  });
}

inline void register_ops() {
  op_row("op/empty", [](const Tensor&, const Tensor&, const Tensor&) {
    return lib::empty({4, 4}, device);
  });
  op_row("op/add", [](const Tensor& a, const Tensor& b, const Tensor&) { return a + b; });
  op_row("op/add recording",
         [](const Tensor&, const Tensor& b, const Tensor& leaf) { return leaf + b; });
  add_row("op/add recording, anomaly mode without check of nan", [](benchmark::State& state) {
    Tensor b = lib::ones({4, 4}, device);
    Tensor leaf = lib::ones({4, 4}, lib::requires_grad().device(device));
    lib::autograd::AnomalyMode::set_enabled(true, false);
    measure(state, [&] { benchmark::DoNotOptimize(leaf + b); });
    lib::autograd::AnomalyMode::set_enabled(false);
  });
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
inline void register_backward() {
  for (int nodes : {1, 10, 100}) {
    std::string name = "backward/" + std::to_string(nodes) + (nodes == 1 ? " node" : " nodes");
    add_row(name, [nodes](benchmark::State& state) {
      Tensor leaf = lib::ones({4, 4}, lib::requires_grad().device(device));
      Tensor b = lib::ones({4, 4}, device), grad = lib::ones({4, 4}, device);
      Tensor out = leaf;
      for (int i = 0; i < nodes; ++i) out = out * b;
      measure(state, [&] {
        out.backward(grad, /*retain_graph=*/true);
        leaf.mutable_grad() = Tensor();
      });
    });
  }
}

// ---- Whole training steps: forward, loss, backward, Adam
template <class Net, class Run>
void step_row(const std::string& name, Net make_net, std::vector<int64_t> input_sizes,
              int64_t classes, Run run) {
  add_row(name, [=](benchmark::State& state) {
    lib::manual_seed(0);
    lib::nn::Sequential net = make_net();
    net->to(device);
    lib::optim::Adam optimizer(net->parameters(), lib::optim::AdamOptions(1e-3));
    Tensor x = lib::randn(input_sizes).to(device);
    Tensor y = lib::randint(0, classes, {input_sizes[0]}, lib::kLong).to(device);
    auto step = [&] {
      optimizer.zero_grad();
      Tensor loss = lib::nn::functional::cross_entropy(net->forward(x), y);
      loss.backward();
      optimizer.step();
    };
    run(state, step);
  });
}

/// A step as it is, and one that was recorded and is replayed, where the library can do that.
template <class Net>
void step_rows(const std::string& name, Net make_net, const std::vector<int64_t>& input_sizes,
               int64_t classes) {
  step_row("step/" + name, make_net, input_sizes, classes,
           [](benchmark::State& state, auto& step) { measure(state, step); });
#ifdef ROWS_REPLAY
  step_row("replay/" + name, make_net, input_sizes, classes,
           [](benchmark::State& state, auto& step) {
             auto captured = lib::capture(step);
             for (int i = 0; i < 3; ++i) captured.replay();
             measure(state, [&] { captured.replay(); });
           });
#endif
}

inline void register_steps() {
  namespace nn = lib::nn;
  step_rows(
      "1x16-32-32-4",
      [] {
        return nn::Sequential(nn::Linear(16, 32), nn::ReLU(), nn::Linear(32, 32), nn::ReLU(),
                              nn::Linear(32, 4));
      },
      {1, 16}, 4);
  step_rows(
      "32x64-32-32-10",
      [] {
        return nn::Sequential(nn::Linear(64, 32), nn::ReLU(), nn::Linear(32, 32), nn::ReLU(),
                              nn::Linear(32, 10));
      },
      {32, 64}, 10);
  step_rows(
      "64x784-128-128-10",
      [] {
        return nn::Sequential(nn::Linear(784, 128), nn::ReLU(), nn::Linear(128, 128), nn::ReLU(),
                              nn::Linear(128, 10));
      },
      {64, 784}, 10);
  step_rows(
      "CNN 64x1x28x28",
      [] {
        return nn::Sequential(nn::Conv2d(nn::Conv2dOptions(1, 16, 3).padding(1)), nn::ReLU(),
                              nn::MaxPool2d(nn::MaxPool2dOptions(2)),
                              nn::Conv2d(nn::Conv2dOptions(16, 32, 3).padding(1)), nn::ReLU(),
                              nn::MaxPool2d(nn::MaxPool2dOptions(2)), nn::Flatten(),
                              nn::Linear(1568, 64), nn::ReLU(), nn::Linear(64, 10));
      },
      {64, 1, 28, 28}, 10);
}

// ---- Element-wise operations on arrays larger than a core's caches
/// Eight of them; `between()` after each.
template <class F>
Tensor chain_of_8(const Tensor& x, const Tensor& y, F between) {
  Tensor t = x * y;
  const auto then = [&](Tensor next) {
    between();
    t = std::move(next);
  };
  then(t + x);
  then(t.neg());
  then(t * 0.5);
  then(t.relu());
  then(t - y);
  then(t * t);
  then(t + 1);
  return t;
}

template <class Run>
void chain_row(const std::string& name, Run run) {
  add_row(name, [=](benchmark::State& state) {
    lib::NoGradGuard no_grad;
    Tensor x = lib::randn({1 << 20}, device), y = lib::randn({1 << 20}, device);
    run(state, x, y);
  });
}

inline void register_chains() {
  constexpr auto nothing = [] {};
  chain_row("step/8 operations on 4 MB", [=](benchmark::State& state, Tensor& x, Tensor& y) {
    measure(state, [&] { benchmark::DoNotOptimize(chain_of_8(x, y, nothing)); });
  });
#ifdef ROWS_REPLAY
  chain_row("replay/8 operations on 4 MB", [=](benchmark::State& state, Tensor& x, Tensor& y) {
    auto captured = lib::capture([&] { return chain_of_8(x, y, nothing); });
    for (int i = 0; i < 3; ++i) captured.replay();
    measure(state, [&] { captured.replay(); });
  });
  // What is not element-wise in between keeps a replay from doing them together.
  chain_row("replay/8 operations, not fused", [=](benchmark::State& state, Tensor& x, Tensor& y) {
    Tensor number = lib::ones({1}, device);
    auto captured = lib::capture([&] { return chain_of_8(x, y, [&] { number.softmax(0); }); });
    for (int i = 0; i < 3; ++i) captured.replay();
    measure(state, [&] { captured.replay(); });
  });
#endif
}

/// Arguments: the number of threads, the device, then Google Benchmark's own.
inline int run(int argc, char** argv, const std::string& library, void (*wait_for_cuda)()) {
  if (argc < 3) return 2;
  lib::set_num_threads(std::stoi(argv[1]));
  device = lib::Device(std::string(argv[2]));
  if (!device.is_cpu()) synchronize = wait_for_cuda;
  argv[2] = argv[0];
  int rest = argc - 2;
  benchmark::Initialize(&rest, argv + 2);
  if (benchmark::ReportUnrecognizedArguments(rest, argv + 2)) return 2;
  benchmark::AddCustomContext("library", library);
  register_ops();
  register_backward();
  register_steps();
  register_chains();
  register_table();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace rows
