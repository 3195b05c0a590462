// SPDX-License-Identifier: MIT
// Exceptions that leave nodes and hooks: the engine, the graph and the thread stay usable. And
// graphs of any length: none is run or freed by recursion.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/cuda.h"
#include "adjoint/function.h"
#include "adjoint/memory.h"
#include "adjoint/ops.h"
#include "adjoint/stream.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

using autograd::AutogradContext;
using autograd::Function;

Tensor leaf(const detail::TensorData& data) { return tensor(data, requires_grad()); }

/// y = a, whose backward throws as long as it is told to.
struct Fails : Function<Fails> {
  static inline bool failing = true;
  static Tensor forward(AutogradContext*, const Tensor& a) { return a * 1; }
  static variable_list backward(AutogradContext*, variable_list grads) {
    if (failing) throw ValueError("out of order");
    return grads;
  }
};

/// Throws wherever `where` says, then runs the same graph again.
struct Trouble {
  Tensor x = leaf(3.0f), w = leaf(5.0f);
  Tensor shared = x * w;
  Tensor y = Fails::apply(shared), loss = y * y + shared * 2;

  void fails() {
    Fails::failing = true;
    EXPECT_TRUE(throws<Error>("out of order", [&] { loss.backward({}, true); }));
  }
  void works() {
    Fails::failing = false;
    x.mutable_grad().reset();
    w.mutable_grad().reset();
    loss.backward({}, true);  // 2 x w * w + 2 w
    EXPECT_EQ(x.grad().item<float>(), 2 * 15 * 5 + 2 * 5);
    EXPECT_EQ(w.grad().item<float>(), 2 * 15 * 3 + 2 * 3);
  }
};

TEST(Exceptions, OfANodeLeaveNothingOfTheRunBehind) {
  Trouble t;
  for (int i = 0; i < 3; ++i) {
    t.fails();
    t.works();
  }
  t.fails();
  EXPECT_EQ(autograd::grad({t.shared * 1}, {t.x}, {}, true).at(0).item<float>(), 5)
      << "gradients that had been gathered are gone";
}

TEST(Exceptions, OfHooksLeaveNothingOfTheRunBehind) {
  Trouble t;
  Fails::failing = false;
  auto stop = [] { throw ValueError("out of order"); };
  for (Tensor* tensor : {&t.x, &t.shared, &t.y, &t.loss}) {
    unsigned handle = tensor->register_hook([&](const Tensor&) { stop(); });
    EXPECT_TRUE(throws<ValueError>("out of order", [&] { t.loss.backward({}, true); }));
    tensor->remove_hook(handle);
    t.works();
  }
  uintptr_t pre = t.y.grad_fn()->register_prehook([&](const variable_list&) { stop(); });
  EXPECT_TRUE(throws<ValueError>("out of order", [&] { t.loss.backward({}, true); }));
  t.y.grad_fn()->del_pre_hook(pre);
  t.works();
  uintptr_t post =
      t.y.grad_fn()->register_hook([&](const variable_list&, const variable_list&) { stop(); });
  EXPECT_TRUE(throws<ValueError>("out of order", [&] { t.loss.backward({}, true); }));
  t.y.grad_fn()->del_post_hook(post);
  t.works();
  unsigned accumulated = t.x.register_post_accumulate_grad_hook([&](const Tensor&) { stop(); });
  EXPECT_TRUE(throws<ValueError>("out of order", [&] { t.loss.backward({}, true); }));
  t.x.remove_post_accumulate_grad_hook(accumulated);
  t.works();
}

TEST(Exceptions, LeaveModesAndStreamsAsTheyWere) {
  Trouble t;
  Stream before = current_stream(t.x.device());
  t.fails();
  EXPECT_TRUE(GradMode::is_enabled());
  EXPECT_EQ(current_stream(t.x.device()), before);
  {
    NoGradGuard no_grad;
    Fails::failing = true;
    EXPECT_TRUE(throws<Error>("out of order", [&] { t.loss.backward({}, true, true); }));
    EXPECT_FALSE(GradMode::is_enabled());
  }
  if (t.x.is_cuda()) {
    // Nodes that ran on another stream than the caller's.
    StreamGuard other(cuda::getStreamFromPool());
    Stream stream = current_stream(t.x.device());
    t.fails();
    EXPECT_EQ(current_stream(t.x.device()), stream);
    t.works();
  }
  t.works();
}

TEST(Exceptions, OfAnotherTypeThanTheLibrarysArriveAsTheyAre) {
  Tensor x = leaf(1.0f), y = x * 2;
  y.register_hook([](const Tensor&) { throw 42; });
  int caught = 0;
  try {
    y.backward();
  } catch (int value) {
    caught = value;
  }
  EXPECT_EQ(caught, 42);
}

TEST(Exceptions, InAPostAccumulateHookThatRunsBackwardItself) {
  Tensor x = leaf(2.0f), inner = x * 10;
  int depth = 0;
  unsigned handle = x.register_post_accumulate_grad_hook([&](const Tensor&) {
    if (++depth < 100) inner.backward({}, true);  // ends in the leaf whose hook this is
  });
  (x * 1).backward();
  EXPECT_EQ(x.grad().item<float>(), 1 + 99 * 10);
  x.remove_post_accumulate_grad_hook(handle);
}

// ---- Long graphs

class LongGraph : public ::testing::Test {
 protected:
  /// Of recursion, more than a stack holds; the simulated device takes its time.
  const int length_ = get_default_device().is_cpu() ? 100'000 : 2'000;
  int64_t before_ = memory_stats().allocated;
  /// All of a graph is gone, its tensors' memory too.
  void expect_freed() { EXPECT_EQ(memory_stats().allocated, before_); }
};

TEST_F(LongGraph, OfFunctionsThatSavedTheirOutputs) {
  struct Step : Function<Step> {
    static Tensor forward(AutogradContext* ctx, const Tensor& a) {
      Tensor y = a * 1;
      ctx->save_for_backward({a, y});
      return y;
    }
    static variable_list backward(AutogradContext*, variable_list grads) { return grads; }
  };
  for (bool run : {false, true}) {
    Tensor x = leaf(1.0f), y = x;
    for (int i = 0; i < length_; ++i) y = Step::apply(y);
    if (!run) continue;
    y.backward();
    EXPECT_EQ(x.grad().item<float>(), 1);
  }
  expect_freed();
}

TEST_F(LongGraph, OfFunctionsThatKeptTensorsByName) {
  struct Step : Function<Step> {
    static Tensor forward(AutogradContext* ctx, const Tensor& a) {
      ctx->saved_data["input"] = a;
      ctx->saved_data["list"] = variable_list{a};
      return a * 1;
    }
    static variable_list backward(AutogradContext*, variable_list grads) { return grads; }
  };
  {
    Tensor y = leaf(1.0f);
    for (int i = 0; i < length_; ++i) y = Step::apply(y);
  }
  expect_freed();
}

TEST_F(LongGraph, OfInPlaceChangesOfAView) {
  {
    Tensor x = leaf({1., 2.}), base = x * 1, part = base[0];
    for (int i = 0; i < length_ / 4; ++i) part.mul_(1);
    base.sum().backward();
    EXPECT_TRUE(is_close(x.grad(), tensor({1., 1.})));
  }
  expect_freed();
}

TEST_F(LongGraph, OfViewsOfViews) {
  {
    Tensor x = leaf({1., 2.}), y = x * 1;
    for (int i = 0; i < length_; ++i) y = y.view({2});
    y.sum().backward();
    EXPECT_TRUE(is_close(x.grad(), tensor({1., 1.})));
  }
  expect_freed();
}

TEST_F(LongGraph, WhoseHooksHoldTheTensorsBefore) {
  {
    Tensor x = leaf(1.0f), y = x;
    for (int i = 0; i < length_; ++i) {
      Tensor next = y * 1;
      next.register_hook([y](const Tensor&) {});
      y = next;
    }
  }
  expect_freed();
}

TEST_F(LongGraph, OfLeavesThatHoldEachOther) {
  {
    Tensor y = leaf(1.0f);
    for (int i = 0; i < length_; ++i) {
      Tensor next = leaf(1.0f);
      next.register_hook([y](const Tensor&) {});
      y = next;
    }
  }
  expect_freed();
}

TEST_F(LongGraph, OfGradientsOfGradients) {
  {
    Tensor x = leaf(1.0f), y = x;
    for (int i = 0; i < length_ / 10; ++i) y = y * x;
    Tensor first = autograd::grad({y}, {x}, {}, {}, true).at(0);
    Tensor second = autograd::grad({first}, {x}).at(0);
    EXPECT_GT(second.item<float>(), 0);
  }
  expect_freed();
}

}  // namespace
}  // namespace adjoint::testing
