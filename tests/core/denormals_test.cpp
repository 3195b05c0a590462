// SPDX-License-Identifier: MIT
// Subnormal numbers are zero inside of a step, and the host program's floating-point mode is its
// own again after it, however it ends.
#include "core/util/denormals.h"

#include <adjoint/adjoint.h>
#include <gtest/gtest.h>

#include "tests/support/compare.h"
#include "tests/support/test_device.h"

namespace adjoint::testing {
namespace {

constexpr double kTiny = 1e-20;  // its square is subnormal

class Denormals : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kCanFlushDenormals) FAIL() << "expected a processor whose flushing is known";
    set_flushes_denormals(false);
  }
  void TearDown() override {
    set_num_threads(threads_);
    globalContext().setFlushDenormal(true);
    set_floating_point_mode(mode_);
  }
  const DefaultDevice on_the_cpu_{kCPU};
  const FloatingPointMode mode_ = floating_point_mode();
  const int threads_ = get_num_threads();
};

Tensor leaf(IntArrayRef sizes, double value) {
  return full(sizes, value, TensorOptions(kFloat).requires_grad(true));
}
int64_t count_nonzero_of(const Tensor& t) { return t.ne(0).sum().item<int64_t>(); }

TEST_F(Denormals, BackwardTakesThemForZeroAndForwardDoesNot) {
  Tensor x = leaf({100}, kTiny);
  Tensor y = x * kTiny;
  EXPECT_EQ(count_nonzero_of(y), 100);
  y.backward(full({100}, kTiny));
  EXPECT_EQ(count_nonzero_of(x.grad()), 0);
  EXPECT_EQ(floating_point_mode(), mode_ & ~kFlushDenormals);
  EXPECT_EQ(count_nonzero_of(x.detach() * kTiny), 100);
}

TEST_F(Denormals, TheProgramMayWantThem) {
  EXPECT_TRUE(globalContext().setFlushDenormal(false));
  Tensor x = leaf({100}, kTiny);
  (x * kTiny).backward(full({100}, kTiny));
  EXPECT_EQ(count_nonzero_of(x.grad()), 100);
}

TEST_F(Denormals, AHostThatFlushesGoesOnFlushing) {
  set_flushes_denormals(true);
  Tensor x = leaf({3}, 1);
  x.sum().backward();
  optim::SGD({x}, optim::SGDOptions(0.1)).step();
  EXPECT_TRUE(flushes_denormals());
}

TEST_F(Denormals, ThreadsOfThePoolWorkInTheCallersMode) {
  set_num_threads(2);
  const int64_t n = 1 << 18;
  Tensor x = leaf({n}, kTiny), gradient = full({n}, kTiny);
  for (int i = 0; i < 3; ++i) {
    Tensor y = x * kTiny;
    EXPECT_EQ(count_nonzero_of(y), n);
    x.mutable_grad() = Tensor();
    y.backward(gradient);
    EXPECT_EQ(count_nonzero_of(x.grad()), 0);
  }
}

struct ThrowsInBackward : public autograd::Function<ThrowsInBackward> {
  static Tensor forward(autograd::AutogradContext*, const Tensor& x) { return x * 2; }
  static autograd::variable_list backward(autograd::AutogradContext*, autograd::variable_list) {
    EXPECT_TRUE(flushes_denormals());
    throw std::runtime_error("from backward");
  }
};

TEST_F(Denormals, AnExceptionLeavesTheHostsModeBehind) {
  Tensor x = leaf({3}, 1);
  EXPECT_THROW(ThrowsInBackward::apply(x).sum().backward(), std::runtime_error);
  EXPECT_EQ(floating_point_mode(), mode_ & ~kFlushDenormals);
}

TEST_F(Denormals, RoundingIsTheCallersOnAllThreads) {
  set_num_threads(2);
  const int64_t n = 1 << 18;
  const Tensor x = ones({n}), y = full({n}, 1e-10);
  Tensor up;
  {
    const FloatingPointModeGuard guard;
#if defined(__SSE2__)
    set_floating_point_mode((floating_point_mode() & ~0x6000u) | 0x4000u);  // towards infinity
#else
    set_floating_point_mode((floating_point_mode() & ~(3ull << 22)) | (1ull << 22));
#endif
    up = x + y;
  }
  EXPECT_EQ(count_nonzero_of(up - 1), n);
  EXPECT_EQ(count_nonzero_of((x + y) - 1), 0);
}

// Momentum of vanished gradients halves in each step: it reaches zero and not the subnormal
// numbers, on which a processor would crawl ever after.
TEST_F(Denormals, MomentumOfVanishedGradientsReachesZero) {
  Tensor p = leaf({1000}, 0);
  // A rate of 1e36 would show a subnormal momentum.
  optim::SGD optimizer({p}, optim::SGDOptions(1e36).momentum(0.5));
  p.mutable_grad() = full({1000}, 1e-37);
  optimizer.step();
  p.mutable_grad() = zeros({1000});
  for (int i = 0; i < 8; ++i) optimizer.step();
  const Tensor at_zero = p.detach().clone();
  for (int i = 0; i < 8; ++i) optimizer.step();
  EXPECT_TRUE(equal(at_zero, p.detach()));
  EXPECT_FALSE(flushes_denormals());
}

TEST_F(Denormals, AdamsAveragesAreNotSubnormal) {
  auto moves = [] {
    Tensor p = leaf({1000}, 0);
    p.mutable_grad() = full({1000}, 2e-38);  // half of it is subnormal
    optim::Adam({p}, optim::AdamOptions(1).betas(std::make_tuple(0.5, 0.5)).eps(1e-30)).step();
    return count_nonzero_of(p.detach()) != 0;
  };
  EXPECT_FALSE(moves());
  EXPECT_FALSE(flushes_denormals());
  globalContext().setFlushDenormal(false);
  EXPECT_TRUE(moves());
}

TEST_F(Denormals, AReplayGivesAnEagerStepsBits) {
  auto train = [](bool replayed) {
    Tensor w = leaf({64}, kTiny), kept = zeros({64});
    optim::SGD optimizer({w}, optim::SGDOptions(0.5).momentum(0.5));
    auto body = [&] {
      optimizer.zero_grad();
      Tensor y = w * kTiny;  // subnormal, as forward leaves it
      kept.add_(y.detach());
      (y * kTiny).sum().backward();
      optimizer.step();
    };
    auto step = capture(body);
    for (int i = 0; i < 6; ++i) replayed ? step.replay() : body();
    EXPECT_EQ(step.stats().num_replays, replayed ? 4u : 0u);  // momentum begins with the second
    return std::pair(w.detach().clone(), kept);
  };
  const auto [eager_w, eager_kept] = train(false);
  const auto [w, kept] = train(true);
  EXPECT_TRUE(equal(w, eager_w));
  EXPECT_TRUE(equal(kept, eager_kept));
  EXPECT_EQ(count_nonzero_of(kept), 64);
  EXPECT_EQ(floating_point_mode(), mode_ & ~kFlushDenormals);
}

}  // namespace
}  // namespace adjoint::testing
