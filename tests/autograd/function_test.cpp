// SPDX-License-Identifier: MIT
// Functions of the user's own: what forward may be given, return and keep, and what backward sees
// and must return. What they change in place, and views: function_inplace_test.cpp.
#include "adjoint/function.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

using autograd::AutogradContext;
using autograd::Function;

Tensor leaf(const detail::TensorData& data) { return tensor(data, requires_grad()); }

/// The product, whose backward is written in what was saved.
struct Times : Function<Times> {
  static Tensor forward(AutogradContext* ctx, const Tensor& a, const Tensor& b) {
    ctx->save_for_backward({a, b});
    return a * b;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    variable_list saved = ctx->get_saved_variables();
    return {grads[0] * saved[1], grads[0] * saved[0]};
  }
};

TEST(Function, GivesTheGradientsThatItsBackwardReturns) {
  Tensor a = leaf({1., 2.}), b = leaf({3., 5.});
  Tensor y = Times::apply(a, b);
  EXPECT_TRUE(is_close(y.detach(), tensor({3., 10.})));
  y.backward(tensor({1., 10.}));
  EXPECT_TRUE(is_close(a.grad(), tensor({3., 50.})));
  EXPECT_TRUE(is_close(b.grad(), tensor({1., 20.})));
}

TEST(Function, ThatIsWrittenInOperationsHasGradientsOfAnyOrder) {
  Tensor a = tensor({2., 3.}, TensorOptions(kDouble).requires_grad(true));
  Tensor y = Times::apply(Times::apply(a, a), a).sum();
  Tensor first = autograd::grad({y}, {a}, {}, {}, true).at(0);
  Tensor second = autograd::grad({first.sum()}, {a}, {}, {}, true).at(0);
  Tensor third = autograd::grad({second.sum()}, {a}).at(0);
  EXPECT_TRUE(is_close(first.detach(), tensor({12., 27.}, kDouble)));
  EXPECT_TRUE(is_close(second.detach(), tensor({12., 18.}, kDouble)));
  EXPECT_TRUE(is_close(third, tensor({6., 6.}, kDouble)));
}

template <class T>
struct Scaled : Function<Scaled<T>> {
  static Tensor forward(AutogradContext*, const Tensor& a) { return a * 1; }
  static variable_list backward(AutogradContext*, variable_list grads) { return grads; }
};

TEST(Function, NamesItsNodeAfterItself) {
  struct Local : Function<Local> {
    static Tensor forward(AutogradContext*, const Tensor& a) { return a * 1; }
    static variable_list backward(AutogradContext*, variable_list grads) { return grads; }
  };
  Tensor a = leaf(1.0f);
  EXPECT_STREQ(Times::apply(a, a).grad_fn()->name(), "TimesBackward");
  EXPECT_STREQ(Local::apply(a).grad_fn()->name(), "LocalBackward");
  std::string scaled = Scaled<std::vector<int>>::apply(a).grad_fn()->name();
  EXPECT_EQ(scaled.substr(0, 19), "Scaled<std::vector<");
  EXPECT_EQ(scaled.substr(scaled.size() - 9), ">Backward");
}

// ---- Arguments

struct ManyKinds : Function<ManyKinds> {
  static Tensor forward(AutogradContext* ctx, const Tensor& a, double factor, TensorList list,
                        const std::optional<Tensor>& maybe, const std::vector<Tensor>& vector,
                        const std::string& word) {
    ctx->saved_data["factor"] = factor;
    ctx->saved_data["inputs"] = int64_t(1 + list.size() + maybe.has_value() + vector.size());
    Tensor sum = a * factor;
    for (const Tensor& t : list) sum = sum + t * 2;
    if (maybe) sum = sum + *maybe * 3;
    for (const Tensor& t : vector) sum = sum + t * double(word.size());
    return sum;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const Tensor& g = grads[0];
    double factor = ctx->saved_data["factor"].toDouble();
    if (ctx->saved_data["inputs"].toInt() == 6) {
      return {g * factor, {}, g * 2, g * 2, g * 3, g * 5, g * 5, {}};
    }
    return {g * factor, {}, {}, {}};
  }
};

TEST(Function, TakesTensorsInListsAndOptionals) {
  Tensor a = leaf(1.0f), b = leaf(1.0f), c = leaf(1.0f), d = leaf(1.0f), e = leaf(1.0f),
         f = leaf(1.0f);
  std::vector<Tensor> list{b, c}, vector{e, f};
  Tensor y = ManyKinds::apply(a, 7.0, TensorList(list), std::optional<Tensor>(d), vector,
                              std::string("fives"));
  EXPECT_EQ(y.item<float>(), 7 + 4 + 3 + 10);
  EXPECT_EQ(y.grad_fn()->next_edges().size(), 6u);
  y.backward();
  std::vector<float> grads;
  for (const Tensor& t : {a, b, c, d, e, f}) grads.push_back(t.grad().item<float>());
  EXPECT_EQ(grads, (std::vector<float>{7, 2, 2, 3, 5, 5}));
}

TEST(Function, WithoutTensorsInItsListsReturnsNoGradientsForThem) {
  Tensor a = leaf(1.0f);
  ManyKinds::apply(a, 7.0, TensorList(), std::optional<Tensor>(), std::vector<Tensor>(),
                   std::string("w"))
      .backward();
  EXPECT_EQ(a.grad().item<float>(), 7);
}

struct SumOfVector : Function<SumOfVector> {
  static Tensor forward(AutogradContext* ctx, const Tensor& a, const std::vector<Tensor>& v) {
    return a + v[0] + v[1];
  }
  static variable_list backward(AutogradContext*, variable_list grads) { return {grads[0], {}}; }
};

TEST(Function, MayReturnOneUndefinedGradientForAWholeVector) {
  Tensor a = leaf(1.0f), b = leaf(1.0f);
  SumOfVector::apply(a, std::vector<Tensor>{b, ones({})}).backward();
  EXPECT_EQ(a.grad().item<float>(), 1);
  EXPECT_FALSE(b.grad().defined());
}

struct SumOfDefined : Function<SumOfDefined> {
  static Tensor forward(AutogradContext*, const Tensor& a, const Tensor& b) {
    return b.defined() ? a + b : a * 1;
  }
  static variable_list backward(AutogradContext*, variable_list grads) {
    return {grads[0], grads[0]};
  }
};

TEST(Function, TakesAnUndefinedTensor) {
  Tensor a = leaf(1.0f);
  SumOfDefined::apply(a, Tensor()).backward();
  EXPECT_EQ(a.grad().item<float>(), 1);
}

TEST(Function, PassesItsArgumentsOnWithoutCopies) {
  struct Moved : Function<Moved> {
    static Tensor forward(AutogradContext*, const Tensor& a, std::unique_ptr<int> n) {
      return a * double(*n);
    }
    static variable_list backward(AutogradContext*, variable_list grads) { return {grads[0], {}}; }
  };
  EXPECT_EQ(Moved::apply(leaf(2.0f), std::make_unique<int>(4)).item<float>(), 8);
}

TEST(Function, DoesNotKeepItsArgumentsAlive) {
  Tensor a = leaf(1.0f), b = ones({});
  Tensor y = SumOfDefined::apply(a, b);
  EXPECT_EQ(b.use_count(), 1u);
}

// ---- What is recorded

TEST(Function, IsNotRecordedWhereNothingRequiresGrad) {
  Tensor y = Times::apply(ones({2}), ones({2}));
  EXPECT_FALSE(y.requires_grad());
  EXPECT_EQ(y.grad_fn(), nullptr);
  NoGradGuard no_grad;
  Tensor z = Times::apply(leaf({1., 2.}), leaf({1., 2.}));
  EXPECT_FALSE(z.requires_grad());
  EXPECT_TRUE(z.is_leaf());
}

TEST(Function, RecordsNothingOfItsForward) {
  struct Looks : Function<Looks> {
    static Tensor forward(AutogradContext*, const Tensor& a) {
      EXPECT_FALSE(GradMode::is_enabled());
      Tensor inner = a * 2;
      EXPECT_FALSE(inner.requires_grad());
      return inner;
    }
    static variable_list backward(AutogradContext*, variable_list grads) {
      EXPECT_FALSE(GradMode::is_enabled());
      return {grads[0] * 2};
    }
  };
  Tensor a = leaf(1.0f);
  Looks::apply(a).backward();
  EXPECT_TRUE(GradMode::is_enabled());
}

struct Throws : Function<Throws> {
  static Tensor forward(AutogradContext*, const Tensor& a, bool in_forward) {
    if (in_forward) throw ValueError("no forward today");
    return a * 2;
  }
  static variable_list backward(AutogradContext*, variable_list) {
    throw ValueError("no backward today");
  }
};

TEST(Function, ThatThrowsLeavesEverythingAsItWas) {
  Tensor a = leaf(3.0f);
  EXPECT_TRUE(throws<ValueError>("no forward today", [&] { Throws::apply(a, true); }));
  EXPECT_TRUE(GradMode::is_enabled());
  EXPECT_EQ(a.use_count(), 1u) << "the unfinished node is gone";
  Tensor shared = a * a, y = Throws::apply(shared, false);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(throws<ValueError>("no backward today", [&] { y.backward({}, true); }));
  }
  EXPECT_TRUE(GradMode::is_enabled());
  shared.backward();
  EXPECT_EQ(a.grad().item<float>(), 6);
}

// ---- What is saved

struct SavesIntermediate : Function<SavesIntermediate> {
  static Tensor forward(AutogradContext* ctx, const Tensor& a) {
    Tensor doubled = a * 2;
    ctx->save_for_backward({doubled, Tensor()});
    EXPECT_TRUE(ctx->get_saved_variables().empty()) << "not before forward has returned";
    return doubled * doubled;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    variable_list saved = ctx->get_saved_variables();
    EXPECT_EQ(saved.size(), 2u);
    EXPECT_FALSE(saved[1].defined());
    return {grads[0] * saved[0] * 4};
  }
};

TEST(Function, MaySaveWhatIsNeitherInputNorOutput) {
  Tensor a = leaf({1., 3.}), y = SavesIntermediate::apply(a);
  y.sum().backward({}, true);
  EXPECT_TRUE(is_close(a.grad(), tensor({8., 24.})));
}

TEST(Function, RunAgainAfterItsBuffersWereFreedSaysSo) {
  Tensor a = leaf({1., 3.}), y = SavesIntermediate::apply(a);
  y.sum().backward();
  EXPECT_TRUE(throws<Error>(
      "Trying to backward through the graph a second time (or directly access saved tensors",
      [&] { y.sum().backward(); }));
}

TEST(Function, ThatSavedNothingButAsksForItIsFreedToo) {
  struct Asks : Function<Asks> {
    static Tensor forward(AutogradContext*, const Tensor& a) { return a * 1; }
    static variable_list backward(AutogradContext* ctx, variable_list grads) {
      ctx->get_saved_variables();
      return grads;
    }
  };
  Tensor a = leaf(1.0f), y = Asks::apply(a);
  y.backward();
  EXPECT_TRUE(
      throws<Error>("Trying to backward through the graph a second time", [&] { y.backward(); }));
  Tensor z = Scaled<int>::apply(a);
  z.backward();
  z.backward();
  EXPECT_EQ(a.grad().item<float>(), 3) << "one that never asks runs again";
}

TEST(Function, SeesThatWhatItSavedWasChangedInPlace) {
  Tensor a = leaf({1., 2.}), b = tensor({3., 5.});
  Tensor y = Times::apply(a, b);
  b.mul_(2);
  EXPECT_TRUE(throws<Error>("modified by an inplace operation", [&] { y.sum().backward(); }));
}

struct Exponential : Function<Exponential> {
  static Tensor forward(AutogradContext* ctx, const Tensor& a) {
    Tensor y = a.exp();
    ctx->save_for_backward({y});
    return y;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    return {grads[0] * ctx->get_saved_variables()[0]};
  }
};

TEST(Function, MaySaveItsOutputWhichDoesNotKeepItself) {
  Tensor a = leaf({0., 1.});
  {
    Tensor y = Exponential::apply(a);
    Tensor first = autograd::grad({y.sum()}, {a}, {}, true, true).at(0);
    EXPECT_TRUE(is_close(autograd::grad({first.sum()}, {a}, {}, true).at(0), y.detach()));
    y.add_(1);
    EXPECT_TRUE(
        throws<Error>("which is output 0 of Exponential, is at version 1; expected version 0",
                      [&] { y.sum().backward(); }));
  }
  EXPECT_EQ(a.use_count(), 1u);
}

TEST(Function, KeepsValuesOfManyKindsUnderNames) {
  struct Keeps : Function<Keeps> {
    static Tensor forward(AutogradContext* ctx, const Tensor& a, int n) {
      ctx->saved_data["n"] = n;
      ctx->saved_data["shape"] = a.sizes();
      ctx->saved_data["how"] = "twice";
      ctx->saved_data["all"] = variable_list{a.detach()};
      return a * n;
    }
    static variable_list backward(AutogradContext* ctx, variable_list grads) {
      EXPECT_EQ(ctx->saved_data.at("shape").toIntVector(), std::vector<int64_t>{2});
      EXPECT_EQ(ctx->saved_data["how"].toStringRef(), "twice");
      EXPECT_EQ(ctx->saved_data["all"].toTensorVector().size(), 1u);
      EXPECT_EQ(ctx->saved_data.count("nothing"), 0u);
      EXPECT_TRUE(throws<TypeError>("Expected Int but got None",
                                    [&] { ctx->saved_data["nothing"].toInt(); }));
      return {grads[0] * ctx->saved_data["n"].toInt(), {}};
    }
  };
  Tensor a = leaf({1., 2.});
  Keeps::apply(a, 3).sum().backward();
  EXPECT_TRUE(is_close(a.grad(), tensor({3., 3.})));
}

// ---- What is returned

struct TwoOfThree : Function<TwoOfThree> {
  static variable_list forward(AutogradContext* ctx, const Tensor& a, bool materialize) {
    ctx->set_materialize_grads(materialize);
    ctx->saved_data["materialize"] = materialize;
    return {a * 2, Tensor(), a * 3};
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    EXPECT_EQ(grads.size(), 3u);
    EXPECT_FALSE(grads[1].defined()) << "of an undefined output";
    EXPECT_EQ(grads[2].defined(), ctx->saved_data["materialize"].toBool());
    if (grads[2].defined()) {
      EXPECT_TRUE(is_close(grads[2], zeros({2})));
    }
    return {grads[0] * 2, {}};
  }
};

TEST(Function, ReturnsUndefinedTensorsAsTheyAre) {
  Tensor a = leaf({1., 2.});
  for (bool materialize : {true, false}) {
    variable_list y = TwoOfThree::apply(a, materialize);
    EXPECT_FALSE(y[1].defined());
    EXPECT_EQ(y[2].output_nr(), 2u);
    y[0].sum().backward();
  }
  EXPECT_TRUE(is_close(a.grad(), tensor({4., 4.})));
}

struct OneIsNotDifferentiable : Function<OneIsNotDifferentiable> {
  static variable_list forward(AutogradContext* ctx, const Tensor& a) {
    Tensor sign = a.sign(), twice = a * 2, index = a.argmax();
    ctx->mark_non_differentiable({sign});
    return {sign, twice, index};
  }
  static variable_list backward(AutogradContext*, variable_list grads) {
    EXPECT_TRUE(is_close(grads[0], zeros({2})));
    return {grads[1] * 2};
  }
};

TEST(Function, OutputsMarkedNonDifferentiableAndIntegersNeedNoGrad) {
  Tensor a = leaf({1., -2.});
  variable_list y = OneIsNotDifferentiable::apply(a);
  EXPECT_FALSE(y[0].requires_grad());
  EXPECT_EQ(y[0].grad_fn(), nullptr);
  EXPECT_FALSE(y[2].requires_grad());
  (y[1] * y[0]).sum().backward();
  EXPECT_TRUE(is_close(a.grad(), tensor({2., -2.})));
}

TEST(Function, AnOutputReturnedTwiceIsTheLaterOne) {
  struct Twice : Function<Twice> {
    static variable_list forward(AutogradContext*, const Tensor& a) {
      Tensor y = a * 2;
      return {y, y};
    }
    static variable_list backward(AutogradContext*, variable_list grads) {
      return {grads[0] * 100 + grads[1] * 2};
    }
  };
  Tensor a = leaf(1.0f);
  variable_list y = Twice::apply(a);
  EXPECT_TRUE(y[0].is_same(y[1]));
  EXPECT_EQ(y[0].output_nr(), 1u);
  (y[0] + y[1]).backward();
  EXPECT_EQ(a.grad().item<float>(), 4);
}

TEST(Function, ItsBackwardIsCalledWithZerosWhereNoGradientComes) {
  struct NoGradient : Function<NoGradient> {
    static Tensor forward(AutogradContext*, const Tensor& a) { return a * 1; }
    static variable_list backward(AutogradContext*, variable_list) { return {Tensor()}; }
  };
  Tensor a = leaf({1., 2.});
  NoGradient::apply(Times::apply(a, ones({2}))).sum().backward();
  EXPECT_TRUE(is_close(a.grad(), zeros({2})));
  Tensor b = leaf({1., 2.});
  NoGradient::apply((b * 2).exp().view({2, 1})).sum().backward();
  EXPECT_FALSE(b.grad().defined()) << "the library's own operations pass nothing on";
}

// ---- Which gradients are wanted, and what is wrong with those returned

struct Needs : Function<Needs> {
  static inline std::vector<bool> needed;
  static Tensor forward(AutogradContext* ctx, const Tensor& a, int, const Tensor& b) {
    ctx->save_for_backward({a, b});
    return a * b;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    needed = {ctx->needs_input_grad(0), ctx->needs_input_grad(1)};
    EXPECT_TRUE(throws<IndexError>("Index out of range", [&] { ctx->needs_input_grad(2); }));
    variable_list saved = ctx->get_saved_variables();
    return {grads[0] * saved[1], {}, grads[0] * saved[0]};
  }
};

TEST(Function, KnowsWhichGradientsAreWanted) {
  Tensor a = leaf(2.0f), b = leaf(3.0f);
  Needs::apply(a, 0, b).backward();
  EXPECT_EQ(Needs::needed, (std::vector<bool>{true, true}));
  Needs::apply(a, 0, b.detach()).backward();
  EXPECT_EQ(Needs::needed, (std::vector<bool>{true, false}));
  autograd::grad({Needs::apply(a, 0, b)}, {b});
  EXPECT_EQ(Needs::needed, (std::vector<bool>{false, true}));
}

/// Returns what the test tells it to.
struct Returns : Function<Returns> {
  static inline variable_list gradients;
  static Tensor forward(AutogradContext*, const Tensor& a, int n) { return a * n; }
  static variable_list backward(AutogradContext*, variable_list) { return gradients; }
};

::testing::AssertionResult returning(variable_list gradients, const std::string& phrase) {
  Returns::gradients = std::move(gradients);
  auto result = throws<Error>(phrase, [] { Returns::apply(leaf({1., 2.}), 3).sum().backward(); });
  Returns::gradients.clear();
  return result;
}

TEST(Function, RefusesAWrongNumberOfGradients) {
  EXPECT_TRUE(returning({ones({2})},
                        "function ReturnsBackward returned an incorrect number of gradients "
                        "(expected 2, got 1)"));
  EXPECT_TRUE(returning({ones({2}), {}, ones({2})}, "(expected 2, got 3)"));
  EXPECT_TRUE(returning({}, "(expected 2, got 0)"));
  Returns::gradients = {ones({2}), {}, {}, {}};
  Tensor a = leaf({1., 2.});
  Returns::apply(a, 3).sum().backward();
  EXPECT_TRUE(is_close(a.grad(), ones({2})))
      << "what is too much does not matter where it is undefined";
  Returns::gradients.clear();
}

TEST(Function, RefusesAGradientForWhatIsNoTensor) {
  EXPECT_TRUE(returning({ones({2}), ones({2})},
                        "that is defined at position 2, but the corresponding forward "
                        "input was not a Variable"));
}

TEST(Function, RefusesAGradientOfAnotherShape) {
  EXPECT_TRUE(
      returning({ones({7}), {}},
                "Function ReturnsBackward returned an invalid gradient at index 0 - got [7] "
                "but expected shape compatible with [2]"));
}

TEST(Function, AGradientIsSummedAndConvertedToItsInput) {
  Returns::gradients = {full({3, 2}, 2.0, kDouble), {}};
  Tensor a = leaf({1., 2.});
  Returns::apply(a, 3).sum().backward();
  EXPECT_TRUE(is_close(a.grad(), full({2}, 6.0)));
  Returns::gradients.clear();
}

TEST(Function, RefusesAGradientOnAnotherDevice) {
  Tensor a = leaf({1., 2.});
  Returns::gradients = {ones({2}, TensorOptions(kFloat).device(a.is_cpu() ? kCUDA : kCPU)), {}};
  EXPECT_TRUE(throws<Error>("returned an invalid gradient at index 0 - expected device",
                            [&] { Returns::apply(a, 3).sum().backward(); }));
  Returns::gradients.clear();
}

}  // namespace
}  // namespace adjoint::testing
