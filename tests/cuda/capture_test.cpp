// SPDX-License-Identifier: MIT
// A captured step on a GPU is one launch of a graph, whatever changes from step to step. (That its
// bits are those of eager steps is tested where the CPU's are: tests/core/capture_test.cpp.)
#include "adjoint/capture.h"

#include "adjoint/backend.h"
#include "adjoint/op_registry.h"
#include "tests/cuda/cuda_test.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

class Heard final : public WarningHandler {
 public:
  void process(const Warning& warning) override { messages.push_back(warning.msg()); }
  std::vector<std::string> messages;

 private:
  WarningUtils::WarningHandlerGuard guard_{this};
};

uint64_t node_updates(const cudasim::Counters& counted) {
  uint64_t n = 0;
  for (const char* name : {"cudaGraphExecKernelNodeSetParams", "cudaStreamBeginCapture"}) {
    const auto found = counted.api_calls.find(name);
    if (found != counted.api_calls.end()) n += found->second;
  }
  return n;
}

class CudaCapture : public CudaTest {
 protected:
  struct Training {
    Training() {
      manual_seed(5);
      net = nn::Sequential(nn::Linear(24, 32), nn::ReLU(), nn::Dropout(0.2), nn::Linear(32, 10));
      x = randn({16, 24}, kCPU).to(kGpu0);
      y = randint(10, {16}, dtype(kLong).device(kCPU)).to(kGpu0);
      net->to(kGpu0);
      optimizer.emplace(net->parameters(), optim::AdamOptions(1e-2));
    }
    Tensor step(const Tensor& input, const Tensor& target) {
      optimizer->zero_grad();
      Tensor loss = nn::functional::cross_entropy(net->forward(input), target);
      loss.backward();
      optimizer->step();
      return loss;
    }
    nn::Sequential net{nullptr};
    Tensor x, y;
    std::optional<optim::Adam> optimizer;
  };
};

TEST_F(CudaCapture, AReplayIsOneLaunchAndAsksNothingOfTheHost) {
  Training training;
  auto step = capture([&] { return training.step(training.x, training.y); });
  for (int i = 0; i < 3; ++i) step.replay();
  ASSERT_EQ(step.stats().num_replays, 1u);
  cudasim::settle();
  cudasim::reset_counters();
  for (int i = 0; i < 4; ++i) step.replay();
  const cudasim::Counters counted = cudasim::counters();
  EXPECT_EQ(counted.graph_launches, 4u);
  EXPECT_EQ(counted.launches + counted.library_calls, 0u);
  EXPECT_EQ(counted.replayed_kernels, 4 * step.stats().num_calls);
  EXPECT_EQ(node_updates(counted), 0u);
  EXPECT_EQ(counted.synchronizations + counted.queries, 0u);
  EXPECT_EQ(counted.mallocs + counted.frees + counted.host_mallocs + counted.host_frees, 0u);
  EXPECT_EQ(counted.events_recorded + counted.events_waited, 0u);
  EXPECT_TRUE(counted.copies.empty());
}

TEST_F(CudaCapture, TheDeviceCountsTheStepsOfAdamAndIsToldOfANewLearningRateAlone) {
  Training eager, training;
  for (Training* t : {&eager, &training}) {
    t->net = nn::Sequential(nn::Linear(24, 32), nn::ReLU(), nn::Linear(32, 10));
    manual_seed(6);
    for (const Tensor& p : t->net->parameters()) {
      NoGradGuard no_grad;
      p.copy_(randn(p.sizes(), kCPU));
    }
    t->net->to(kGpu0);
    t->optimizer.emplace(t->net->parameters(), optim::AdamOptions(1e-2));
  }
  auto step = capture([&] { return training.step(training.x, training.y); });
  const auto expect_writes = [&](uint64_t writes, const char* when) {
    const Tensor expected = eager.step(eager.x, eager.y).detach();
    cudasim::settle();
    cudasim::reset_counters();
    const Tensor loss = step.replay();
    const cudasim::Counters counted = cudasim::counters();
    EXPECT_EQ(counted.graph_launches, 1u) << when;
    EXPECT_TRUE(counted.copies.empty()) << when;
    EXPECT_EQ(counted.launches, writes) << when;
    EXPECT_EQ(node_updates(counted), 0u) << when;
    EXPECT_EQ(counted.synchronizations + counted.queries, 0u) << when;
    EXPECT_TRUE(same_bits(loss, expected)) << when;
  };
  for (int i = 0; i < 3; ++i) {
    eager.step(eager.x, eager.y);
    step.replay();
  }
  for (int i = 0; i < 3; ++i) expect_writes(0, "as before");
  for (Training* t : {&eager, &training}) t->optimizer->param_groups()[0].options().set_lr(1e-3);
  expect_writes(1, "another learning rate");
  for (int i = 0; i < 3; ++i) expect_writes(0, "the same again");
  for (Training* t : {&eager, &training}) t->step(t->x, t->y);
  expect_writes(1, "after a step beside the replays");
  for (Training* t : {&eager, &training}) {
    static_cast<optim::AdamOptions&>(t->optimizer->param_groups()[0].options()).betas({0.8, 0.99});
  }
  expect_writes(1, "other betas");
  expect_writes(0, "at the end");
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(
        same_bits(training.net->parameters()[i].detach(), eager.net->parameters()[i].detach()));
  }
}

TEST_F(CudaCapture, TheDeviceMovesItsRandomNumbersOnAndIsToldOfOthersByOneSmallLaunch) {
  const Tensor x = ones({40, 30}, kGpu0);
  const auto body = [&](const Tensor& t) {
    const Tensor noise = rand({40, 30}, kGpu0);
    return dropout(t, 0.5, true) * noise + randn({40, 30}, dtype(kDouble).device(kGpu0)).sum();
  };
  std::vector<Tensor> expected, found;
  const auto run = [&](std::vector<Tensor>& out, const auto& replay) {
    manual_seed(3);
    for (int i = 0; i < 9; ++i) {
      if (i == 4) out.push_back(rand({7}, kGpu0));
      if (i == 6) manual_seed(11);
      cudasim::settle();
      cudasim::reset_counters();
      out.push_back(replay(i).clone());
    }
    out.push_back(rand({5}, kGpu0));
  };
  run(expected, [&](int) { return body(x); });
  auto step = capture(body);
  run(found, [&](int i) {
    const Tensor& out = step.replay(x);
    const cudasim::Counters counted = cudasim::counters();
    if (i == 0) return out;
    EXPECT_EQ(counted.graph_launches, 1u) << i;
    const bool is_told = i == 1 || i == 4 || i == 6;  // the first one, and those after a change
    EXPECT_EQ(counted.launches, is_told ? 1u : 0u) << i;
    EXPECT_EQ(node_updates(counted), 0u) << i;
    EXPECT_EQ(counted.synchronizations + counted.queries, 0u) << i;
    return out;
  });
  EXPECT_EQ(step.stats().num_replays, 8u);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_TRUE(same_bits(found[i], expected[i])) << i;
}

TEST_F(CudaCapture, ReplaysMayBeEnqueuedFarAheadOfTheDevice) {
  cudasim::config().mode = cudasim::Mode::lazy;
  Training eager, training;
  std::vector<Tensor> expected, found;
  manual_seed(9);
  for (int i = 0; i < 8; ++i) expected.push_back(eager.step(eager.x, eager.y).detach());
  manual_seed(9);
  auto step = capture([&] { return training.step(training.x, training.y); });
  for (int i = 0; i < 8; ++i) found.push_back(step.replay().clone());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_TRUE(same_bits(found[i], expected[i])) << i;
}

TEST_F(CudaCapture, LossesArriveThroughARingWithoutAWait) {
  Training training;
  LossRing losses(4, kGpu0);
  auto step = capture([&] {
    Tensor loss = training.step(training.x, training.y);
    losses.push(loss);
    return loss;
  });
  std::vector<double> expected, found;
  for (int i = 0; i < 3; ++i) expected.push_back(step.replay().item<float>());
  found = losses.read();
  cudasim::settle();
  cudasim::reset_counters();
  for (int i = 0; i < 5; ++i) {
    step.replay();
    for (double loss : losses.poll()) found.push_back(loss);
  }
  const cudasim::Counters counted = cudasim::counters();
  EXPECT_EQ(counted.graph_launches, 5u);
  EXPECT_EQ(counted.launches + counted.synchronizations, 0u);
  EXPECT_EQ(counted.mallocs + counted.host_mallocs, 0u);
  for (double loss : losses.read()) found.push_back(loss);
  ASSERT_EQ(found.size() + losses.num_lost(), 8u);
  EXPECT_EQ(losses.num_lost(), 0u);
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(found[i], expected[i]) << i;
  EXPECT_LT(found.back(), found.front());
}

TEST_F(CudaCapture, AnotherStreamIsNoticed) {
  Training training;
  auto step = capture([&] { return training.step(training.x, training.y); });
  for (int i = 0; i < 3; ++i) step.replay();
  cuda::synchronize();
  {
    const cuda::CUDAStreamGuard guard(cuda::getStreamFromPool());
    step.replay();
    cuda::synchronize();
  }
  EXPECT_EQ(step.stats().num_eager, 3u);
}

TEST_F(CudaCapture, SeveralStreamsInAStepAreRefused) {
  const Tensor x = ones({8}, kGpu0);
  auto step = capture([&] {
    const Tensor y = x * 2;
    cuda::synchronize();
    const cuda::CUDAStreamGuard guard(cuda::getStreamFromPool());
    return x * 3;
  });
  EXPECT_TRUE(throws<Error>("a step works on one stream of one device", [&] { step.replay(); }));
  cuda::synchronize();
}

TEST_F(CudaCapture, CopiesFromAndToTheHostAreRefused) {
  const Tensor x = ones({8}, kGpu0), host = ones({8}, kCPU);
  auto from = capture([&] { return x + host.to(kGpu0); });
  EXPECT_TRUE(throws<Error>("copy from the host cannot be captured", [&] { from.replay(); }));
  auto to = capture([&] { return x.to(kCPU); });
  EXPECT_TRUE(throws<Error>("copy to the host cannot be captured", [&] { to.replay(); }));
}

using Waiting = void(const Stream&, const Tensor& out, const Tensor& x);
constinit Op<Waiting> waiting_op{"test_waiting", {.differentiable = false}};
void waiting_kernel(const Stream& stream, const Tensor& out, const Tensor& x) {
  stream.synchronize();
  get_backend(kCUDA).copy_on_device(out.data_ptr(), x.data_ptr(), x.nbytes(), stream);
}

TEST_F(CudaCapture, AKernelThatWaitsMakesTheStepAListOfCalls) {
  op_registry().add(waiting_op);
  op_registry().set_kernel("test_waiting", kCUDA, waiting_kernel);
  Heard heard;
  const Tensor x = ones({8}, kGpu0);
  auto step = capture([&](const Tensor& y) {
    const Tensor out = empty_like(x);
    waiting_op(current_stream(kGpu0), out, x + y);
    return out * 2;
  });
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(is_close(step.replay(full({8}, i, kGpu0)), full({8}, 2 + 2.0 * i, kGpu0)));
  }
  EXPECT_EQ(step.stats().num_replays, 3u);
  ASSERT_EQ(heard.messages.size(), 1u);
  EXPECT_NE(heard.messages[0].find("its calls are made one by one"), std::string::npos);
}

TEST_F(CudaCapture, AStepThatIsDroppedLeavesNothingBehind) {
  const Tensor x = randn({64, 64}, kGpu0);
  const int64_t before = memory_stats(kGpu0).allocated;
  {
    auto step = capture([&] { return x.mm(x).softmax(1).sum(); });
    for (int i = 0; i < 3; ++i) step.replay();
    EXPECT_GT(memory_stats(kGpu0).allocated, before);
  }
  EXPECT_EQ(memory_stats(kGpu0).allocated, before);
}

}  // namespace
}  // namespace adjoint::testing
