// SPDX-License-Identifier: MIT
// Hooks on tensors: gradients on their way, and leaves that have been given theirs.
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
  x.remove_hook(first);
  (x * 1).backward();
  EXPECT_EQ(x.grad().item<float>(), 2.0f);
  EXPECT_TRUE(
      throws<IndexError>("Invalid index, no hook at position 2", [&] { x.remove_hook(2); }));
  EXPECT_TRUE(throws<IndexError>("Invalid index, no hook at position 0",
                                 [] { leaf(1.0f).remove_hook(0); }));
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

TEST(Hooks, RemovedByAnotherAreNotRunAnyMore) {
  Tensor x = leaf(2.0f), y = x * 1;
  std::string calls;
  unsigned second = 0;
  y.register_hook([&](const Tensor&) {
    calls += 'a';
    y.remove_hook(second);
  });
  second = y.register_hook([&](const Tensor&) { calls += 'b'; });
  y.register_hook([&](const Tensor&) { calls += 'c'; });
  y.backward();
  EXPECT_EQ(calls, "ac");
}

TEST(Hooks, AddedByAnotherRunTheNextTime) {
  Tensor x = leaf(2.0f), y = x * 1;
  std::string calls;
  y.register_hook([&](const Tensor&) {
    calls += 'a';
    y.register_hook([&](const Tensor&) { calls += 'b'; });
  });
  y.backward({}, true);
  EXPECT_EQ(calls, "a");
  y.backward();
  EXPECT_EQ(calls, "aab");
}

TEST(Hooks, AreDestroyedWithWhatTheyHold) {
  Tensor held = ones({1});
  Tensor x = leaf(2.0f);
  {
    Tensor y = x * 1;
    y.register_hook([held](const Tensor&) {});
    unsigned handle = x.register_hook([held](const Tensor&) {});
    EXPECT_EQ(held.use_count(), 3u);
    x.remove_hook(handle);
  }
  EXPECT_EQ(held.use_count(), 1u);
}

TEST(Hooks, OfALeafStayWhereItsGraphsGo) {
  Tensor x = leaf(2.0f);
  int calls = 0;
  x.register_hook([&](const Tensor&) { ++calls; });
  (x * 1).backward();
  (x * 1).backward();
  EXPECT_EQ(calls, 2);
}

TEST(Hooks, OfALeafSurviveAnUnrecordedChange) {
  Tensor x = leaf(2.0f), seen;
  x.register_hook([&](const Tensor& grad) { seen = grad; });
  {
    NoGradGuard no_grad;
    x.add_(1);
  }
  (x * x).backward();
  EXPECT_TRUE(is_close(seen, tensor(6.0f)));
}

TEST(Hooks, ChangeTheGradientOfALeafOnceForEachWayToAskForIt) {
  Tensor x = leaf(2.0f);
  x.register_hook([](const Tensor& grad) { return grad * 2; });
  EXPECT_TRUE(is_close(autograd::grad({x * 3}, {x}).at(0), tensor(6.0f)));
  EXPECT_FALSE(x.grad().defined());
  (x * 3).backward({}, false, false, TensorList(x));
  EXPECT_TRUE(is_close(x.grad(), tensor(6.0f)));
  (x * 3).backward();
  EXPECT_TRUE(is_close(x.grad(), tensor(12.0f)));
}

TEST(Hooks, RegisteredBeforeAnInPlaceChangeSeeTheGradientOfWhatWasThen) {
  Tensor x = leaf(1.0f), y = x * 2;
  std::vector<std::pair<std::string, float>> seen;
  auto record = [&](const char* name) {
    return [&seen, name](const Tensor& grad) { seen.emplace_back(name, grad.item<float>()); };
  };
  y.register_hook(record("before"));
  y.mul_(5);
  y.register_hook(record("after"));
  (y * 3).backward();
  EXPECT_EQ(seen, (decltype(seen){{"after", 3}, {"before", 15}}));
}

TEST(Hooks, OfAViewThatIsChangedAreOfItsOldHistory) {
  Tensor x = leaf({1., 1., 1.}), y = x * 2, v = y.slice(0, 0, 2);
  int before = 0;
  std::vector<Tensor> base_before, after;
  v.register_hook([&](const Tensor&) { ++before; });
  y.register_hook([&](const Tensor& grad) { base_before.push_back(grad); });
  v.mul_(5);
  v.register_hook([&](const Tensor& grad) { after.push_back(grad); });
  (v * 3).sum().backward();
  EXPECT_EQ(before, 0) << "no gradient goes that way any more";
  ASSERT_EQ(after.size(), 1u);
  EXPECT_TRUE(is_close(after[0], tensor({3., 3.})));
  ASSERT_EQ(base_before.size(), 1u);
  EXPECT_TRUE(is_close(base_before[0], tensor({15., 15., 0.})));
}

TEST(Hooks, SeeAnUndefinedGradientWhereOnlyOtherOutputsHaveOne) {
  Tensor x = leaf({1., 2.});
  std::vector<Tensor> parts = x.unbind();
  std::vector<bool> defined;
  parts[0].register_hook([&](const Tensor& grad) { defined.push_back(grad.defined()); });
  parts[1].register_hook([&](const Tensor& grad) { defined.push_back(grad.defined()); });
  (parts[0] * 3).backward();
  EXPECT_EQ(defined, (std::vector<bool>{true, false}));
  EXPECT_TRUE(is_close(x.grad(), tensor({3., 0.})));
}

TEST(Hooks, AreNotRunWhereNothingIsWanted) {
  Tensor x = leaf(2.0f), y = x * 2, w = x * 1;
  std::string calls;
  y.register_hook([&](const Tensor&) { calls += 'y'; });
  w.register_hook([&](const Tensor&) { calls += 'w'; });
  autograd::grad({y * 3 + w}, {w});
  EXPECT_EQ(calls, "w");
}

TEST(Hooks, RunInTheGradModeOfBackward) {
  Tensor x = leaf(2.0f), y = x.exp();
  std::vector<bool> enabled;
  y.register_hook([&](const Tensor&) { enabled.push_back(GradMode::is_enabled()); });
  x.register_post_accumulate_grad_hook(
      [&](const Tensor&) { enabled.push_back(GradMode::is_enabled()); });
  y.backward({}, true, true);
  y.backward();
  EXPECT_EQ(enabled, (std::vector<bool>{true, true, false, false}));
  x.mutable_grad().reset();  // recorded, it holds the tensor
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
  EXPECT_TRUE(throws<Error>("hook '0' has changed the size of value (was [2] got [3])",
                            [&] { (x * 2).sum().backward(); }));
}

TEST(Hooks, WithAGradientOfAnotherDtypeAreRefused) {
  Tensor x = leaf({1., 2.});
  x.register_hook([](const Tensor&) {});
  x.register_hook([](const Tensor& grad) { return grad.to(kDouble); });
  EXPECT_TRUE(
      throws<Error>("hook '1' has changed the type of value (was FloatTensor got DoubleTensor)",
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
  EXPECT_TRUE(throws<Error>("cannot register a hook on a variable that doesn't require gradient",
                            [] { ones({2}).register_hook([](const Tensor&) {}); }));
}

TEST(Hooks, CanDifferentiateWithCreateGraph) {
  Tensor x = leaf(2.0f), y = x * x;
  y.register_hook([&](const Tensor& grad) { return grad * x; });
  Tensor first = autograd::grad({y}, {x}, {}, true, true).at(0);  // 2 x^2
  EXPECT_TRUE(is_close(autograd::grad({first}, {x}).at(0), tensor(8.0f)));
}

TEST(PostAccumulateHooks, RunWhenTheGradientIsThere) {
  Tensor x = leaf({1., 2.});
  std::vector<Tensor> seen;
  x.register_post_accumulate_grad_hook([&](const Tensor& t) {
    EXPECT_TRUE(t.is_same(x));
    seen.push_back(t.grad().clone());
  });
  (x * 3).sum().backward();
  (x * 2 + x * 2).sum().backward();
  ASSERT_EQ(seen.size(), 2u) << "once for each backward";
  EXPECT_TRUE(is_close(seen[0], tensor({3., 3.})));
  EXPECT_TRUE(is_close(seen[1], tensor({7., 7.})));
}

TEST(PostAccumulateHooks, MayUseAndResetTheGradient) {
  Tensor x = leaf({1., 2.});
  x.register_post_accumulate_grad_hook([](const Tensor& t) {
    NoGradGuard no_grad;
    t.sub_(t.grad());
    t.mutable_grad().reset();
  });
  (x * x).sum().backward();
  EXPECT_FALSE(x.grad().defined());
  EXPECT_TRUE(is_close(x.detach(), tensor({-1., -2.})));
}

TEST(PostAccumulateHooks, RunInTheOrderOfRegistrationUntilTheyAreRemoved) {
  Tensor x = leaf(1.0f);
  std::string calls;
  unsigned first = x.register_post_accumulate_grad_hook([&](const Tensor&) { calls += '1'; });
  x.register_post_accumulate_grad_hook([&](const Tensor&) { calls += '2'; });
  (x * 3).backward();
  x.remove_post_accumulate_grad_hook(first);
  (x * 3).backward();
  EXPECT_EQ(calls, "122");
  EXPECT_TRUE(throws<IndexError>("Invalid index, no hook at position 2",
                                 [&] { x.remove_post_accumulate_grad_hook(2); }));
}

TEST(PostAccumulateHooks, RunForBackwardToChosenInputsAndNotForGrad) {
  Tensor x = leaf(1.0f);
  int calls = 0;
  x.register_post_accumulate_grad_hook([&](const Tensor&) { ++calls; });
  autograd::grad({x * 3}, {x});
  EXPECT_EQ(calls, 0);
  (x * 3).backward({}, false, false, TensorList(x));
  EXPECT_EQ(calls, 1);
}

TEST(PostAccumulateHooks, MayRunBackwardThemselves) {
  Tensor x = leaf(1.0f);
  int calls = 0;
  x.register_post_accumulate_grad_hook([&](const Tensor& t) {
    enable_grad record;
    if (++calls < 3) (t * 2).backward();
  });
  (x * 3).backward();
  EXPECT_EQ(calls, 3);
  EXPECT_TRUE(is_close(x.grad(), tensor(7.0f)));
}

TEST(PostAccumulateHooks, ThatThrowLeaveTheGradientAndTheEngineUsable) {
  Tensor x = leaf(1.0f);
  unsigned handle =
      x.register_post_accumulate_grad_hook([](const Tensor&) { throw ValueError("stop"); });
  EXPECT_TRUE(throws<ValueError>("stop", [&] { (x * 3).backward(); }));
  EXPECT_TRUE(is_close(x.grad(), tensor(3.0f)));
  x.remove_post_accumulate_grad_hook(handle);
  (x * 3).backward();
  EXPECT_TRUE(is_close(x.grad(), tensor(6.0f)));
}

TEST(PostAccumulateHooks, AreForLeavesThatRequireGrad) {
  Tensor x = leaf(1.0f), y = x * 2;
  EXPECT_TRUE(throws<Error>("post accumulate grad hooks cannot be registered on non-leaf tensors",
                            [&] { y.register_post_accumulate_grad_hook([](const Tensor&) {}); }));
  EXPECT_TRUE(
      throws<Error>("cannot register a hook on a variable that doesn't require gradient",
                    [] { ones({2}).register_post_accumulate_grad_hook([](const Tensor&) {}); }));
}

}  // namespace
}  // namespace adjoint::testing
