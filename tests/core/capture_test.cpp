// SPDX-License-Identifier: MIT
// Steps that are recorded and replayed leave what eager ones leave, bit for bit.
#include "adjoint/capture.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "adjoint/adjoint.h"
#include "adjoint/op_registry.h"
#include "tests/support/training.h"

namespace adjoint::testing {
namespace {

/// Trains eagerly and by replays, and compares everything; `between(training)` after each step.
template <class T, class Options, class Between>
CaptureStats compare_training(const Options& options, int steps, const Between& between) {
  std::vector<Tensor> losses;
  std::vector<Tensor> expected;
  {
    T eager(options);
    for (int i = 0; i < steps; ++i) {
      losses.push_back(eager.step(eager.xs[size_t(i) % 4], eager.ys[size_t(i) % 4]).detach());
      between(eager, i);
    }
    expected = eager.state();
  }
  T training(options);
  auto step = capture([&](const Tensor& x, const Tensor& y) { return training.step(x, y); });
  for (int i = 0; i < steps; ++i) {
    const Tensor& loss = step.replay(training.xs[size_t(i) % 4], training.ys[size_t(i) % 4]);
    EXPECT_TRUE(same_bits(loss, losses[size_t(i)])) << "loss of step " << i;
    between(training, i);
  }
  expect_same(training.state(), expected);
  return step.stats();
}
constexpr auto kNothing = [](auto&, int) {};

TEST(Capture, ReplaysOfAdamWithDropoutAreEagerStepsBitForBit) {
  const CaptureStats stats = compare_training<AdamTraining>(optim::AdamOptions(1e-2), 12, kNothing);
  EXPECT_EQ(stats.num_eager, 2u) << "the first makes the optimizer's state, the second is recorded";
  EXPECT_EQ(stats.num_replays, 10u);
  EXPECT_GT(stats.num_calls, 10u);
}

TEST(Capture, ReplaysOfOtherOptimizersAreEagerStepsToo) {
  EXPECT_GE(compare_training<SgdTraining>(optim::SGDOptions(0.05), 8, kNothing).num_replays, 5u);
  EXPECT_GE(compare_training<SgdTraining>(optim::SGDOptions(0.05).momentum(0.9).nesterov(true), 8,
                                          kNothing)
                .num_replays,
            5u);
  EXPECT_GE(compare_training<AdamWTraining>(optim::AdamWOptions(1e-2).amsgrad(true), 8, kNothing)
                .num_replays,
            5u);
}

TEST(Capture, ReplaysOfRMSpropAndAdagradAreEagerStepsUnderAScheduler) {
  std::optional<optim::StepLR> scheduler;
  const auto schedule = [&](auto& training, int i) {
    if (i == 0) scheduler.emplace(*training.optimizer, 3, 0.5);
    scheduler->step();
  };
  const auto count = [&]<class T>(const auto& options) {
    return compare_training<T>(options, 12, schedule).num_replays;
  };
  using optim::AdagradOptions, optim::RMSpropOptions;
  EXPECT_EQ(count.operator()<RmspropTraining>(RMSpropOptions(1e-2)), 10u);
  EXPECT_EQ(count.operator()<RmspropTraining>(
                RMSpropOptions(1e-2).momentum(0.9).centered(true).weight_decay(0.01)),
            10u);
  EXPECT_EQ(count.operator()<AdagradTraining>(
                AdagradOptions(1e-2).lr_decay(0.1).initial_accumulator_value(0.5)),
            10u);
}

TEST(Capture, AStateThatRMSpropLacksIsNoticed) {
  const auto change = [](auto& training, int i) {
    auto& options =
        static_cast<optim::RMSpropOptions&>(training.optimizer->param_groups()[0].options());
    if (i == 5) options.momentum(0.9);
  };
  Heard heard;
  compare_training<RmspropTraining>(optim::RMSpropOptions(1e-2), 10, change);
  EXPECT_EQ(heard.count("the optimizer has other parameters, state or options"), 1);
}

TEST(Capture, ASchedulerMovesTheLearningRateOfReplays) {
  std::optional<optim::StepLR> scheduler;
  const auto schedule = [&](auto& training, int i) {
    if (i == 0) scheduler.emplace(*training.optimizer, 2, 0.5);
    scheduler->step();
  };
  const CaptureStats stats = compare_training<AdamTraining>(optim::AdamOptions(0.1), 10, schedule);
  EXPECT_EQ(stats.num_replays, 8u);
}

TEST(Capture, RandomNumbersDrawnBetweenReplaysAreDrawnFromTheSameSequence) {
  const auto draw = [](auto&, int i) {
    if (i % 3 == 1) randn({5});
    if (i == 7) manual_seed(99);
  };
  const CaptureStats stats = compare_training<AdamTraining>(optim::AdamOptions(1e-2), 12, draw);
  EXPECT_EQ(stats.num_replays, 10u);
}

TEST(Capture, OptionsOfAnOptimizerMayChange) {
  const auto change = [](auto& training, int i) {
    auto& options =
        static_cast<optim::AdamOptions&>(training.optimizer->param_groups()[0].options());
    if (i == 4) options.weight_decay(0.1).betas({0.8, 0.99});
    if (i == 6) options.amsgrad(true);
  };
  Heard heard;
  const CaptureStats stats = compare_training<AdamTraining>(optim::AdamOptions(1e-2), 12, change);
  EXPECT_EQ(heard.count("the optimizer has other parameters, state or options"), 1)
      << "amsgrad needs another state";
  EXPECT_EQ(stats.num_eager, 4u);
}

TEST(Capture, AStateThatIsLoadedIsNoticed) {
  const auto load = [](auto& training, int i) {
    if (i == 5) training.optimizer->load_state_dict(training.optimizer->state_dict());
  };
  Heard heard;
  compare_training<AdamTraining>(optim::AdamOptions(1e-2), 9, load);
  EXPECT_EQ(heard.count("the optimizer has other parameters, state or options"), 1);
}

TEST(Capture, GroupsThatWereAlikeMayGetLearningRatesOfTheirOwn) {
  const auto run = [](bool captured) {
    manual_seed(2);
    Tensor a = randn({6}, requires_grad()), b = randn({6}, requires_grad());
    const Tensor x = randn({6});
    std::vector<optim::OptimizerParamGroup> groups;
    groups.emplace_back(std::vector<Tensor>{a});
    groups.emplace_back(std::vector<Tensor>{b});
    optim::SGD optimizer(groups, optim::SGDOptions(0.1));
    const auto body = [&] {
      optimizer.zero_grad();
      ((a - x) * (b + x)).pow(2).sum().backward();
      optimizer.step();
    };
    auto step = capture(body);
    for (int i = 0; i < 8; ++i) {
      if (i == 5) optimizer.param_groups()[1].options().set_lr(0.02);
      captured ? step.replay() : body();
    }
    return std::vector<Tensor>{a.detach(), b.detach()};
  };
  expect_same(run(true), run(false));
}

TEST(Capture, GradientsMayBeResetOutsideOfTheStep) {
  const auto run = [](bool captured) {
    manual_seed(4);
    nn::Linear net(5, 3);
    const Tensor x = randn({7, 5});
    const auto body = [&] { net(x).pow(2).sum().backward(); };
    auto step = capture(body);
    std::vector<Tensor> grads;
    for (int i = 0; i < 9; ++i) {
      if (i < 4) net->zero_grad();  // and from then on they add up
      captured ? step.replay() : body();
      for (const Tensor& p : net->parameters()) grads.push_back(p.grad().clone());
    }
    if (captured) {
      EXPECT_GE(step.stats().num_replays, 5u);
    }
    return grads;
  };
  expect_same(run(true), run(false));
}

TEST(Capture, RunningStatisticsMoveInReplays) {
  const auto run = [](bool captured) {
    manual_seed(4);
    nn::Sequential net(nn::Conv2d(nn::Conv2dOptions(1, 3, 3)), nn::BatchNorm2d(3), nn::ReLU(),
                       nn::MaxPool2d(2), nn::Flatten(), nn::Linear(27, 2));
    optim::SGD optimizer(net->parameters(), optim::SGDOptions(0.1));
    std::vector<Tensor> batches = {randn({4, 1, 8, 8}), randn({4, 1, 8, 8})};
    const auto body = [&](const Tensor& x) {
      optimizer.zero_grad();
      net->forward(x).pow(2).mean().backward();
      optimizer.step();
    };
    auto step = capture(body);
    for (size_t i = 0; i < 7; ++i) captured ? step.replay(batches[i % 2]) : body(batches[i % 2]);
    if (captured) {
      EXPECT_GE(step.stats().num_replays, 4u);
    }
    std::vector<Tensor> all = net->parameters(), buffers = net->buffers();
    all.insert(all.end(), buffers.begin(), buffers.end());
    return all;
  };
  expect_same(run(true), run(false));
}

TEST(Capture, ABatchOfAnotherSizeHasARecordingOfItsOwn) {
  AdamTraining training, eager;
  auto step = capture([&](const Tensor& x, const Tensor& y) { return training.step(x, y); });
  manual_seed(1);
  for (int i = 0; i < 9; ++i) {
    const int64_t n = i % 3 == 2 ? 5 : 8;
    step.replay(training.xs[0].narrow(0, 0, n), training.ys[0].narrow(0, 0, n));
  }
  EXPECT_EQ(step.stats().num_eager, 3u);
  EXPECT_EQ(step.stats().num_replays, 6u);
  manual_seed(1);
  for (int i = 0; i < 9; ++i) {
    const int64_t n = i % 3 == 2 ? 5 : 8;
    eager.step(eager.xs[0].narrow(0, 0, n), eager.ys[0].narrow(0, 0, n));
  }
  expect_same(training.state(), eager.state());
}

TEST(Capture, TheProgramMayWriteIntoItsOwnTensors) {
  Tensor x = randn({4}), w = randn({4}, requires_grad()), loss;
  auto step = capture([&] {
    w.mutable_grad().reset();
    loss = (x * w).sum();
    loss.backward();
  });
  for (int i = 0; i < 6; ++i) {
    x.fill_(i);
    step.replay();
    EXPECT_TRUE(same_bits(loss.detach(), (x * w).sum().detach()));
    EXPECT_TRUE(same_bits(w.grad(), x));
  }
  EXPECT_GE(step.stats().num_replays, 3u);
}

TEST(Capture, ReturnsTheSameTensorsWithNewValues) {
  Tensor x = ones({3});
  auto step = capture([&](const Tensor& y) { return std::vector<Tensor>{x + y, (x * y).t()}; });
  std::vector<void*> addresses;
  for (int i = 0; i < 4; ++i) {
    const std::vector<Tensor>& out = step.replay(full({3}, i));
    EXPECT_TRUE(is_close(out[0], full({3}, 1.0 + i)));
    EXPECT_TRUE(is_close(out[1], full({3}, double(i))));
    addresses.push_back(out[0].data_ptr());
  }
  EXPECT_EQ(addresses[1], addresses[3]);
}

TEST(Capture, ValuesWrittenByTheHostAreConstants) {
  DefaultDevice cpu(kCPU);  // another's would be copied from the host
  Tensor x = randn({3});
  auto step = capture([&](const Tensor& y) {
    return y * tensor({1., 2., 3.}, x.options()) + tensor(0.5f);
  });
  for (int i = 0; i < 4; ++i) {
    const Tensor y = randn({3}), out = step.replay(y).clone();
    randn({64});  // takes the memory that the constants had, if they had let it go
    EXPECT_TRUE(is_close(out, y * tensor({1., 2., 3.}, x.options()) + 0.5));
  }
}

TEST(Capture, CheckpointsDrawTheirNumbersTwice) {
  const auto run = [](bool captured) {
    manual_seed(8);
    Tensor w = randn({6, 6}, requires_grad());
    const Tensor x = randn({5, 6});
    const auto body = [&] {
      w.mutable_grad().reset();
      const auto layer = [&](const Tensor& t) { return dropout(t.mm(w), 0.5, true).tanh(); };
      autograd::checkpoint(layer, x.mm(w)).sum().backward();
    };
    auto step = capture(body);
    std::vector<Tensor> grads;
    for (int i = 0; i < 6; ++i) {
      captured ? step.replay() : body();
      grads.push_back(w.grad().clone());
    }
    if (captured) {
      EXPECT_GE(step.stats().num_replays, 4u);
    }
    return grads;
  };
  expect_same(run(true), run(false));
}

TEST(Capture, AReplayAllocatesNothing) {
  AdamTraining training;
  auto step = capture([&](const Tensor& x, const Tensor& y) { return training.step(x, y); });
  for (int i = 0; i < 3; ++i) step.replay(training.xs[0], training.ys[0]);
  const int64_t before = memory_stats().num_allocations;
  for (int i = 0; i < 5; ++i) step.replay(training.xs[0], training.ys[0]);
  EXPECT_EQ(step.stats().num_replays, 6u);
  EXPECT_EQ(memory_stats().num_allocations, before);
}

TEST(Capture, ItsArenaIsHardlyLargerThanWhatLivesInItAtOneTime) {
  const auto expect_tight = [](const CaptureStats& stats) {
    EXPECT_GT(stats.max_live_bytes, 0u);
    EXPECT_GE(stats.arena_bytes, stats.max_live_bytes);
    EXPECT_LE(double(stats.arena_bytes), 1.1 * double(stats.max_live_bytes));
  };
  AdamTraining training;
  auto perceptron = capture([&](const Tensor& x, const Tensor& y) { return training.step(x, y); });
  for (int i = 0; i < 3; ++i) perceptron.replay(training.xs[0], training.ys[0]);
  expect_tight(perceptron.stats());

  nn::Sequential net(nn::Conv2d(nn::Conv2dOptions(1, 4, 3).padding(1)), nn::ReLU(),
                     nn::MaxPool2d(2), nn::Conv2d(nn::Conv2dOptions(4, 6, 3).padding(1)),
                     nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(), nn::Linear(24, 5));
  optim::SGD optimizer(net->parameters(), optim::SGDOptions(0.1));
  const Tensor images = randn({4, 1, 8, 8});
  auto convolutions = capture([&] {
    optimizer.zero_grad();
    net->forward(images).pow(2).mean().backward();
    optimizer.step();
  });
  for (int i = 0; i < 4; ++i) convolutions.replay();
  expect_tight(convolutions.stats());
}

TEST(Capture, AReplayCountsAsAChangeInPlace) {
  Tensor w = ones({3}, requires_grad());
  optim::SGD optimizer({w}, optim::SGDOptions(0.1));
  auto step = capture([&] {
    optimizer.zero_grad();
    (w * w).sum().backward();
    optimizer.step();
  });
  for (int i = 0; i < 3; ++i) step.replay();
  ASSERT_EQ(step.stats().num_replays, 1u);
  const Tensor y = (w * w).sum();
  step.replay();
  EXPECT_TRUE(throws<Error>("modified by an inplace operation", [&] { y.backward(); }));
}

TEST(Capture, WhatAKernelThrowsReachesTheCallerAndTheNextReplayGoesOn) {
  AdamTraining training;
  auto step = capture([&](const Tensor& x, const Tensor& y) { return training.step(x, y); });
  for (int i = 0; i < 3; ++i) step.replay(training.xs[0], training.ys[0]);
  EXPECT_TRUE(throws<IndexError>("Target 9 is out of bounds",
                                 [&] { step.replay(training.xs[0], full({8}, 9, kLong)); }));
  step.replay(training.xs[0], training.ys[0]);
  EXPECT_EQ(step.stats().num_eager, 2u);
}

class Names final : public DispatchObserver {
 public:
  void before(const OpDef& op, const Stream&) override { names.emplace_back(op.name()); }
  void after(const OpDef&, const Stream&) override {}
  std::vector<std::string> names;
};

TEST(Capture, AnObserverSeesTheCallsOfAReplay) {
  Tensor x = ones({3});
  auto step = capture([&] { return (x + x) * x; });
  for (int i = 0; i < 2; ++i) step.replay();
  Names seen;
  set_dispatch_observer(&seen);
  step.replay();
  set_dispatch_observer(nullptr);
  EXPECT_EQ(seen.names, (std::vector<std::string>{"add", "mul"}));
}

TEST(Capture, AStepWithinAStepIsPartOfIt) {
  Tensor x = ones({3});
  auto inner = capture([&] { return x * 3; });
  auto outer = capture([&](const Tensor& y) { return inner.replay() + y; });
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(is_close(outer.replay(full({3}, i)), full({3}, 3.0 + i)));
  EXPECT_EQ(inner.stats().num_replays, 0u);
  EXPECT_EQ(outer.stats().num_replays, 3u);
}

}  // namespace
}  // namespace adjoint::testing
