// SPDX-License-Identifier: MIT
// The engine: order, sums, what is kept and what is freed.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/function.h"
#include "adjoint/memory.h"
#include "adjoint/op_registry.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

Tensor leaf(const detail::TensorData& data) { return tensor(data, requires_grad()); }

/// A node of the test's own.
struct Probe : Node {
  static inline int alive = 0;
  Probe() { ++alive; }
  ~Probe() override { --alive; }
  const char* name() const override { return "Probe"; }
  GradList apply(GradList&& grads) override { return GradList(std::move(grads)); }
};
template <class N = Probe>
intrusive_ptr<N> probe_on(const Tensor& input, const Tensor& output) {
  auto node = intrusive_ptr<N>::adopt(new N());
  node->add_next_edge({input.grad_fn(), input.output_nr()});
  output.impl()->set_grad_fn(node, node->add_input_metadata(output));
  return node;
}

TEST(Engine, AChainOfAMillionNodesRunsAndIsFreed) {
  Tensor x = leaf(2.0f);
  {
    Tensor y = x;
    for (int i = 0; i < 1'000'000; ++i) y = y + 1;
    EXPECT_EQ(y.item<float>(), 1'000'002.0f);
    y.backward();
  }
  EXPECT_EQ(x.grad().item<float>(), 1.0f);
}

TEST(Engine, AMillionNodesAreFreedWithoutARun) {
  int64_t before = memory_stats().allocated;
  {
    Tensor x = leaf(2.0f), y = x;
    for (int i = 0; i < 1'000'000; ++i) y = y * 1;
  }
  EXPECT_EQ(memory_stats().allocated, before);
}

TEST(Engine, TheGraphDoesNotKeepItsTensorsAlive) {
  Tensor x = leaf(2.0f);
  {
    Tensor y = x * 2;
    probe_on(y, y.detach());
    Tensor z = y.detach();
    probe_on(y, z);
    EXPECT_EQ(Probe::alive, 1);
    EXPECT_TRUE(z.requires_grad());
  }
  EXPECT_EQ(Probe::alive, 0);
}

TEST(Engine, ADiamondAddsUpBothWays) {
  Tensor x = leaf(3.0f);
  Tensor a = x * 2, b = x * 5;
  (a * b).backward();  // 10 x^2
  EXPECT_EQ(x.grad().item<float>(), 60.0f);
}

TEST(Engine, AStackOfDiamondsRunsEachNodeOnce) {
  Tensor x = leaf(1.0f), y = x;
  for (int i = 0; i < 60; ++i) y = (y + y) * 0.5;
  y.backward();  // 2^60 paths
  EXPECT_EQ(x.grad().item<float>(), 1.0f);
}

TEST(Engine, AnInputUsedTwiceByOneNodeGetsBothGradients) {
  Tensor x = leaf(3.0f);
  (x * x).backward();
  EXPECT_EQ(x.grad().item<float>(), 6.0f);
}

TEST(Engine, GradientOfASharedLeafAccumulatesOverGraphs) {
  Tensor w = leaf({1., 2.});
  (w * 3).sum().backward();
  Tensor first = w.grad();
  (w * 4).sum().backward();
  EXPECT_TRUE(is_close(w.grad(), tensor({7., 7.})));
  EXPECT_TRUE(first.is_same(w.grad())) << "the buffer stays where it is";
}

TEST(Engine, TheFirstGradientIsNotSharedWithWhatTheUserHandedIn) {
  Tensor x = leaf({1., 2.}), weight = tensor({1., 1.});
  (x + 0).backward(weight);
  x.grad().add_(1);
  EXPECT_TRUE(is_close(weight, tensor({1., 1.})));
}

TEST(Engine, TwoLeavesOfOneSumDoNotShareAGradient) {
  Tensor a = leaf({1., 2.}), b = leaf({3., 4.});
  (a + b).sum().backward();
  a.grad().mul_(5);
  EXPECT_TRUE(is_close(b.grad(), tensor({1., 1.})));
}

TEST(Engine, AnUnusedInputGetsNoGradient) {
  Tensor x = leaf(1.0f), unused = leaf(1.0f);
  (x * 2).backward();
  EXPECT_FALSE(unused.grad().defined());
}

TEST(Engine, SeveralRootsAddUp) {
  Tensor x = leaf({1., 2.});
  Tensor a = (x * 2).sum(), b = x * x;
  autograd::backward({a, b}, {Tensor(), tensor({1., 10.})});
  EXPECT_TRUE(is_close(x.grad(), tensor({4., 42.})));
}

TEST(Engine, OneRootTwiceCountsTwice) {
  Tensor x = leaf(3.0f), y = x * x;
  autograd::backward({y, y});
  EXPECT_EQ(x.grad().item<float>(), 12.0f);
}

TEST(Engine, ARootInsideAnothersGraphIsRunOnce) {
  Tensor x = leaf(3.0f);
  Tensor y = x * 2, z = y * y;
  autograd::backward({y, z});  // 2 + 2 y 2
  EXPECT_EQ(x.grad().item<float>(), 26.0f);
}

TEST(Engine, ALeafMayBeARoot) {
  Tensor x = leaf(3.0f);
  x.backward();
  EXPECT_EQ(x.grad().item<float>(), 1.0f);
}

TEST(Engine, ARetainedGraphRunsAgain) {
  Tensor x = leaf(3.0f), y = x * x;
  y.backward({}, true);
  y.backward({}, true);
  y.backward();
  EXPECT_EQ(x.grad().item<float>(), 18.0f);
}

TEST(Engine, AFreedGraphSaysSo) {
  Tensor x = leaf(3.0f), y = x * x;
  y.backward();
  EXPECT_TRUE(
      throws<Error>("Trying to backward through the graph a second time", [&] { y.backward(); }));
  EXPECT_EQ(x.grad().item<float>(), 6.0f);
}

TEST(Engine, AGraphThatSavedNothingRunsAgain) {
  Tensor x = leaf(3.0f), y = x + 1;
  y.backward();
  y.backward();
  EXPECT_EQ(x.grad().item<float>(), 2.0f);
}

TEST(Engine, SavedTensorsAreFreedByBackward) {
  Tensor x = leaf(1.0f).detach();
  int64_t before = memory_stats().allocated;
  Tensor w = ones({1000}, requires_grad());
  Tensor y = (w * w).sum();
  {
    Tensor z = (w.exp() * w).sum();
    z.backward();
    w.mutable_grad().reset();
    // z is alive, but what its graph had saved is not: w and the two sums are left.
    EXPECT_LE(memory_stats().allocated - before, 4096 + 4 * 512)
        << "blocks are multiples of up to 512 bytes";
  }
}

TEST(Engine, NodesRunInTheOppositeOrderOfTheirMaking) {
  std::vector<std::string> order;
  Tensor x = leaf(1.0f);
  Tensor a = x * 2, b = x * 3, c = x * 4;
  a.register_hook([&](const Tensor&) { order.push_back("a"); });
  b.register_hook([&](const Tensor&) { order.push_back("b"); });
  c.register_hook([&](const Tensor&) { order.push_back("c"); });
  (b + c + a).backward();
  EXPECT_EQ(order, (std::vector<std::string>{"c", "b", "a"}));
}

TEST(Engine, GradientsOfBroadcastOperandsAreSummedToTheirShapes) {
  Tensor x = ones({3, 1}, requires_grad()), y = ones({2}, requires_grad()), z = leaf(1.0f);
  (x * y * z).backward(ones({3, 2}));
  EXPECT_TRUE(is_close(x.grad(), full({3, 1}, 2.0)));
  EXPECT_TRUE(is_close(y.grad(), full({2}, 3.0)));
  EXPECT_TRUE(is_close(z.grad(), tensor(6.0f)));
}

TEST(Engine, GradientsHaveTheDtypeOfTheirTensor) {
  Tensor x = ones({2}, TensorOptions(kFloat).requires_grad(true));
  Tensor y = ones({2}, TensorOptions(kDouble).requires_grad(true));
  (x * y).sum().backward();
  EXPECT_TRUE(is_close(x.grad(), ones({2}, kFloat)));
  EXPECT_TRUE(is_close(y.grad(), ones({2}, kDouble)));
}

TEST(Engine, EmptyTensorsHaveEmptyGradients) {
  Tensor x = ones({0, 3}, requires_grad());
  (x * 2).sum().backward();
  EXPECT_TRUE(is_close(x.grad(), zeros({0, 3})));
}

// ---- autograd::grad

TEST(Grad, LeavesTheLeavesAlone) {
  Tensor x = leaf(3.0f), w = leaf(2.0f);
  variable_list grads = autograd::grad({x * x * w}, {x});
  EXPECT_TRUE(is_close(grads.at(0), tensor(12.0f)));
  EXPECT_FALSE(x.grad().defined());
  EXPECT_FALSE(w.grad().defined());
}

TEST(Grad, OfAnIntermediateTensor) {
  Tensor x = leaf(3.0f), y = x * x, z = y * y;
  variable_list grads = autograd::grad({z}, {y, x}, {}, true);
  EXPECT_TRUE(is_close(grads.at(0), tensor(18.0f)));
  EXPECT_TRUE(is_close(grads.at(1), tensor(108.0f)));
}

TEST(Grad, OfTheOutputItselfIsItsWeight) {
  Tensor x = leaf({1., 2.}), y = x * 2;
  EXPECT_TRUE(is_close(autograd::grad({y}, {y}, {tensor({5., 6.})}).at(0), tensor({5., 6.})));
}

TEST(Grad, OneInputTwiceGivesItsGradientTwice) {
  Tensor x = leaf(3.0f);
  variable_list grads = autograd::grad({x * x}, {x, x});
  EXPECT_TRUE(is_close(grads.at(0), tensor(6.0f)));
  EXPECT_TRUE(is_close(grads.at(1), tensor(6.0f)));
}

TEST(Grad, OnlyRunsWhatLeadsToTheInputs) {
  Tensor x = leaf(3.0f), w = leaf(2.0f);
  bool ran = false;
  Tensor side = w * 2;
  side.register_hook([&](const Tensor&) { ran = true; });
  Tensor deep = side * 2;
  deep.register_hook([&](const Tensor&) { ran = true; });
  autograd::grad({x * x + deep}, {x});
  EXPECT_FALSE(ran);
}

TEST(Grad, AnUnusedInputIsAnErrorUnlessAllowed) {
  Tensor x = leaf(3.0f), unused = leaf(1.0f);
  auto run = [&](bool allow) { return autograd::grad({x * x}, {x, unused}, {}, {}, false, allow); };
  EXPECT_TRUE(throws<Error>("appears to not have been used in the graph", [&] { run(false); }));
  variable_list grads = run(true);
  EXPECT_TRUE(is_close(grads.at(0), tensor(6.0f)));
  EXPECT_FALSE(grads.at(1).defined());
}

TEST(Grad, ComputesNothingForInputsThatWereNotAskedFor) {
  struct Counter : DispatchObserver {
    int kernels = 0;
    void before(const OpDef&, const Stream&) override { ++kernels; }
    void after(const OpDef&, const Stream&) override {}
  };
  Tensor x = leaf({{1., 2.}, {3., 4.}}), w = leaf({{5., 6.}, {7., 8.}}), g = ones({2, 2});
  auto kernels_of = [&](const variable_list& inputs) {
    Tensor y = mm(x, w);
    Counter counter;
    DispatchObserver* before = set_dispatch_observer(&counter);
    autograd::grad({y}, inputs, {g});
    set_dispatch_observer(before);
    return counter.kernels;
  };
  EXPECT_EQ(kernels_of({x, w}), 2);
  EXPECT_EQ(kernels_of({x}), 1);
  EXPECT_EQ(kernels_of({w}), 1);
}

TEST(Grad, ABackwardInsideOfAnotherKeepsTheOuterOnesChoice) {
  struct Square : autograd::Function<Square> {
    static Tensor forward(autograd::AutogradContext* context, const Tensor& a, const Tensor& b) {
      context->save_for_backward({a, b});
      return a * b;
    }
    static variable_list backward(autograd::AutogradContext* context, variable_list grads) {
      auto saved = context->get_saved_variables();
      bool first = context->needs_input_grad(0);
      Tensor inner = tensor(3.0f, requires_grad());
      {
        AutoGradMode recording(true);
        Tensor unused = tensor(1.0f, requires_grad());
        autograd::grad({inner * inner * unused}, {inner});
      }
      EXPECT_EQ(context->needs_input_grad(0), first);
      EXPECT_NE(context->needs_input_grad(1), first);
      return {grads[0] * saved[1], grads[0] * saved[0]};
    }
  };
  Tensor a = leaf(2.0f), b = leaf(5.0f), y = Square::apply(a, b);
  EXPECT_TRUE(is_close(autograd::grad({y}, {a}, {}, true).at(0), tensor(5.0f)));
  EXPECT_TRUE(is_close(autograd::grad({y}, {b}).at(0), tensor(2.0f)));
}

TEST(Grad, RefusesWhatItCannotDo) {
  Tensor x = leaf({1., 2.});
  EXPECT_TRUE(
      throws<Error>("grad requires non-empty inputs", [&] { autograd::grad({x.sum()}, {}); }));
  EXPECT_TRUE(throws<Error>("One of the differentiated Tensors does not require grad",
                            [&] { autograd::grad({x.sum()}, {ones({2})}); }));
  EXPECT_TRUE(throws<Error>("grad can be implicitly created only for scalar outputs",
                            [&] { autograd::grad({x * 2}, {x}); }));
  EXPECT_TRUE(throws<Error>("Mismatch in shape: grad_output[0] has a shape of [3] and output[0]",
                            [&] { autograd::grad({x * 2}, {x}, {ones({3})}); }));
  EXPECT_TRUE(throws<Error>("got 1 tensors and 2 gradients", [&] {
    autograd::grad({x * 2}, {x}, {ones({2}), ones({2})});
  }));
}

TEST(Grad, OfThirdOrder) {
  Tensor x = tensor({1., 2., 3.}, TensorOptions(kDouble).requires_grad(true));
  Tensor y = (x * x * x * x).sum();
  Tensor first = autograd::grad({y}, {x}, {}, true, true).at(0);
  Tensor second = autograd::grad({first.sum()}, {x}, {}, true, true).at(0);
  Tensor third = autograd::grad({second.sum()}, {x}, {}, true, true).at(0);
  auto expected = [](double a, double b, double c) { return tensor({a, b, c}, kDouble); };
  EXPECT_TRUE(is_close(first.detach(), expected(4, 32, 108)));
  EXPECT_TRUE(is_close(second.detach(), expected(12, 48, 108)));
  EXPECT_TRUE(is_close(third.detach(), expected(24, 48, 72)));
  Tensor fourth = autograd::grad({third.sum()}, {x}).at(0);
  EXPECT_TRUE(is_close(fourth, expected(24, 24, 24)));
  EXPECT_FALSE(fourth.requires_grad());
}

// ---- backward's arguments

TEST(Backward, WithCreateGraphRecordsTheGradient) {
  Tensor x = leaf(3.0f);
  (x * x * x).backward({}, {}, true);
  EXPECT_TRUE(x.grad().requires_grad());
  Tensor first = x.grad();
  x.mutable_grad().reset();
  first.backward();
  EXPECT_TRUE(is_close(x.grad(), tensor(18.0f)));
}

TEST(Backward, OnlyForTheInputsGiven) {
  Tensor x = leaf(3.0f), w = leaf(2.0f), y = x * w;
  std::vector<Tensor> inputs{w, y};
  (y * y).backward({}, {}, false, TensorList(inputs));
  EXPECT_FALSE(x.grad().defined());
  EXPECT_TRUE(is_close(w.grad(), tensor(36.0f)));
  EXPECT_TRUE(is_close(y.grad(), tensor(12.0f))) << "a non-leaf among the inputs receives it too";
  EXPECT_TRUE(throws<Error>("'inputs' argument to backward cannot be empty",
                            [&] { (x * 2).backward({}, {}, false, TensorList()); }));
}

TEST(Backward, RefusesTensorsWithoutAGraph) {
  EXPECT_TRUE(
      throws<Error>("element 0 of tensors does not require grad and does not have a grad_fn",
                    [] { ones({1}).backward(); }));
  Tensor x = leaf(1.0f);
  EXPECT_TRUE(throws<Error>("element 1 of tensors does not require grad", [&] {
    autograd::backward({x * 2, ones({1})});
  }));
}

TEST(Backward, AcceptsAGradientThatMustBeConverted) {
  Tensor x = leaf({1., 2.});
  (x * 2).backward(tensor({1., 3.}, kDouble));
  EXPECT_TRUE(is_close(x.grad(), tensor({2., 6.})));
}

// ---- Exceptions, undefined gradients and nodes of the user's own

struct Thrower final : Probe {
  GradList apply(GradList&&) override { throw ValueError("no gradient today"); }
};

TEST(Engine, AnExceptionOfANodeReachesTheCallerAndHarmsNothing) {
  Tensor x = leaf(3.0f);
  Tensor y = x * 2, z = y.detach();
  auto node = probe_on<Thrower>(y, z);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(throws<ValueError>("no gradient today", [&] { (z * z).backward(); }));
  }
  EXPECT_FALSE(x.grad().defined());
  EXPECT_TRUE(GradMode::is_enabled());
  (x * x).backward();
  y.backward();
  EXPECT_EQ(x.grad().item<float>(), 8.0f);
}

struct Undefined final : Probe {
  GradList apply(GradList&&) override { return GradList(1); }
};

TEST(Engine, AnUndefinedGradientPassesOverWhatIsBehindIt) {
  Tensor x = leaf(3.0f), y = x * 2, z = y.detach();
  auto node = probe_on<Undefined>(y, z);
  (z * 3).backward();
  EXPECT_FALSE(x.grad().defined());
  // Another way to the same leaf still counts.
  (z * 3 + x).backward();
  EXPECT_EQ(x.grad().item<float>(), 1.0f);
}

struct TooMany final : Probe {
  GradList apply(GradList&& grads) override { return {grads[0], grads[0]}; }
};
struct Misshapen final : Probe {
  GradList apply(GradList&&) override { return {ones({3})}; }
};

TEST(Engine, ANodeThatReturnsWhatDoesNotFitIsNamed) {
  Tensor x = leaf({3., 4.}), y = x * 2, z = y.detach();
  auto many = probe_on<TooMany>(y, z);
  EXPECT_TRUE(throws<Error>(
      "Function Probe returned an invalid number of gradients - expected 1, but got 2",
      [&] { z.backward(ones({2})); }));
  Tensor u = y.detach();
  auto shape = probe_on<Misshapen>(y, u);
  EXPECT_TRUE(
      throws<Error>("Function Probe returned an invalid gradient at index 0 - got [3] but expected "
                    "shape compatible with [2]",
                    [&] { u.backward(ones({2})); }));
}

struct Nested final : Probe {
  Tensor inner;
  GradList apply(GradList&& grads) override {
    enable_grad record;
    Tensor loss = (inner * inner).sum();
    loss.backward();
    return {grads[0] * inner.grad().sum()};
  }
};

TEST(Engine, ANodeMayRunBackwardItself) {
  Tensor x = leaf(3.0f), y = x * 2, z = y.detach();
  auto node = probe_on<Nested>(y, z);
  node->inner = leaf({1., 2.});
  z.backward();
  EXPECT_EQ(x.grad().item<float>(), 12.0f);
}

struct NestedInOneGraph final : Probe {
  Tensor shared;
  GradList apply(GradList&& grads) override {
    shared.backward({}, true);
    return GradList(std::move(grads));
  }
};

TEST(Engine, ANodeMayRunBackwardThroughTheGraphThatIsBeingRun) {
  Tensor x = leaf(3.0f), y = x * x, z = y.detach();
  auto node = probe_on<NestedInOneGraph>(y, z);
  node->shared = y * 2;
  (z + y).backward();  // 2 x twice, and 4 x inside
  EXPECT_EQ(x.grad().item<float>(), 24.0f);
}

}  // namespace
}  // namespace adjoint::testing
