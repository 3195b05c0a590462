// SPDX-License-Identifier: MIT
// Gradients of non-leaves that are kept in grad().
#include <gtest/gtest.h>

#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

Tensor leaf(const detail::TensorData& data) { return tensor(data, requires_grad()); }

TEST(RetainGrad, KeepsTheGradientOfANonLeaf) {
  Tensor x = leaf({1., 2.}), y = x * 2, other = x * 3;
  y.retain_grad();
  EXPECT_TRUE(y.retains_grad());
  (y * y + other).sum().backward();
  EXPECT_TRUE(is_close(y.grad(), tensor({4., 8.})));
  EXPECT_FALSE(other.grad().defined());
  EXPECT_FALSE(other.retains_grad());
}

TEST(RetainGrad, SeesTheGradientThatHooksLeave) {
  Tensor x = leaf(1.0f), y = x * 2;
  y.retain_grad();
  y.register_hook([](const Tensor& grad) { return grad * 7; });
  (y * 3).backward();
  EXPECT_TRUE(is_close(y.grad(), tensor(21.0f)));
}

TEST(RetainGrad, IsNothingNewForALeaf) {
  Tensor x = leaf(1.0f);
  x.retain_grad();
  EXPECT_FALSE(x.retains_grad());
  EXPECT_TRUE(throws<Error>("can't retain_grad on Tensor that has requires_grad=False",
                            [] { ones({2}).retain_grad(); }));
}

TEST(RetainGrad, DoesNotKeepTheGraphAlive) {
  Tensor x = leaf(1.0f);
  {
    Tensor y = x * 2;
    y.retain_grad();
  }
  EXPECT_EQ(x.use_count(), 1u);
}

TEST(RetainGrad, AddsUpAsThatOfALeaf) {
  Tensor x = leaf(1.0f), y = x * 2, z = y * 3;
  y.retain_grad();
  y.retain_grad();
  z.backward({}, true);
  EXPECT_TRUE(is_close(y.grad(), tensor(3.0f)));
  autograd::grad({z}, {x}, {}, true);
  EXPECT_TRUE(is_close(y.grad(), tensor(6.0f)));
  autograd::grad({z}, {y});
  EXPECT_TRUE(is_close(y.grad(), tensor(9.0f)));
}

TEST(RetainGrad, KeepsACopyThatNobodyElseChanges) {
  Tensor x = leaf({1., 2.}), y = x * 2;
  y.retain_grad();
  y.grad_fn()->register_prehook([](const variable_list& grads) { grads[0].mul_(100); });
  (y * 3).sum().backward();
  EXPECT_TRUE(is_close(y.grad(), tensor({3., 3.})));
  EXPECT_TRUE(y.grad().is_contiguous());
  EXPECT_TRUE(is_close(x.grad(), tensor({600., 600.})));
}

TEST(RetainGrad, IsDifferentiableWithCreateGraph) {
  Tensor x = leaf(3.0f), y = x * 1;
  y.retain_grad();
  (y * y * y).backward({}, true, true);
  EXPECT_TRUE(is_close(autograd::grad({y.grad()}, {x}).at(0), tensor(18.0f)));
  for (const Tensor& t : {x, y}) t.mutable_grad().reset();  // a recorded gradient holds its tensor
}

TEST(RetainGrad, IsOfTheNewestVersionAfterAnInPlaceChange) {
  Tensor x = leaf(1.0f), y = x * 2, old = y * 7;
  y.retain_grad();
  y.mul_(5);
  EXPECT_TRUE(y.retains_grad());
  old.backward({}, true);
  EXPECT_FALSE(y.grad().defined()) << "that gradient is not of what the tensor is now";
  (y * 3).backward();
  EXPECT_TRUE(is_close(y.grad(), tensor(3.0f)));
}

TEST(RetainGrad, FollowsABaseThatIsChangedThroughAView) {
  Tensor x = leaf({1., 1., 1.}), y = x * 2;
  y.retain_grad();
  y[0].mul_(5);
  EXPECT_TRUE(y.retains_grad());
  (y * 3).sum().backward();
  EXPECT_TRUE(is_close(y.grad(), tensor({3., 3., 3.})));
  EXPECT_TRUE(is_close(x.grad(), tensor({30., 6., 6.})));
}

TEST(RetainGrad, FollowsAViewThatIsChangedOrWhoseBaseIs) {
  for (bool through_the_base : {false, true}) {
    Tensor x = leaf({1., 1., 1.}), y = x * 2, v = y.slice(0, 0, 2);
    v.retain_grad();
    (through_the_base ? y : v).mul_(5);
    (v * 3).sum().backward();
    EXPECT_TRUE(is_close(v.grad(), tensor({3., 3.}))) << through_the_base;
    EXPECT_TRUE(is_close(x.grad(), tensor({30., 30., 0.})));
  }
}

TEST(RetainGrad, IsOfOneOutputOfSeveral) {
  Tensor x = leaf({1., 2.});
  std::vector<Tensor> parts = x.unbind();
  parts[1].retain_grad();
  (parts[0] * 3 + parts[1] * 4).backward();
  EXPECT_TRUE(is_close(parts[1].grad(), tensor(4.0f)));
  EXPECT_FALSE(parts[0].grad().defined());
}

}  // namespace
}  // namespace adjoint::testing
