// SPDX-License-Identifier: MIT
// Several threads run backward at once. Under ThreadSanitizer these find races.
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/function.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"
#include "tests/support/on_threads.h"

namespace adjoint::testing {
namespace {

constexpr int kRounds = 50;

Tensor small_network(const Tensor& w, const Tensor& x) {
  Tensor h = (x.mm(w) * 0.5).exp();
  return (h * h + h).sum();
}

TEST(ConcurrentBackward, OnSeparateGraphs) {
  on_threads([](int i) {
    for (int round = 0; round < kRounds; ++round) {
      Tensor x = tensor({1., 2., 3.}, requires_grad());
      Tensor y = x;
      for (int k = 0; k <= i; ++k) y = y * x;
      y.sum().backward();
      Tensor expected = (i + 2) * x.detach().pow(i + 1);
      EXPECT_TRUE(is_close(x.grad(), expected, {16, 16}));
    }
  });
}

TEST(ConcurrentBackward, OnSeparateGraphsThatEndInSharedLeaves) {
  Tensor w = tensor({{0.5, -0.25}, {0.125, 1.}}, requires_grad()),
         b = tensor({1., 2.}, requires_grad());
  on_threads([&](int) {
    for (int round = 0; round < kRounds; ++round) {
      Tensor x = tensor({{1., 2.}});
      ((x.mm(w) + b) * 2).sum().backward();
    }
  });
  // Sums of small integers are exact, in whatever order.
  EXPECT_TRUE(is_close(w.grad(), tensor({{1., 1.}, {2., 2.}}) * (2 * kThreads * kRounds), {0, 0}));
  EXPECT_TRUE(is_close(b.grad(), tensor({1., 1.}) * (2 * kThreads * kRounds), {0, 0}));
}

TEST(ConcurrentBackward, IntoGivenInputsThatAreShared) {
  Tensor w = tensor({1., 2.}, requires_grad());
  on_threads([&](int) {
    for (int round = 0; round < kRounds; ++round) {
      std::vector<Tensor> inputs{w};
      (w * 3).sum().backward({}, {}, false, TensorList(inputs));
    }
  });
  EXPECT_TRUE(is_close(w.grad(), full({2}, 3.0 * kThreads * kRounds), {0, 0}));
}

TEST(ConcurrentBackward, OnOneRetainedGraph) {
  Tensor w = tensor({{0.5, -0.25}, {0.125, 1.}}, requires_grad());
  Tensor x = tensor({{1., 2.}, {3., 4.}});
  Tensor loss = small_network(w, x);
  Tensor once = autograd::grad({loss}, {w}, {}, true).at(0);
  on_threads([&](int) {
    for (int round = 0; round < kRounds; ++round) {
      EXPECT_TRUE(same_bits(autograd::grad({loss}, {w}, {}, true).at(0), once));
    }
  });
  EXPECT_FALSE(w.grad().defined());
  on_threads([&](int) {
    for (int round = 0; round < kRounds; ++round) loss.backward({}, true);
  });
  EXPECT_TRUE(is_close(w.grad(), once * (kThreads * kRounds), {512, 0}));
}

TEST(ConcurrentBackward, OnOneRetainedGraphOfManyDiamonds) {
  Tensor x = tensor(1.0f, requires_grad()), y = x;
  for (int i = 0; i < 40; ++i) y = (y + y) * 0.5;
  on_threads([&](int) {
    for (int round = 0; round < kRounds; ++round) {
      EXPECT_EQ(autograd::grad({y}, {x}, {}, true).at(0).item<float>(), 1.0f);
    }
  });
}

TEST(ConcurrentBackward, OnGraphsThatShareTheirBeginning) {
  Tensor x = tensor({1., 2.}, requires_grad()), shared = (x * x).exp();
  Tensor expected = autograd::grad({(shared * 3).sum()}, {x}, {}, true).at(0);
  on_threads([&](int) {
    for (int round = 0; round < kRounds; ++round) {
      Tensor own = (shared * 3).sum();
      EXPECT_TRUE(same_bits(autograd::grad({own}, {x}, {}, true).at(0), expected));
    }
  });
}

TEST(ConcurrentBackward, OfHigherOrder) {
  on_threads([](int) {
    for (int round = 0; round < kRounds; ++round) {
      Tensor x = tensor(2.0f, requires_grad());
      Tensor first = autograd::grad({x * x * x}, {x}, {}, true, true).at(0);
      EXPECT_EQ(autograd::grad({first}, {x}).at(0).item<float>(), 12.0f);
    }
  });
}

TEST(ConcurrentBackward, WithDifferentGradModes) {
  Tensor x = tensor(2.0f, requires_grad());
  on_threads([&](int i) {
    AutoGradMode mode(i % 2 == 0);
    for (int round = 0; round < kRounds; ++round) EXPECT_EQ((x * 2).requires_grad(), i % 2 == 0);
  });
}

TEST(ConcurrentGraphs, MadeByOneThreadAreRunAndFreedByOthers) {
  Tensor x = tensor({1., 2.}, requires_grad());
  std::vector<Tensor> losses;
  for (int i = 0; i < kThreads; ++i) losses.push_back((x * 2).exp().log().sum());
  on_threads([&](int i) {
    losses[size_t(i)].backward();
    losses[size_t(i)].reset();
  });
  EXPECT_TRUE(is_close(x.grad(), full({2}, 2.0 * kThreads)));
}

TEST(ConcurrentGraphs, TheFirstUseOfALeafMakesOneAccumulator) {
  for (int round = 0; round < kRounds; ++round) {
    Tensor x = tensor(2.0f, requires_grad());
    std::vector<Tensor> results(kThreads);
    on_threads([&](int i) { results[size_t(i)] = x * 1; });
    Node* first = results[0].grad_fn()->next_edge(0).function.get();
    for (const Tensor& r : results) EXPECT_EQ(r.grad_fn()->next_edge(0).function.get(), first);
  }
}

// ---- Functions, nested calls and failures

/// y = 2 a, whose backward counts its calls in what it kept.
struct Counted : autograd::Function<Counted> {
  static inline int64_t most = 0;
  static Tensor forward(autograd::AutogradContext* ctx, const Tensor& a) {
    ctx->saved_data["calls"] = 0;
    ctx->save_for_backward({a});
    return a * 2;
  }
  static variable_list backward(autograd::AutogradContext* ctx, variable_list grads) {
    int64_t calls = ctx->saved_data["calls"].toInt();
    std::this_thread::yield();  // another thread would come in between
    most = calls + 1;
    ctx->saved_data["calls"] = most;
    EXPECT_EQ(ctx->get_saved_variables().size(), 1u);
    return {grads[0] * 2};
  }
};

TEST(ConcurrentBackward, OfAFunctionTakesTurnsInOneGraph) {
  Tensor x = tensor({1., 2.}, requires_grad());
  Tensor loss = Counted::apply(x * 1).sum();
  on_threads([&](int) {
    for (int round = 0; round < kRounds; ++round) loss.backward({}, true);
  });
  EXPECT_EQ(Counted::most, kThreads * kRounds) << "no call was lost";
  EXPECT_TRUE(is_close(x.grad(), full({2}, 2.0 * kThreads * kRounds), {0, 0}));
}

TEST(ConcurrentBackward, OfFunctionsAppliedByEachThreadToSharedLeaves) {
  struct Double : autograd::Function<Double> {
    static Tensor forward(autograd::AutogradContext* ctx, const Tensor& a) {
      ctx->save_for_backward({a});
      return a * 2;
    }
    static variable_list backward(autograd::AutogradContext* ctx, variable_list grads) {
      EXPECT_TRUE(ctx->needs_input_grad(0));
      return {grads[0] * 2 + ctx->get_saved_variables()[0] * 0};
    }
  };
  Tensor x = tensor({1., 2.}, requires_grad());
  on_threads([&](int) {
    for (int round = 0; round < kRounds; ++round) Double::apply(x).sum().backward();
  });
  EXPECT_TRUE(is_close(x.grad(), full({2}, 2.0 * kThreads * kRounds), {0, 0}));
}

struct Deep : autograd::Function<Deep> {
  static Tensor forward(autograd::AutogradContext* ctx, const Tensor& a, int depth) {
    ctx->saved_data["depth"] = depth;
    return a * 1;
  }
  static variable_list backward(autograd::AutogradContext* ctx, variable_list grads) {
    int64_t depth = ctx->saved_data["depth"].toInt();
    if (depth > 0) {
      enable_grad record;
      Deep::apply(tensor(1.0f, requires_grad()), int(depth - 1)).backward();
    }
    return {grads[0], {}};
  }
};

TEST(ConcurrentBackward, NestedDeeperThanOneThreadGoes) {
  Tensor x = tensor(1.0f, requires_grad());
  on_threads([&](int) { Deep::apply(x, 150).backward(); });
  EXPECT_EQ(x.grad().item<float>(), kThreads);
}

TEST(ConcurrentBackward, ThatFailsInOneThreadHarmsNoOther) {
  static thread_local bool failing = false;
  Tensor x = tensor({1., 2.}, requires_grad()), y = x * x, loss = (y * y).sum();
  y.register_hook([](const Tensor&) {
    if (failing) throw ValueError("this thread fails");
  });
  Tensor expected = autograd::grad({loss}, {x}, {}, true).at(0);
  on_threads([&](int i) {
    failing = i % 2 == 0;
    for (int round = 0; round < kRounds; ++round) {
      if (failing) {
        EXPECT_TRUE(throws<ValueError>("this thread fails",
                                       [&] { autograd::grad({loss}, {x}, {}, true); }));
      } else {
        EXPECT_TRUE(same_bits(autograd::grad({loss}, {x}, {}, true).at(0), expected));
      }
    }
  });
}

}  // namespace
}  // namespace adjoint::testing
