// SPDX-License-Identifier: MIT
// Hooks on tensors, and gradients of non-leaves that are kept.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

Tensor leaf(const detail::TensorData& data) { return tensor(data, requires_grad()); }

TEST(Hooks, SeeTheGradientOfALeaf) {
  Tensor x = leaf({1., 2.}), seen;
  x.register_hook([&](const Tensor& grad) { seen = grad.clone(); });
  (x * 3).sum().backward();
  EXPECT_TRUE(is_close(seen, tensor({3., 3.})));
}

TEST(Hooks, SeeTheWholeGradientOfATensorThatIsUsedTwice) {
  Tensor x = leaf(2.0f), y = x * 1;
  std::vector<float> seen;
  y.register_hook([&](const Tensor& grad) { seen.push_back(grad.item<float>()); });
  (y * 3 + y * 4).backward();
  EXPECT_EQ(seen, std::vector<float>{7});
}

TEST(Hooks, ReplaceTheGradient) {
  Tensor x = leaf(2.0f), y = x * 5;
  y.register_hook([](const Tensor& grad) { return grad * 10; });
  x.register_hook([](const Tensor& grad) { return grad + 1; });
  y.backward();
  EXPECT_EQ(x.grad().item<float>(), 51.0f);
}

TEST(Hooks, RunInTheOrderOfRegistration) {
  Tensor x = leaf(2.0f);
  x.register_hook([](const Tensor& grad) { return grad * 10; });
  x.register_hook([](const Tensor& grad) { return grad + 1; });
  (x * 1).backward();
  EXPECT_EQ(x.grad().item<float>(), 11.0f);
}

TEST(Hooks, AreRemovedByTheirHandle) {
  Tensor x = leaf(2.0f);
  unsigned first = x.register_hook([](const Tensor& grad) { return grad * 10; });
  x.register_hook([](const Tensor& grad) { return grad + 1; });
  x.remove_hook(first);
  (x * 1).backward();
  EXPECT_EQ(x.grad().item<float>(), 2.0f);
  EXPECT_TRUE(throws<IndexError>("no hook", [&] { x.remove_hook(first); }));
}

TEST(Hooks, MayRemoveThemselves) {
  Tensor x = leaf(2.0f);
  unsigned handle = 0;
  int calls = 0;
  handle = x.register_hook([&](const Tensor&) {
    ++calls;
    x.remove_hook(handle);
  });
  (x * 1).backward();
  (x * 1).backward();
  EXPECT_EQ(calls, 1);
}

TEST(Hooks, RunForGradToo) {
  Tensor x = leaf(2.0f), y = x * 3;
  int calls = 0;
  y.register_hook([&](const Tensor&) { ++calls; });
  x.register_hook([](const Tensor& grad) { return grad * 2; });
  EXPECT_TRUE(is_close(autograd::grad({y}, {x}).at(0), tensor(6.0f)));
  EXPECT_EQ(calls, 1);
}

TEST(Hooks, AreCalledOnceWhereNoGradientComes) {
  Tensor x = leaf(2.0f), unused = x * 2;
  int calls = 0;
  unused.register_hook([&](const Tensor&) { ++calls; });
  (x * 3).backward();
  EXPECT_EQ(calls, 0);
}

TEST(Hooks, WithAGradientOfAnotherShapeAreRefused) {
  Tensor x = leaf({1., 2.});
  x.register_hook([](const Tensor&) { return ones({3}); });
  EXPECT_TRUE(throws<Error>("returned a gradient of shape [3] for one of shape [2]",
                            [&] { (x * 2).sum().backward(); }));
}

TEST(Hooks, ThatThrowEndTheRun) {
  Tensor x = leaf(2.0f), y = x * 3;
  unsigned handle = y.register_hook([](const Tensor&) { throw ValueError("stop"); });
  EXPECT_TRUE(throws<ValueError>("stop", [&] { y.backward({}, true); }));
  EXPECT_FALSE(x.grad().defined());
  y.remove_hook(handle);
  y.backward();
  EXPECT_EQ(x.grad().item<float>(), 3.0f);
}

TEST(Hooks, NeedATensorThatRequiresGrad) {
  EXPECT_TRUE(throws<Error>("cannot register a hook on a tensor that doesn't require gradient",
                            [] { ones({2}).register_hook([](const Tensor&) {}); }));
}

TEST(Hooks, CanDifferentiateWithCreateGraph) {
  Tensor x = leaf(2.0f), y = x * x;
  y.register_hook([&](const Tensor& grad) { return grad * x; });
  Tensor first = autograd::grad({y}, {x}, {}, true, true).at(0);  // 2 x^2
  EXPECT_TRUE(is_close(autograd::grad({first}, {x}).at(0), tensor(8.0f)));
}

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

}  // namespace
}  // namespace adjoint::testing
