// SPDX-License-Identifier: MIT
// Hooks on nodes, and the order of all kinds of hooks.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

Tensor leaf(const detail::TensorData& data) { return tensor(data, requires_grad()); }

TEST(NodeHooks, SeeWhatComesInAndWhatGoesOut) {
  Tensor x = leaf({1., 2.}), w = leaf({3., 4.}), y = x * w;
  variable_list before, outputs, inputs;
  y.grad_fn()->register_prehook([&](const variable_list& grads) { before = grads; });
  y.grad_fn()->register_hook([&](const variable_list& out, const variable_list& in) {
    outputs = out;
    inputs = in;
  });
  (y * 5).sum().backward();
  ASSERT_EQ(before.size(), 1u);
  ASSERT_EQ(inputs.size(), 1u);
  ASSERT_EQ(outputs.size(), 2u);
  EXPECT_TRUE(is_close(before[0], tensor({5., 5.})));
  EXPECT_TRUE(is_close(inputs[0], tensor({5., 5.})));
  EXPECT_TRUE(is_close(outputs[0], tensor({15., 20.})));
  EXPECT_TRUE(is_close(outputs[1], tensor({5., 10.})));
}

TEST(NodeHooks, ReplaceGradients) {
  Tensor x = leaf(1.0f), y = x * 2;
  y.grad_fn()->register_prehook(
      [](const variable_list& grads) { return variable_list{grads[0] * 7}; });
  y.grad_fn()->register_hook([](const variable_list& outputs, const variable_list& inputs) {
    return variable_list{outputs[0] + inputs[0]};
  });
  (y * 3).backward();
  EXPECT_TRUE(is_close(x.grad(), tensor(63.0f))) << "3 * 7 * 2 + 3 * 7";
}

struct Doubling : FunctionPreHook {
  variable_list operator()(const variable_list& grads) override { return {grads[0] * 2}; }
};
struct AddingInputs : FunctionPostHook {
  variable_list operator()(const variable_list& outputs, const variable_list& inputs) override {
    return {outputs[0] + inputs[0]};
  }
};

TEST(NodeHooks, AreObjectsOfLibTorchsClasses) {
  Tensor x = leaf(1.0f), y = x * 5;
  y.grad_fn()->add_tensor_pre_hook(std::make_unique<Doubling>());
  y.grad_fn()->add_pre_hook(std::make_unique<Doubling>());
  y.grad_fn()->add_post_hook(std::unique_ptr<autograd::FunctionPostHook>(new AddingInputs()));
  EXPECT_TRUE(is_close(autograd::grad({y}, {y}, {}, true).at(0), tensor(2.0f)))
      << "tensor hooks only";
  y.backward();
  EXPECT_TRUE(is_close(x.grad(), tensor(24.0f)));
}

TEST(NodeHooks, RunInTheOrderOfRegistrationUntilTheyAreRemoved) {
  Tensor x = leaf(1.0f), y = x * 2;
  std::string calls;
  auto pre = [&](char c) { return [&calls, c](const variable_list&) { calls += c; }; };
  auto post = [&](char c) {
    return [&calls, c](const variable_list&, const variable_list&) { calls += c; };
  };
  const intrusive_ptr<Node> fn = y.grad_fn();
  uintptr_t first = fn->register_prehook(pre('a'));
  fn->register_prehook(pre('b'));
  uintptr_t third = fn->register_hook(post('c'));
  fn->register_hook(post('d'));
  y.backward({}, true);
  EXPECT_EQ(calls, "abcd");
  EXPECT_TRUE(fn->del_pre_hook(first));
  EXPECT_TRUE(fn->del_post_hook(third));
  EXPECT_FALSE(fn->del_pre_hook(7));
  EXPECT_FALSE((x * 1).grad_fn()->del_post_hook(0));
  y.backward();
  EXPECT_EQ(calls, "abcdbd");
}

TEST(NodeHooks, AndOthersRunInOneOrder) {
  Tensor x = leaf(1.0f), y = x * 2;
  std::vector<std::string> calls;
  const intrusive_ptr<Node> fn = y.grad_fn();
  fn->register_hook([&](const variable_list&, const variable_list&) { calls.push_back("post"); });
  y.retain_grad();
  fn->register_prehook([&](const variable_list& grads) {
    calls.push_back("pre " + std::to_string(int(grads[0].item<float>())) + ", kept " +
                    std::to_string(int(y.grad().item<float>())));
    return variable_list{grads[0] * 7};
  });
  y.register_hook([&](const Tensor& grad) {
    calls.push_back(y.grad().defined() ? "tensor, kept" : "tensor");
    return grad * 10;
  });
  (y * 3).backward();
  EXPECT_EQ(calls, (std::vector<std::string>{"tensor", "pre 30, kept 30", "post"}));
  EXPECT_TRUE(is_close(y.grad(), tensor(30.0f)));
  EXPECT_TRUE(is_close(x.grad(), tensor(420.0f)));
}

TEST(NodeHooks, OfALeafRunAroundItsAccumulation) {
  Tensor x = leaf(1.0f), y = x * 3;
  std::vector<std::string> calls;
  const intrusive_ptr<Node> leaf_node = y.grad_fn()->next_edge(0).function;
  auto has_grad = [&] { return x.grad().defined() ? " with grad" : " without grad"; };
  leaf_node->register_hook([&](const variable_list& outputs, const variable_list& inputs) {
    EXPECT_EQ(outputs.size(), 0u);
    ASSERT_EQ(inputs.size(), 1u);
    EXPECT_TRUE(is_close(inputs[0], tensor(3.0f)));
    calls.push_back(std::string("post") + has_grad());
  });
  leaf_node->register_prehook(
      [&](const variable_list&) { calls.push_back(std::string("pre") + has_grad()); });
  x.register_post_accumulate_grad_hook(
      [&](const Tensor&) { calls.push_back(std::string("accumulated") + has_grad()); });
  x.register_hook([&](const Tensor&) { calls.push_back(std::string("tensor") + has_grad()); });
  y.backward({}, true);
  EXPECT_EQ(calls, (std::vector<std::string>{"tensor without grad", "pre without grad",
                                             "accumulated with grad", "post with grad"}));
  calls.clear();
  autograd::grad({y}, {x}, {}, true);
  EXPECT_EQ(calls, (std::vector<std::string>{"tensor with grad"}));
  calls.clear();
  y.backward({}, false, false, TensorList(x));
  EXPECT_EQ(calls, (std::vector<std::string>{"tensor with grad", "pre with grad",
                                             "accumulated with grad", "post with grad"}));
}

TEST(NodeHooks, OfALeafGoWithItsGraphs) {
  Tensor x = leaf(1.0f);
  int of_the_node = 0, of_the_tensor = 0;
  x.register_hook([&](const Tensor&) { ++of_the_tensor; });
  (x * 2).grad_fn()->next_edge(0).function->register_prehook(
      [&](const variable_list&) { ++of_the_node; });
  (x * 2).backward();
  EXPECT_EQ(of_the_node, 0);
  EXPECT_EQ(of_the_tensor, 1);
}

TEST(NodeHooks, AreNotRunWhereOnlyTheGradientItselfIsWanted) {
  Tensor x = leaf(1.0f), y = x * 2;
  int calls = 0;
  y.grad_fn()->register_prehook([&](const variable_list&) { ++calls; });
  y.grad_fn()->register_hook([&](const variable_list&, const variable_list&) { ++calls; });
  autograd::grad({y * 3}, {y});
  EXPECT_EQ(calls, 0);
}

TEST(NodeHooks, SeeUndefinedGradientsOfOutputsThatAreNotUsed) {
  Tensor x = leaf({1., 2.});
  std::vector<Tensor> parts = x.unbind();
  variable_list seen;
  parts[0].grad_fn()->register_prehook([&](const variable_list& grads) { seen = grads; });
  parts[1].backward();
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_FALSE(seen[0].defined());
  EXPECT_TRUE(seen[1].defined());
}

TEST(NodeHooks, ThatLeaveNoGradientEndTheWay) {
  Tensor x = leaf(1.0f), y = x * 2;
  y.grad_fn()->register_prehook([](const variable_list&) { return variable_list(1); });
  (y * 3 + x).backward();
  EXPECT_TRUE(is_close(x.grad(), tensor(1.0f)));
}

TEST(NodeHooks, WithOtherGradientsThanTheyGotAreRefused) {
  auto backward_with_prehook = [](auto hook) {
    Tensor y = leaf({1., 2.}) * 2;
    y.grad_fn()->register_prehook(hook);
    y.sum().backward();
  };
  EXPECT_TRUE(throws<Error>(
      "hook '0' has returned an incorrect number of values (got 2, but expected 1)", [&] {
        backward_with_prehook([](const variable_list& grads) {
          return variable_list{grads[0], grads[0]};
        });
      }));
  EXPECT_TRUE(throws<Error>("hook '0' has changed the size of value (was [2] got [3])", [&] {
    backward_with_prehook([](const variable_list&) { return variable_list{ones({3})}; });
  }));
  EXPECT_TRUE(throws<Error>("hook '0' has changed the type of value", [&] {
    backward_with_prehook(
        [](const variable_list& grads) { return variable_list{grads[0].to(kDouble)}; });
  }));
  Tensor y = leaf({1., 2.}) * leaf({1., 2.});
  y.grad_fn()->register_hook(
      [](const variable_list& outputs, const variable_list&) { return variable_list{outputs[0]}; });
  EXPECT_TRUE(
      throws<Error>("hook '0' has returned an incorrect number of values (got 1, but expected 2)",
                    [&] { y.sum().backward(); }));
}

TEST(NodeHooks, ThatThrowEndTheRunAndLeaveTheEngineUsable) {
  Tensor x = leaf(1.0f), y = x * 2;
  const intrusive_ptr<Node> fn = y.grad_fn();
  uintptr_t pre = fn->register_prehook([](const variable_list&) { throw ValueError("before"); });
  EXPECT_TRUE(throws<ValueError>("before", [&] { y.backward({}, true); }));
  fn->del_pre_hook(pre);
  uintptr_t post = fn->register_hook(
      [](const variable_list&, const variable_list&) { throw ValueError("behind"); });
  EXPECT_TRUE(throws<ValueError>("behind", [&] { y.backward({}, true); }));
  fn->del_post_hook(post);
  EXPECT_FALSE(x.grad().defined());
  y.backward();
  EXPECT_TRUE(is_close(x.grad(), tensor(2.0f)));
}

TEST(NodeHooks, MayRemoveThemselvesAndOthers) {
  Tensor x = leaf(1.0f), y = x * 2;
  const intrusive_ptr<Node> fn = y.grad_fn();
  std::string calls;
  uintptr_t first = 0, second = 0;
  first = fn->register_prehook([&](const variable_list&) {
    calls += 'a';
    fn->del_pre_hook(first);
    fn->del_pre_hook(second);
  });
  second = fn->register_prehook([&](const variable_list&) { calls += 'b'; });
  y.backward({}, true);
  y.backward();
  EXPECT_EQ(calls, "a");
}

}  // namespace
}  // namespace adjoint::testing
