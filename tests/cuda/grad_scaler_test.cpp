// SPDX-License-Identifier: MIT
// What a loss scale costs a step on a GPU: kernels, and nothing of the host's.
#include "adjoint/amp.h"

#include <cmath>

#include "adjoint/capture.h"
#include "tests/cuda/cuda_test.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

class CudaGradScaler : public CudaTest {};

uint64_t launches_of(const auto& work) {
  cudasim::settle();
  cudasim::reset_counters();
  work();
  return cudasim::counters().launches;
}

TEST_F(CudaGradScaler, DividesAndLooksThroughAllGradientsInOneLaunch) {
  std::vector<Tensor> params;
  for (int i = 0; i < 100; ++i) {
    params.push_back(ones({i % 7 + 1}, dtype(kFloat).device(kGpu0).requires_grad(true)));
    params.back().mutable_grad() = ones_like(params.back());
  }
  optim::SGD optimizer(params, 0.1);
  amp::GradScaler scaler;
  scaler.scale(ones({}, kGpu0));
  EXPECT_EQ(launches_of([&] { scaler.unscale_(optimizer); }), 1u);
  scaler.step(optimizer);
  EXPECT_EQ(launches_of([&] { scaler.update(); }), 1u);
}

TEST_F(CudaGradScaler, FlatGradientsAreOneHoweverManyThereAre) {
  for (const bool flat : {false, true}) {
    nn::Sequential net;
    for (int i = 0; i < 70; ++i) net->push_back(nn::Linear(3, 3));
    net->to(kGpu0);
    if (flat) net->flatten_parameters();
    optim::SGD optimizer(net->parameters(), 0.1);
    amp::GradScaler scaler;
    scaler.scale(net->forward(ones({2, 3}, kGpu0)).sum()).backward();
    EXPECT_EQ(launches_of([&] { scaler.unscale_(optimizer); }), flat ? 1u : 2u);
    scaler.step(optimizer);
    scaler.update();
    EXPECT_EQ(scaler.get_scale(), 65536);
  }
}

TEST_F(CudaGradScaler, AReplayLeavesAStepOutWithoutTheHost) {
  const auto run = [](bool is_captured) {
    Tensor w = ones({300}, dtype(kFloat).device(kGpu0).requires_grad(true));
    optim::Adam optimizer({w}, optim::AdamOptions(0.1));
    amp::GradScaler scaler;
    const auto body = [&](const Tensor& x) {
      optimizer.zero_grad();
      scaler.scale((w * x).sum()).backward();
      scaler.step(optimizer);
      scaler.update();
    };
    auto step = capture(body);
    std::vector<Tensor> found;
    for (int i = 0; i < 10; ++i) {
      const Tensor x = full({300}, i == 5 || i == 6 ? INFINITY : 1.0 + i, kGpu0);
      cudasim::settle();
      cudasim::reset_counters();
      if (!is_captured) {
        body(x);
      } else {
        step.replay(x);
        const cudasim::Counters counted = cudasim::counters();
        if (i < 3) continue;
        EXPECT_EQ(counted.graph_launches, 1u) << i;
        EXPECT_EQ(counted.launches + counted.library_calls, 0u) << i;
        EXPECT_EQ(counted.synchronizations + counted.queries, 0u) << i;
        EXPECT_EQ(counted.replayed_kernels, step.stats().num_calls) << i;
      }
      if (i >= 3) found.push_back(w.detach().clone());
    }
    EXPECT_EQ(scaler.get_scale(), 65536 / 4);
    found.push_back(optimizer.state_dict()["0.step"]);
    EXPECT_EQ(found.back().item<double>(), 8);
    return found;
  };
  const std::vector<Tensor> eager = run(false), replayed = run(true);
  ASSERT_EQ(replayed.size(), eager.size());
  for (size_t i = 0; i < eager.size(); ++i) EXPECT_TRUE(same_bits(replayed[i], eager[i])) << i;
}

}  // namespace
}  // namespace adjoint::testing
