// SPDX-License-Identifier: MIT
// What has changed since a step was recorded is noticed, and what cannot be captured is refused.
#include "adjoint/capture.h"

#include <gtest/gtest.h>

#include <string>

#include "adjoint/adjoint.h"
#include "tests/support/training.h"

// Its frames are the program's, those of namespace adjoint the library's.
namespace program {

[[gnu::noinline]] float read(const adjoint::Tensor& t) {
  const float value = t.item<float>();
  return value + 1;
}
[[maybe_unused]] constexpr int kLineThatReads = __LINE__ - 3;

}  // namespace program

namespace adjoint::testing {
namespace {

// ---- What has changed is noticed

TEST(CaptureGuards, AnotherModeIsNoticedAndSaidOnce) {
  AdamTraining training;
  const Tensor x = training.xs[0];
  auto step = capture([&] { return training.net->forward(x); });
  Heard heard;
  for (int i = 0; i < 4; ++i) step.replay();
  EXPECT_EQ(heard.messages.size(), 0u);
  for (int round = 0; round < 2; ++round) {
    training.net->eval();
    for (int i = 0; i < 2; ++i)
      EXPECT_TRUE(same_bits(step.replay(), training.net->forward(x).detach()));
    training.net->train();
    step.replay();
  }
  EXPECT_EQ(heard.count("a module was put into training or evaluation mode"), 1);
  training.net->eval();
  training.net->train();
  const uint64_t eager = step.stats().num_eager;
  step.replay();
  EXPECT_EQ(step.stats().num_eager, eager) << "it is as it was";
  {
    NoGradGuard no_grad;
    step.replay();
  }
  EXPECT_EQ(heard.count("grad mode"), 1);
}

TEST(CaptureGuards, AParameterThatMovedIsNoticed) {
  Tensor w = randn({3}, requires_grad()), x = randn({3});
  auto step = capture([&] { return (w * x).sum(); });
  Heard heard;
  for (int i = 0; i < 3; ++i) step.replay();
  w.set_data(randn({3}));
  EXPECT_TRUE(same_bits(step.replay(), (w * x).sum().detach()));
  EXPECT_EQ(heard.count("a tensor that the step works with was replaced or let go"), 1);
  step.replay();
  x = randn({3});
  EXPECT_TRUE(same_bits(step.replay(), (w * x).sum().detach()));
  EXPECT_EQ(heard.messages.size(), 1u) << "said once";
}

TEST(CaptureGuards, AFrozenParameterIsNoticed) {
  Tensor w = randn({3}, requires_grad()), v = randn({3}, requires_grad());
  auto step = capture([&] {
    w.mutable_grad().reset();
    v.mutable_grad().reset();
    (w * v).sum().backward();
  });
  Heard heard;
  for (int i = 0; i < 4; ++i) step.replay();
  w.requires_grad_(false);
  step.replay();
  EXPECT_FALSE(w.grad().defined());
  EXPECT_TRUE(v.grad().defined());
  EXPECT_EQ(heard.count("requires grad"), 1);
}

// ---- What cannot be captured is refused

TEST(CaptureGuards, ReadingAValueOnTheHostIsRefusedWithItsPlace) {
  Tensor x = ones({3});
  const auto said = [](auto body) {
    auto step = capture(body);
    try {
      for (int i = 0; i < 2; ++i) step.replay();
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string("nothing");
  };
#ifdef ADJOINT_HAVE_LIBDW
  const std::string place = "(capture_guards_test.cpp:" + std::to_string(program::kLineThatReads);
  EXPECT_NE(said([&] { program::read(x.sum()); }).find(place), std::string::npos)
      << said([&] { program::read(x.sum()); });
#endif
  EXPECT_NE(said([&] {
              x.sum().item<float>();
            }).find("item cannot be captured: the host waits for a value"),
            std::string::npos);
  EXPECT_NE(said([&] { randperm(4); }).find("randperm cannot be captured"), std::string::npos);
  EXPECT_NE(said([&] { manual_seed(1); }).find("manual_seed cannot be captured"),
            std::string::npos);
  x.sum().item<float>();  // fine outside of a step
}

TEST(CaptureGuards, ATensorThatTheNextStepWouldFindReplacedIsRefused) {
  Tensor hidden = ones({3});
  auto step = capture([&] { hidden = hidden * 2; });
  EXPECT_TRUE(
      throws<Error>("the step let go of a tensor that it had used and that was there before",
                    [&] { step.replay(); }));
}

class Halving final : public optim::Optimizer {
 public:
  explicit Halving(std::vector<Tensor> params)
      : Optimizer({optim::OptimizerParamGroup(std::move(params))}, optim::SGDOptions(1).clone()) {}
  void step() override {
    for_each_parameter<optim::SGDOptions>(
        [](const Tensor& p, const Tensor&, State& state, const optim::SGDOptions&) {
          p.mul_(1 / double(++state.step + 1));
        });
  }

 protected:
  std::vector<StateName> state_names() const override { return {}; }
};

TEST(CaptureGuards, AnOptimizerThatCountsOnTheHostIsRefused) {
  Tensor w = ones({3}, requires_grad());
  Halving optimizer({w});
  auto step = capture([&] {
    optimizer.zero_grad();
    w.sum().backward();
    optimizer.step();
  });
  EXPECT_TRUE(throws<Error>("the step of this optimizer cannot be captured", [&] {
    for (int i = 0; i < 3; ++i) step.replay();
  }));
}

TEST(CaptureGuards, InputsThatRequireGradAreRefused) {
  auto step = capture([](const Tensor& x) { return x * 2; });
  EXPECT_TRUE(throws<Error>("expected inputs that do not require grad",
                            [&] { step.replay(ones({2}, requires_grad())); }));
}

}  // namespace
}  // namespace adjoint::testing
