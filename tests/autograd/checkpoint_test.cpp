// SPDX-License-Identifier: MIT
// Checkpoints: the gradients of the function itself, in less memory.
#include "adjoint/checkpoint.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "adjoint/function.h"
#include "adjoint/generator.h"
#include "adjoint/memory.h"
#include "adjoint/nn.h"
#include "adjoint/ops.h"
#include "adjoint/saved_tensor_hooks.h"
#include "core/math/philox_state.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

using autograd::checkpoint;
using autograd::CheckpointOptions;

Tensor leaf(const detail::TensorData& data) { return tensor(data, requires_grad()); }
const CheckpointOptions to_the_end = CheckpointOptions().early_stop(false);

/// Gradients of the sum of f(x, w) with respect to both, by a checkpoint and without.
template <class F>
void expect_same_gradients(F f) {
  Tensor x = leaf({0.5, -1., 2.}), w = leaf({3., 0.25, -0.5});
  variable_list plain = autograd::grad({f(x, w).sum()}, {x, w}, {}, {}, false, true);
  for (const CheckpointOptions& options : {CheckpointOptions(), to_the_end}) {
    Tensor y = checkpoint(options, f, x, w).sum();
    variable_list grads = autograd::grad({y}, {x, w}, {}, {}, false, true);
    for (size_t i = 0; i < 2; ++i) {
      ASSERT_EQ(grads[i].defined(), plain[i].defined());
      if (!plain[i].defined()) continue;
      EXPECT_TRUE(same_bits(grads[i], plain[i])) << "input " << i;
    }
  }
}

// ---- Gradients

TEST(Checkpoint, GivesTheValuesAndGradientsOfTheFunction) {
  expect_same_gradients([](const Tensor& x, const Tensor& w) { return (x * w).exp() * x.tanh(); });
  expect_same_gradients([](const Tensor& x, const Tensor& w) { return x.softmax(0) / w; });
  expect_same_gradients([](const Tensor& x, const Tensor&) { return x * 2; });  // saves nothing
  Tensor x = leaf({1., 2.});
  EXPECT_TRUE(
      same_bits(checkpoint([](const Tensor& t) { return t.exp(); }, x).detach(), x.exp().detach()));
}

TEST(Checkpoint, RunsTheFunctionOnceForwardAndOnceBackward) {
  int runs = 0;
  Tensor x = leaf({1., 2.});
  Tensor y = checkpoint(
      [&runs](const Tensor& t) {
        ++runs;
        return t.exp().tanh() * t;
      },
      x);
  EXPECT_EQ(runs, 1);
  y.sum().backward();
  EXPECT_EQ(runs, 2);
}

TEST(Checkpoint, GivesCapturedTensorsTheirGradients) {
  Tensor x = tensor({1., 2.}), w = leaf({3., 4.});  // the argument itself needs none
  checkpoint([&w](const Tensor& t) { return (t * w).exp(); }, x).sum().backward();
  EXPECT_TRUE(is_close(w.grad(), x * (x * w.detach()).exp()));
}

TEST(Checkpoint, OfAModuleTrainsIt) {
  nn::Linear layer(3, 2);
  Tensor x = ones({4, 3});
  layer->forward(x).tanh().sum().backward();
  Tensor expected = layer->weight.grad().clone();
  layer->zero_grad();
  checkpoint(layer, x).tanh().sum().backward();
  EXPECT_TRUE(same_bits(layer->weight.grad(), expected));
}

TEST(Checkpoint, TakesArgumentsOfAnyKindAndReturnsWhatTheFunctionReturns) {
  Tensor x = leaf({1., 2.}), y = leaf({3., 4.});
  auto f = [](double scale, const variable_list& list, std::string name, Tensor last) {
    Tensor product = (list[0] * list[1]).exp() * scale;
    return std::tuple<Tensor, Tensor, std::string>(product, product * last.tanh(), name + "!");
  };
  auto [a, b, name] = checkpoint(f, 0.5, variable_list{x, y}, std::string("hello"), y);
  EXPECT_EQ(name, "hello!");
  auto [plain_a, plain_b, plain_name] = f(0.5, {x, y}, "hello", y);
  variable_list grads = autograd::grad({a.sum(), b.sum()}, {x, y});
  variable_list plain = autograd::grad({plain_a.sum(), plain_b.sum()}, {x, y});
  EXPECT_TRUE(same_bits(grads[0], plain[0]));
  EXPECT_TRUE(same_bits(grads[1], plain[1]));
}

TEST(Checkpoint, PassesUndefinedArgumentsOn) {
  Tensor x = leaf({1., 2.});
  auto f = [](const Tensor& t, const Tensor& bias) { return bias.defined() ? t + bias : t.exp(); };
  checkpoint(f, x, Tensor()).sum().backward();
  EXPECT_TRUE(is_close(x.grad(), x.detach().exp()));
}

TEST(Checkpoint, WorksForSomeInputsOnly) {
  Tensor x = leaf({1., 2.}), w = leaf({3., 4.});
  Tensor y = checkpoint([](const Tensor& a, const Tensor& b) { return (a * b).exp(); }, x, w).sum();
  y.backward({}, false, false, TensorList(w));
  EXPECT_FALSE(x.grad().defined());
  EXPECT_TRUE(is_close(w.grad(), (x * (x * w).exp()).detach()));
}

TEST(Checkpoint, OfSeveralOutputsMayBeRunBackwardOneByOne) {
  int runs = 0;
  Tensor x = leaf({1., 2.});
  variable_list y = checkpoint(
      [&runs](const Tensor& t) {
        ++runs;
        return variable_list{t.exp(), t.tanh()};
      },
      x);
  y[0].sum().backward();
  y[1].sum().backward();
  EXPECT_TRUE(is_close(x.grad(), (x.exp() + 1 - x.tanh() * x.tanh()).detach()));
  EXPECT_EQ(runs, 2) << "what the second backward needed was there";
}

TEST(Checkpoint, RunsAgainForEachBackwardThroughARetainedGraph) {
  int runs = 0;
  Tensor x = leaf({1., 2.});
  Tensor y = checkpoint(
      [&runs](const Tensor& t) {
        ++runs;
        return t.exp();
      },
      x);
  y = y.sum();
  y.backward({}, true);
  y.backward({}, false);
  EXPECT_EQ(runs, 3);
  EXPECT_TRUE(is_close(x.grad(), 2 * x.detach().exp()));
  EXPECT_TRUE(
      throws<Error>("Trying to backward through the graph a second time", [&] { y.backward(); }));
}

TEST(Checkpoint, CanBeDifferentiatedThreeTimes) {
  Tensor x = leaf({0.5, 1.}), w = leaf({2., -1.});
  auto f = [&w](const Tensor& t) { return ((t * w).exp() * t.tanh()).sum(); };
  auto third = [&](Tensor y) {
    Tensor g = autograd::grad({y}, {x}, {}, true, true)[0].sum();
    Tensor gg = autograd::grad({g}, {w}, {}, true, true)[0].sum();
    return autograd::grad({gg}, {x})[0];
  };
  EXPECT_TRUE(is_close(third(checkpoint(f, x)), third(f(x))));
}

TEST(Checkpoint, MayContainCheckpoints) {
  expect_same_gradients([](const Tensor& x, const Tensor& w) {
    auto inner = [&w](const Tensor& t) {
      return checkpoint([&w](const Tensor& u) { return (u * w).exp(); }, t.tanh()) * t;
    };
    Tensor y = checkpoint(inner, x * 2);
    return checkpoint([](const Tensor& t) { return t.sigmoid() * t; }, y);
  });
}

TEST(Checkpoint, WithinACheckpointCanBeDifferentiatedTwice) {
  Tensor x = leaf({0.5, 1.});
  auto inner = [](const Tensor& t) { return t.exp() * t; };
  auto outer = [&](const Tensor& t) { return checkpoint(inner, t.tanh()).sigmoid(); };
  auto second = [&](Tensor y) {
    Tensor g = autograd::grad({y.sum()}, {x}, {}, true, true)[0].sum();
    return autograd::grad({g}, {x})[0];
  };
  EXPECT_TRUE(is_close(second(checkpoint(outer, x)), second(inner(x.tanh()).sigmoid()), {16, 1}));
}

TEST(Checkpoint, MayChangeItsOwnTensorsInPlace) {
  expect_same_gradients([](const Tensor& x, const Tensor& w) {
    Tensor y = x * w;
    y.add_(1);
    y[0].mul_(3);
    y.relu_();
    return y * x;
  });
}

struct Cube : autograd::Function<Cube> {
  static Tensor forward(autograd::AutogradContext* ctx, const Tensor& x) {
    ctx->save_for_backward({x});
    return x * x * x;
  }
  static variable_list backward(autograd::AutogradContext* ctx, variable_list grads) {
    // Asks twice: the second time the function runs once more.
    return {grads[0] * 3 * ctx->get_saved_variables()[0] * ctx->get_saved_variables()[0]};
  }
};

TEST(Checkpoint, KeepsNothingOfFunctionsOfTheUsersOwnEither) {
  expect_same_gradients([](const Tensor& x, const Tensor& w) { return Cube::apply(x * w).exp(); });
}

TEST(Checkpoint, MayRunABackwardOfItsOwn) {
  expect_same_gradients([](const Tensor& x, const Tensor& w) {
    Tensor g = autograd::grad({(x * x * w).sum()}, {x}, {}, true, true)[0];
    return g * g;
  });
}

// ---- Random numbers

TEST(Checkpoint, DrawsTheSameRandomNumbersAgain) {
  Tensor x = ones({100}).requires_grad_();
  auto f = [](const Tensor& t) { return dropout(t * t, 0.5, true) * rand({100}) * randn({100}); };
  manual_seed(7);
  Tensor expected = autograd::grad({f(x).sum()}, {x})[0];
  manual_seed(7);
  Tensor y = checkpoint(f, x).sum();
  manual_seed(8);  // whatever happens in between
  rand({10});
  const PhiloxState before = default_generator().philox_state();
  EXPECT_TRUE(same_bits(autograd::grad({y}, {x})[0], expected));
  const PhiloxState after = default_generator().philox_state();
  EXPECT_EQ(after, before);
}

TEST(Checkpoint, DrawsTheSameRandomNumbersInACheckpointInside) {
  Tensor x = ones({100}).requires_grad_();
  auto inner = [](const Tensor& t) { return dropout(t.exp(), 0.5, true); };
  auto outer = [&](const Tensor& t) { return checkpoint(inner, dropout(t, 0.5, true)).tanh(); };
  manual_seed(7);
  Tensor expected = autograd::grad({inner(dropout(x, 0.5, true)).tanh().sum()}, {x})[0];
  manual_seed(7);
  EXPECT_TRUE(same_bits(autograd::grad({checkpoint(outer, x).sum()}, {x})[0], expected));
}

TEST(Checkpoint, DrawsNewRandomNumbersWhereAskedTo) {
  Tensor x = ones({100}).requires_grad_();
  Tensor first, second;
  bool is_first = true;
  Tensor y = checkpoint(
      CheckpointOptions().preserve_rng_state(false),
      [&](const Tensor& t) {
        Tensor drawn = rand({100});
        (is_first ? first : second) = drawn;
        is_first = false;
        return t * drawn;
      },
      x);
  y.sum().backward();
  EXPECT_FALSE(same_bits(first, second));
  EXPECT_TRUE(same_bits(x.grad(), second));
}

// ---- What is refused, and what is left behind

TEST(Checkpoint, RefusesAFunctionThatSavesFewerTensorsTheSecondTime) {
  Tensor x = leaf({1., 2.});
  bool again = false;
  auto f = [&again](const Tensor& t) { return again ? t.exp() : t.exp().tanh().sigmoid(); };
  for (const CheckpointOptions& options : {CheckpointOptions(), to_the_end}) {
    again = false;
    Tensor y = checkpoint(options, f, x).sum();
    again = true;
    EXPECT_TRUE(throws<Error>(
        "A different number of tensors was saved during the original forward and "
        "recomputation.\nNumber of tensors saved during forward: 3.\nNumber of tensors "
        "saved during recomputation: 1.",
        [&] { y.backward(); }));
  }
}

TEST(Checkpoint, RefusesAFunctionThatSavesMoreTensorsTheSecondTime) {
  Tensor x = leaf({1., 2.});
  bool again = false;
  auto f = [&again](const Tensor& t) { return again ? t.exp().tanh() : t.exp(); };
  Tensor y = checkpoint(to_the_end, f, x).sum();
  again = true;
  EXPECT_TRUE(throws<Error>("A different number of tensors was saved", [&] { y.backward(); }));
}

TEST(Checkpoint, RefusesAFunctionThatSavesOtherTensorsTheSecondTime) {
  Tensor x = leaf({1., 2.});
  int64_t size = 2;
  auto f = [&size](const Tensor& t) { return t.narrow(0, 0, size).exp().sum(); };
  Tensor y = checkpoint(f, x);
  size = 1;
  EXPECT_TRUE(throws<Error>(
      "Recomputed values for the following tensors have different metadata than during the "
      "forward pass.\ntensor at position 0:\nsaved metadata: sizes [2]",
      [&] { y.backward(); }));
  size = 2;
  y.backward();
  EXPECT_TRUE(is_close(x.grad(), x.detach().exp()));
}

TEST(Checkpoint, RefusesAnArgumentThatHasChanged) {
  Tensor x = leaf({1., 2.}), a = x * 1;
  Tensor y = checkpoint([](const Tensor& t) { return t.exp().tanh(); }, a).sum();
  a.mul_(2);
  EXPECT_TRUE(throws<Error>("modified by an inplace operation", [&] { y.backward(); }));
}

TEST(Checkpoint, RefusesWhatTheFunctionChangesAfterItWasSaved) {
  Tensor x = leaf({1., 2.});
  auto f = [](const Tensor& t) {
    Tensor y = t * 1, z = y * y;
    y.mul_(5);
    return z.exp() + y;
  };
  EXPECT_TRUE(throws<Error>("modified by an inplace operation", [&] { f(x).sum().backward(); }));
  Tensor y = checkpoint(f, x).sum();
  EXPECT_TRUE(throws<Error>("modified by an inplace operation", [&] { y.backward(); }));
}

TEST(Checkpoint, ThatThrowsInTheRecomputationMayBeRunBackwardAgain) {
  Tensor x = leaf({1., 2.});
  bool fail = false;
  Tensor y = checkpoint(
      [&fail](const Tensor& t) {
        Tensor z = t.exp();
        if (fail) throw std::runtime_error("failed");
        return z.tanh();
      },
      x);
  y = y.sum();
  fail = true;
  const PhiloxState before = default_generator().philox_state();
  EXPECT_TRUE(throws<std::runtime_error>("failed", [&] { y.backward(); }));
  EXPECT_TRUE(GradMode::is_enabled());
  EXPECT_EQ(default_generator().philox_state().offset, before.offset);
  { autograd::disable_saved_tensors_hooks none("hooks were left behind"); }
  EXPECT_FALSE(x.grad().defined());
  fail = false;
  y.backward();
  EXPECT_TRUE(is_close(x.grad(), autograd::grad({x.exp().tanh().sum()}, {x})[0]));
}

TEST(Checkpoint, ThatThrowsInTheForwardLeavesNoHooks) {
  Tensor x = leaf({1., 2.});
  EXPECT_TRUE(throws<std::runtime_error>("failed", [&] {
    checkpoint(
        [](const Tensor& t) -> Tensor {
          t.exp();
          throw std::runtime_error("failed");
        },
        x);
  }));
  EXPECT_NO_THROW(autograd::disable_saved_tensors_hooks("hooks were left behind"));
}

TEST(Checkpoint, RecordsInTheRecomputationAndRestoresGradMode) {
  Tensor x = leaf({1., 2.});
  std::vector<bool> modes;
  Tensor y = checkpoint(
      [&modes](const Tensor& t) {
        modes.push_back(GradMode::is_enabled());
        return t.exp();
      },
      x);
  {
    NoGradGuard no_grad;
    y.sum();
    y.backward(ones({2}));
    EXPECT_FALSE(GradMode::is_enabled());
  }
  EXPECT_EQ(modes, (std::vector<bool>{true, true}));
  EXPECT_TRUE(is_close(x.grad(), x.detach().exp()));
}

TEST(Checkpoint, RecordsInTheRecomputationInInferenceModeToo) {
  Tensor x = leaf({1., 2.}), y = checkpoint([](const Tensor&t) { return t.exp().tanh(); }, x).sum();
  Tensor expected = autograd::grad({y}, {x}, {}, true)[0];
  InferenceMode inference;
  EXPECT_TRUE(is_close(autograd::grad({y}, {x})[0], expected));
  EXPECT_TRUE(InferenceMode::is_enabled());
}

TEST(Checkpoint, JustRunsWithoutGradMode) {
  Tensor x = leaf({1., 2.});
  NoGradGuard no_grad;
  int64_t before = memory_stats().allocated;
  Tensor y = checkpoint([](const Tensor& t) { return t.exp(); }, x);
  EXPECT_FALSE(y.requires_grad());
  y = Tensor();
  EXPECT_EQ(memory_stats().allocated, before);
}

TEST(Checkpoint, CopiesNeitherFunctionNorArgumentsWithoutGradMode) {
  auto held = std::make_shared<int>(), argument = std::make_shared<int>();
  long of_function = 0, of_argument = 0;
  auto f = [&, held](const Tensor& t, const std::shared_ptr<int>& a) {
    of_function = held.use_count();
    of_argument = a.use_count();
    return t.exp();
  };
  Tensor x = leaf({1., 2.}), y = checkpoint(f, x, argument);
  EXPECT_EQ(of_function, 3);
  EXPECT_EQ(of_argument, 2);
  y = Tensor();
  NoGradGuard no_grad;
  checkpoint(f, x, argument);
  EXPECT_EQ(of_function, 2);
  EXPECT_EQ(of_argument, 1);
}

TEST(Checkpoint, StopsTheRecomputationWhenItHasAllItNeeds) {
  Tensor x = leaf({1., 2.});
  int ends = 0;
  auto f = [&ends](const Tensor& t) {
    Tensor y = t.exp();
    ++ends;
    return y;
  };
  checkpoint(f, x).sum().backward();
  EXPECT_EQ(ends, 1);
  checkpoint(to_the_end, f, x).sum().backward();
  EXPECT_EQ(ends, 3);
}

TEST(Checkpoint, OfANoexceptFunctionRunsToItsEnd) {
  Tensor x = leaf({1., 2.});
  checkpoint([](const Tensor& t) noexcept { return t.exp(); }, x).sum().backward();
  EXPECT_TRUE(is_close(x.grad(), x.detach().exp()));
}

TEST(Checkpoint, StartsEachRunWithTheFunctionAsItWasGiven) {
  Tensor x = leaf({1., 2.});
  auto f = [factor = 1.0](const Tensor& t) mutable { return t.exp() * (factor *= 2); };
  Tensor y = checkpoint(f, x).sum();
  y.backward({}, true);
  y.backward();
  EXPECT_TRUE(is_close(x.grad(), 4 * x.detach().exp()));
}

TEST(Checkpoint, IsRunBackwardByConcurrentThreads) {
  Tensor x = leaf({1., 2.});
  Tensor y = checkpoint([](const Tensor& t) { return (t.exp().tanh() * t).sigmoid(); }, x).sum();
  Tensor expected = autograd::grad({y}, {x}, {}, true)[0];
  std::vector<Tensor> grads(4);
  std::vector<std::thread> threads;
  for (Tensor& g : grads) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) g = autograd::grad({y}, {x}, {}, true)[0];
    });
  }
  for (std::thread& t : threads) t.join();
  for (const Tensor& g : grads) EXPECT_TRUE(same_bits(g, expected));
}

TEST(CheckpointSequential, RunsModulesAndFunctions) {
  manual_seed(1);
  nn::Sequential net(nn::Linear(3, 4), nn::Tanh(), nn::Linear(4, 4), nn::Tanh(), nn::Linear(4, 2));
  Tensor x = ones({2, 3});
  net->forward(x).sum().backward();
  Tensor expected = net->parameters()[0].grad().clone();
  for (size_t segments = 1; segments <= 5; ++segments) {
    net->zero_grad();
    Tensor y = autograd::checkpoint_sequential(net, segments, x);
    EXPECT_TRUE(same_bits(y.detach(), net->forward(x).detach()));
    y.sum().backward();
    EXPECT_TRUE(same_bits(net->parameters()[0].grad(), expected)) << segments;
  }
  EXPECT_TRUE(throws<ValueError>("checkpoint_sequential: expected from 1 to 5 segments",
                                 [&] { autograd::checkpoint_sequential(net, 6, x); }));
  EXPECT_TRUE(throws<ValueError>("checkpoint_sequential: expected from 1 to 5 segments",
                                 [&] { autograd::checkpoint_sequential(net, 0, x); }));
}

}  // namespace
}  // namespace adjoint::testing
