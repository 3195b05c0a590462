// SPDX-License-Identifier: MIT
// A ring of losses gives each of them once, in their order, from eager and from replayed steps.
#include "adjoint/loss_ring.h"

#include <gtest/gtest.h>

#include <vector>

#include "adjoint/adjoint.h"
#include "tests/support/compare.h"
#include "tests/support/test_device.h"

namespace adjoint::testing {
namespace {

TEST(LossRing, GivesEachNumberOnceInItsOrder) {
  for (ScalarType dtype : {kFloat, kDouble, kHalf, kBFloat16}) {
    LossRing ring(4);
    EXPECT_EQ(ring.capacity(), 4);
    EXPECT_TRUE(ring.read().empty());
    std::vector<double> expected;
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 3; ++i) {
        expected.push_back(round + 0.25 * i);
        ring.push(full({}, expected.back(), dtype));
      }
      EXPECT_EQ(ring.read(), expected) << dtype_name(dtype);
      EXPECT_TRUE(ring.read().empty());
      expected.clear();
    }
    EXPECT_EQ(ring.num_lost(), 0u);
  }
}

TEST(LossRing, SaysHowManyItLost) {
  LossRing ring(3);
  for (int i = 0; i < 8; ++i) ring.push(full({1}, double(i)));
  EXPECT_EQ(ring.read(), (std::vector<double>{5, 6, 7}));
  EXPECT_EQ(ring.num_lost(), 5u);
}

TEST(LossRing, PollingFindsAllInTheEnd) {
  LossRing ring(16);
  std::vector<double> found, expected;
  for (int i = 0; i < 8; ++i) {
    expected.push_back(i);
    ring.push(full({}, double(i)));
    for (double loss : ring.poll()) found.push_back(loss);
  }
  for (int i = 0; i < 2; ++i) {
    settle_test_device();
    for (double loss : ring.poll()) found.push_back(loss);
  }
  EXPECT_EQ(found, expected);
}

TEST(LossRing, IsWrittenByReplays) {
  LossRing ring(8);
  const Tensor w = ones({4}).requires_grad_();
  optim::SGD sgd({w}, optim::SGDOptions(0.25));
  auto step = capture([&](const Tensor& x) {
    sgd.zero_grad();
    Tensor loss = (w * x).square().mean();
    loss.backward();
    sgd.step();
    ring.push(loss);
    return loss;
  });
  std::vector<double> expected;
  for (int i = 0; i < 6; ++i) expected.push_back(step.replay(full({4}, 0.5 + i)).item<float>());
  EXPECT_GE(step.stats().num_replays, 4u);
  EXPECT_EQ(ring.read(), expected);
}

TEST(LossRing, RefusesWhatIsNoNumber) {
  LossRing ring(2);
  EXPECT_TRUE(throws<Error>("expected a floating-point tensor of one element, got sizes [2]",
                            [&] { ring.push(ones({2})); }));
  EXPECT_TRUE(throws<Error>("expected a floating-point tensor of one element",
                            [&] { ring.push(ones({}, kLong)); }));
  EXPECT_TRUE(
      throws<ValueError>("expected a capacity of at least 1, got 0", [] { LossRing r(0); }));
  auto step = capture([&] { ring.read(); });
  EXPECT_TRUE(throws<Error>("LossRing::read cannot be captured", [&] { step.replay(); }));
}

}  // namespace
}  // namespace adjoint::testing
