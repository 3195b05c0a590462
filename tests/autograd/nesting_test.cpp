// SPDX-License-Identifier: MIT
// Backward called inside of backward: by nodes, by hooks, by functions, to any depth.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/cuda.h"
#include "adjoint/engine.h"
#include "adjoint/function.h"
#include "adjoint/op_registry.h"
#include "adjoint/ops.h"
#include "adjoint/stream.h"
#include "adjoint/warning.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

using autograd::AutogradContext;
using autograd::Engine;
using autograd::Function;

Tensor leaf(const detail::TensorData& data) { return tensor(data, requires_grad()); }

/// y = a, with a backward that runs the same again `depth` times, each inside of the one before.
struct Nested : Function<Nested> {
  /// Called by the innermost.
  static inline void (*at_the_bottom)() = [] {};
  static Tensor forward(AutogradContext* ctx, const Tensor& a, int64_t depth) {
    ctx->saved_data["depth"] = depth;
    return a * 1;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    int64_t depth = ctx->saved_data["depth"].toInt();
    if (depth == 0) {
      at_the_bottom();
      return {grads[0], {}};
    }
    Tensor inner = tensor(1.0f, requires_grad());
    {
      enable_grad record;
      Nested::apply(inner, depth - 1).backward(grads[0]);
    }
    return {inner.grad() + 1, {}};
  }
};

class NestedBackward : public ::testing::Test {
 protected:
  ~NestedBackward() override {
    Nested::at_the_bottom = [] {};
  }
};

TEST_F(NestedBackward, RunsTenThousandDeep) {
  Tensor x = leaf(1.0f);
  int64_t depth = x.is_cpu() ? 10'000 : 1'000;  // the simulated device takes its time
  Nested::apply(x, depth).backward();
  EXPECT_EQ(x.grad().item<float>(), float(depth + 1));
}

TEST_F(NestedBackward, ContinuesOnAnotherThreadWhereItIsDeep) {
  static std::thread::id bottom;
  Nested::at_the_bottom = [] { bottom = std::this_thread::get_id(); };
  Nested::apply(leaf(1.0f), 10).backward();
  EXPECT_EQ(bottom, std::this_thread::get_id());
  Nested::apply(leaf(1.0f), 200).backward();
  EXPECT_NE(bottom, std::this_thread::get_id());
}

TEST_F(NestedBackward, AnExceptionArrivesFromAnyDepth) {
  Nested::at_the_bottom = [] { throw ValueError("thrown at the bottom"); };
  Tensor x = leaf(1.0f), y = Nested::apply(x, 300);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(throws<ValueError>("thrown at the bottom", [&] { y.backward({}, true); }));
  }
  EXPECT_FALSE(x.grad().defined());
  EXPECT_TRUE(GradMode::is_enabled());
  Nested::at_the_bottom = [] {};
  y.backward();
  EXPECT_EQ(x.grad().item<float>(), 301) << "the graph is as it was";
}

/// What the bottom of a deep nesting finds in its thread.
struct Found {
  bool grad_mode = true;
  Stream stream;
  Device device{kCPU};
  DispatchObserver* observer = nullptr;
  WarningHandler* handler = nullptr;
  uint64_t sequence_nr = 0;
};
Found found;

TEST_F(NestedBackward, TheOtherThreadHasTheStateOfTheFirst) {
  struct Watch final : DispatchObserver {
    void before(const OpDef&, const Stream&) override {}
    void after(const OpDef&, const Stream&) override {}
  } watch;
  WarningHandler handler;
  found = {};
  Nested::at_the_bottom = [] {
    found.grad_mode = GradMode::is_enabled();
    found.stream = current_stream(get_default_device());
    found.observer = detail::dispatch_observer();
    found.handler = WarningUtils::get_warning_handler();
    enable_grad record;
    found.sequence_nr = (tensor(1.0f, requires_grad()) * 1).grad_fn()->sequence_nr();
  };
  Stream stream = current_stream(get_default_device());
  if (!stream.device().is_cpu()) stream = cuda::getStreamFromPool();
  StreamGuard on(stream);
  Tensor x = leaf(1.0f);
  for (int i = 0; i < 1000; ++i) (void)(x * 1);  // more nodes than the other threads make
  Tensor y = Nested::apply(x, 100);
  DispatchObserver* before = set_dispatch_observer(&watch);
  {
    WarningUtils::WarningHandlerGuard guard(&handler);
    y.backward();
  }
  set_dispatch_observer(before);
  EXPECT_FALSE(found.grad_mode);
  EXPECT_EQ(found.stream, stream);
  EXPECT_EQ(found.observer, &watch);
  EXPECT_EQ(found.handler, &handler);
  EXPECT_GT(found.sequence_nr, y.grad_fn()->sequence_nr()) << "nodes are numbered on";
  EXPECT_GT((x * 1).grad_fn()->sequence_nr(), found.sequence_nr);
}

TEST_F(NestedBackward, WithCreateGraphRecordsOnTheOtherThreadToo) {
  found = {};
  found.grad_mode = false;
  Nested::at_the_bottom = [] { found.grad_mode = GradMode::is_enabled(); };
  struct Inner : Function<Inner> {
    static Tensor forward(AutogradContext*, const Tensor& a) { return a * 1; }
    static variable_list backward(AutogradContext*, variable_list grads) {
      Tensor x = tensor(1.0f, requires_grad());
      Nested::apply(x, 0).backward({}, {}, true);
      x.mutable_grad().reset();  // recorded, it holds the tensor
      return grads;
    }
  };
  Tensor x = leaf(1.0f);
  Inner::apply(x).backward({}, {}, true);
  EXPECT_TRUE(found.grad_mode);
  x.mutable_grad().reset();
}

TEST_F(NestedBackward, InHooks) {
  Tensor x = leaf(1.0f), y = x * 2;
  int depth = 0;
  std::vector<Tensor> inner;
  // Each hook runs the graph whose hook is the next.
  for (int i = 0; i < 200; ++i) {
    Tensor leaf_of_hook = leaf(1.0f), t = leaf_of_hook * 3;
    Tensor next = inner.empty() ? Tensor() : inner.back();
    t.register_hook([&depth, next](const Tensor&) {
      ++depth;
      if (next.defined()) next.backward();
    });
    inner.push_back(t);
  }
  y.register_hook([&](const Tensor&) { inner.back().backward(); });
  y.backward();
  EXPECT_EQ(depth, 200);
  EXPECT_EQ(x.grad().item<float>(), 2);
}

TEST_F(NestedBackward, ThroughTheNodeThatIsRunning) {
  struct Self : Function<Self> {
    static Tensor forward(AutogradContext* ctx, const Tensor& a, Tensor* output, int* rounds) {
      ctx->saved_data["output"] = int64_t(reinterpret_cast<intptr_t>(output));
      ctx->saved_data["rounds"] = int64_t(reinterpret_cast<intptr_t>(rounds));
      return a * 1;
    }
    static variable_list backward(AutogradContext* ctx, variable_list grads) {
      auto* output = reinterpret_cast<Tensor*>(ctx->saved_data["output"].toInt());
      auto* rounds = reinterpret_cast<int*>(ctx->saved_data["rounds"].toInt());
      if (--*rounds > 0) output->backward(grads[0], true);
      return {grads[0], {}, {}};
    }
  };
  Tensor x = leaf(1.0f), y;
  int rounds = 150;
  y = Self::apply(x, &y, &rounds);
  y.backward({}, true);
  EXPECT_EQ(x.grad().item<float>(), 150) << "also where it goes on on another thread";
}

TEST_F(NestedBackward, IsDoneBeforeAnythingElseOfTheOuterOne) {
  static std::vector<int> order;
  struct Outer : Function<Outer> {
    static Tensor forward(AutogradContext*, const Tensor& a) { return a * 1; }
    static variable_list backward(AutogradContext*, variable_list grads) {
      order.push_back(0);
      return grads;
    }
  };
  struct Reentrant : Function<Reentrant> {
    static Tensor forward(AutogradContext* ctx, const Tensor& a) {
      ctx->saved_data["rounds"] = 3;
      return a * 1;
    }
    static variable_list backward(AutogradContext* ctx, variable_list grads) {
      enable_grad record;
      order.push_back(1);
      for (int64_t i = ctx->saved_data["rounds"].toInt(); i > 0; --i) {
        Tensor inner = tensor(1.0f, requires_grad()) * 1;
        inner.register_hook([](const Tensor&) { order.push_back(2); });
        inner.backward();
      }
      return grads;
    }
  };
  order.clear();
  Tensor a = Outer::apply(leaf(6.0f)), b = Reentrant::apply(leaf(9.0f));
  (a * b).backward();
  EXPECT_EQ(order, (std::vector<int>{1, 2, 2, 2, 0}));
}

// ---- Callbacks

TEST(EngineCallback, RunsWhenAllNodesHaveRun) {
  std::string order;
  Tensor x = leaf(1.0f), y = x * 2;
  y.register_hook([&](const Tensor&) {
    order += "hook ";
    Engine::get_default_engine().queue_callback([&] {
      order += "first ";
      Engine::get_default_engine().queue_callback([&] { order += "third"; });
    });
    Engine::get_default_engine().queue_callback([&] { order += "second "; });
  });
  x.register_hook([&](const Tensor&) { order += "leaf "; });
  y.backward();
  EXPECT_EQ(order, "hook leaf first second third");
}

TEST(EngineCallback, IsOfTheInnermostBackward) {
  std::string order;
  Tensor x = leaf(1.0f), y = x * 2, inner = leaf(1.0f) * 2;
  inner.register_hook([&](const Tensor&) {
    Engine::get_default_engine().queue_callback([&] { order += "inner "; });
  });
  y.register_hook([&](const Tensor&) {
    Engine::get_default_engine().queue_callback([&] { order += "outer"; });
    inner.backward();
    order += "hook ";
  });
  y.backward();
  EXPECT_EQ(order, "inner hook outer");
}

TEST(EngineCallback, IsDroppedWhereANodeThrowsAndRefusedOutsideOfBackward) {
  bool called = false;
  Tensor x = leaf(1.0f), y = x * 2;
  y.register_hook([&](const Tensor&) {
    Engine::get_default_engine().queue_callback([&] { called = true; });
    throw ValueError("stop");
  });
  EXPECT_TRUE(throws<ValueError>("stop", [&] { y.backward(); }));
  EXPECT_FALSE(called);
  EXPECT_TRUE(throws<Error>("Final callbacks can only be installed during backward pass.",
                            [] { Engine::get_default_engine().queue_callback([] {}); }));
}

}  // namespace
}  // namespace adjoint::testing
