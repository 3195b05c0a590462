// SPDX-License-Identifier: MIT
// Backward and grad for given tensors only: what runs, what accumulates, what is refused; and
// gradients that are undefined.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/function.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

using autograd::AutogradContext;
using autograd::Function;

Tensor leaf(const detail::TensorData& data) { return tensor(data, requires_grad()); }

/// y = a, and notes that its backward ran.
struct Noted : Function<Noted> {
  static inline std::string ran;
  static Tensor forward(AutogradContext* ctx, const Tensor& a, const char* name) {
    ctx->saved_data["name"] = name;
    return a * 1;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    ran += ctx->saved_data["name"].toStringRef();
    return {grads[0], {}};
  }
};

// ---- inputs= of backward

TEST(BackwardInputs, ALeafAccumulatesOnceHoweverOftenItIsNamed) {
  Tensor x = leaf(3.0f), w = leaf(2.0f);
  autograd::backward({x * x * w}, {}, true, false, {x, x});
  EXPECT_EQ(x.grad().item<float>(), 12);
  EXPECT_FALSE(w.grad().defined());
  autograd::backward({x * x * w}, {}, true, false, {x, w});
  EXPECT_EQ(x.grad().item<float>(), 24);
  EXPECT_EQ(w.grad().item<float>(), 9);
}

TEST(BackwardInputs, ANonLeafRetainsItsGradientFromThenOn) {
  Tensor x = leaf(3.0f), y = x * 2, z = y * y;
  autograd::backward({z}, {}, true, false, {y, y});
  EXPECT_TRUE(y.retains_grad());
  EXPECT_EQ(y.grad().item<float>(), 12);
  EXPECT_FALSE(x.grad().defined());
  autograd::backward({z}, {}, true, false, {y});
  EXPECT_EQ(y.grad().item<float>(), 24) << "it accumulates";
  autograd::backward({z}, {}, false, false, {x, y});
  EXPECT_EQ(y.grad().item<float>(), 36);
  EXPECT_EQ(x.grad().item<float>(), 24);
}

TEST(BackwardInputs, TheOutputItselfMayBeOne) {
  Tensor x = leaf(3.0f), y = x * 2;
  autograd::backward({y}, {}, {}, false, {y});
  EXPECT_EQ(y.grad().item<float>(), 1);
  EXPECT_FALSE(x.grad().defined());
}

TEST(BackwardInputs, OneThatIsNotReachedGetsNothing) {
  Tensor x = leaf(3.0f), other = leaf(1.0f), apart = other * 2;
  autograd::backward({x * 2}, {}, {}, false, {other, apart});
  EXPECT_FALSE(x.grad().defined());
  EXPECT_FALSE(other.grad().defined());
  EXPECT_FALSE(apart.grad().defined());
}

TEST(BackwardInputs, OneThatNeedsNoGradIsRefused) {
  Tensor x = leaf(3.0f);
  EXPECT_TRUE(throws<Error>("can't retain_grad on Tensor that has requires_grad=False",
                            [&] { autograd::backward({x * 2}, {}, {}, false, {ones({1})}); }));
}

TEST(BackwardInputs, HooksOfALeafRunAndOfOthersToo) {
  Tensor x = leaf(3.0f), y = x * 2, z = y * 3;
  x.register_hook([](const Tensor& grad) { return grad * 10; });
  y.register_hook([](const Tensor& grad) { return grad + 1; });
  autograd::backward({z}, {}, true, false, {y});
  EXPECT_EQ(y.grad().item<float>(), 4);
  autograd::backward({z}, {}, true, false, {x});
  EXPECT_EQ(x.grad().item<float>(), 80);
}

// ---- What runs

TEST(Pruning, ANodeOffThePathNeverRuns) {
  Tensor x = leaf(2.0f), w = leaf(5.0f);
  auto graph = [&] {
    Tensor a = Noted::apply(x, "a"), b = Noted::apply(w, "b");
    return std::vector<Tensor>{a, b, Noted::apply(a * b, "c")};
  };
  auto runs = [&](const variable_list& inputs, bool backward) {
    auto g = graph();
    variable_list wanted = inputs.empty() ? variable_list{g[0]} : inputs;
    Noted::ran.clear();
    if (backward) {
      autograd::backward({g[2]}, {}, {}, false, wanted);
    } else {
      autograd::grad({g[2]}, wanted);
    }
    return Noted::ran;
  };
  EXPECT_EQ(runs({x}, false), "ca");
  EXPECT_EQ(runs({w}, false), "cb");
  EXPECT_EQ(runs({}, false), "c") << "a non-leaf's own node need not run for its gradient";
  EXPECT_EQ(runs({x}, true), "ca");
  EXPECT_EQ(runs({}, true), "c");
  EXPECT_EQ(runs({x, w}, true), "cba");
}

TEST(Pruning, KeepsWhatOtherCallsNeed) {
  Tensor x = leaf(2.0f), w = leaf(5.0f), shared = x * x, y = shared * w;
  EXPECT_EQ(autograd::grad({y}, {w}).at(0).item<float>(), 4);
  shared.backward();
  EXPECT_EQ(x.grad().item<float>(), 4) << "what did not run was not freed";
}

TEST(Pruning, AnInputThatLeadsToAnother) {
  Tensor x = leaf(2.0f), y = x * x, z = y * y;
  variable_list grads = autograd::grad({z}, {x, y, z});
  EXPECT_EQ(grads[0].item<float>(), 32);
  EXPECT_EQ(grads[1].item<float>(), 8);
  EXPECT_EQ(grads[2].item<float>(), 1);
}

// ---- Inputs that no gradient comes for

TEST(UnusedInputs, AreRefusedUnlessAllowed) {
  Tensor x = leaf(3.0f), unused = leaf(1.0f), apart = leaf(1.0f) * 2;
  for (const Tensor& t : {unused, apart}) {
    EXPECT_TRUE(throws<Error>(
        "One of the differentiated Tensors appears to not have been used in the graph. Set "
        "allow_unused=True if this is the desired behavior.",
        [&] {
          autograd::grad({x * x}, {x, t});
        }));
    variable_list grads = autograd::grad({x * x}, {t, x}, {}, {}, false, true);
    EXPECT_FALSE(grads[0].defined());
    EXPECT_EQ(grads[1].item<float>(), 6);
  }
}

TEST(UnusedInputs, OneThatIsReachedByUndefinedGradientsOnlyCountsAsUnused) {
  struct Nothing : Function<Nothing> {
    static Tensor forward(AutogradContext*, const Tensor& a) { return a * 1; }
    static variable_list backward(AutogradContext*, variable_list) { return {Tensor()}; }
  };
  Tensor x = leaf(3.0f), y = Nothing::apply(x * 2);
  EXPECT_TRUE(throws<Error>("appears to not have been used in the graph",
                            [&] { autograd::grad({y}, {x}, {}, true); }));
  EXPECT_FALSE(autograd::grad({y}, {x}, {}, true, false, true).at(0).defined());
  y.backward();
  EXPECT_FALSE(x.grad().defined());
}

TEST(UnusedInputs, AreTheErrorWhereThereIsNoOutput) {
  Tensor x = leaf(3.0f);
  EXPECT_TRUE(throws<Error>("appears to not have been used in the graph",
                            [&] { autograd::grad({}, {x}); }));
  autograd::backward({});
}

// ---- Undefined gradients on their way

/// (a, b) -> (a, b), whose backward has a gradient for a only.
struct OnlyFirst : Function<OnlyFirst> {
  static variable_list forward(AutogradContext*, const Tensor& a, const Tensor& b) {
    return {a * 1, b * 1};
  }
  static variable_list backward(AutogradContext*, variable_list grads) {
    return {grads[0], Tensor()};
  }
};

TEST(UndefinedGradients, PassThroughEveryKindOfNode) {
  Tensor x = leaf({{1., 2.}, {3., 4.}}), w = leaf({{1., 2.}, {3., 4.}});
  const std::vector<Tensor> through = {w * w,
                                       w.mm(w),
                                       w.sum(),
                                       w.mean({0}),
                                       w.view({4}),
                                       w.transpose(0, 1),
                                       w[0],
                                       w.exp(),
                                       w.relu(),
                                       w.clone(),
                                       cat({w, w}),
                                       std::get<0>(w.max(1)),
                                       w.softmax(1),
                                       w.index_select(0, tensor({0, 1}, kLong)),
                                       w.expand({3, 2, 2}),
                                       std::get<0>(w.sort(1))};
  for (const Tensor& t : through) {
    variable_list y = OnlyFirst::apply(x, t);
    (y[0].sum() + y[1].sum()).backward({}, true);
    EXPECT_FALSE(w.grad().defined()) << t.grad_fn()->name();
  }
  EXPECT_TRUE(is_close(x.grad(), full({2, 2}, double(through.size()))));
}

TEST(UndefinedGradients, OfSomeOutputsOfANodeAreNoGradients) {
  Tensor x = leaf({3., 1., 2.});
  std::vector<Tensor> parts = x.unbind();
  (parts[0] * 2 + parts[2] * 5).backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({2., 0., 5.})));
}

TEST(UndefinedGradients, ThroughAnInPlaceChangeOfAView) {
  Tensor x = leaf({1., 2.}), w = leaf({1., 2.}), base = w * 1;
  base[0].mul_(3);
  variable_list y = OnlyFirst::apply(x, base);
  (y[0] + y[1]).sum().backward();
  EXPECT_FALSE(w.grad().defined());
}

// ---- What backward refuses

TEST(BackwardErrors, NameTheTensorAndWhatIsWrong) {
  Tensor x = leaf({1., 2.}), y = x * x;
  EXPECT_TRUE(throws<Error>("grad can be implicitly created only for scalar outputs",
                            [&] { y.backward(); }));
  EXPECT_TRUE(
      throws<Error>("element 0 of tensors does not require grad and does not have a grad_fn",
                    [&] { y.detach().sum().backward(); }));
  EXPECT_TRUE(
      throws<Error>("element 1 of tensors does not require grad and does not have a grad_fn", [&] {
        autograd::backward({y.sum(), Tensor()});
      }));
  EXPECT_TRUE(throws<Error>(
      "Mismatch in shape: grad_output[0] has a shape of [3] and output[0] has a shape of [2].",
      [&] { y.backward(ones({3})); }));
  EXPECT_TRUE(throws<Error>("got 1 tensors and 2 gradients", [&] {
    autograd::backward({y}, {ones({2}), ones({2})});
  }));
  EXPECT_TRUE(throws<Error>("'inputs' argument to backward cannot be empty",
                            [&] { y.backward(ones({2}), {}, false, TensorList()); }));
  EXPECT_TRUE(throws<Error>(
      "One of the differentiated Tensors does not require grad: element 1 of the inputs", [&] {
        autograd::grad({y.sum()}, {x, ones({2})});
      }));
  EXPECT_TRUE(
      throws<Error>("grad requires non-empty inputs", [&] { autograd::grad({y.sum()}, {}); }));
  Tensor other_device = ones({2}, TensorOptions(kFloat).device(x.is_cpu() ? kCUDA : kCPU));
  EXPECT_TRUE(throws<Error>("invalid gradient at index 0 - expected device",
                            [&] { y.backward(other_device); }));
  EXPECT_FALSE(x.grad().defined());
  y.sum().backward();
  EXPECT_TRUE(throws<Error>("Trying to backward through the graph a second time",
                            [&] { y.sum().backward(); }));
}

}  // namespace
}  // namespace adjoint::testing
