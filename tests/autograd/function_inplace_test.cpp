// SPDX-License-Identifier: MIT
// Functions that change their inputs, return them as they are, or return views of them.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "adjoint/autograd.h"
#include "adjoint/function.h"
#include "adjoint/ops.h"
#include "adjoint/warning.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

using autograd::AutogradContext;
using autograd::Function;

Tensor leaf(const detail::TensorData& data) { return tensor(data, requires_grad()); }

// ---- Inputs returned as they are, and views

/// Returns its input; the gradient is multiplied by 5.
struct AsItIs : Function<AsItIs> {
  static Tensor forward(AutogradContext*, const Tensor& a) { return a; }
  static variable_list backward(AutogradContext*, variable_list grads) { return {grads[0] * 5}; }
};

constexpr const char* kOverridesBackward =
    "Output 0 of AsItIs is a view and is being modified inplace. This view was created inside a "
    "custom Function (or "
    "because an input was returned as-is)";

TEST(Function, AnInputReturnedAsItIsIsAViewWithItsOwnHistory) {
  Tensor x = leaf({1., 2.}), y = AsItIs::apply(x);
  EXPECT_FALSE(y.is_same(x));
  EXPECT_TRUE(y.is_view());
  EXPECT_EQ(y.data_ptr(), x.data_ptr());
  EXPECT_STREQ(y.grad_fn()->name(), "AsItIsBackward");
  EXPECT_TRUE(x.is_leaf());
  y.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({5., 5.})));
}

TEST(Function, AnInputReturnedAsItIsMayNotBeChangedInPlace) {
  Tensor x = leaf({1., 2.});
  EXPECT_TRUE(throws<Error>(kOverridesBackward, [&] { AsItIs::apply(x).mul_(2); }));
  EXPECT_TRUE(throws<Error>(kOverridesBackward, [&] { AsItIs::apply(x * 1).mul_(2); }));
}

TEST(Function, AnInputReturnedAsItIsWithoutRecordingIsDetached) {
  Tensor x = leaf({1., 2.});
  {
    NoGradGuard no_grad;
    Tensor y = AsItIs::apply(x);
    EXPECT_FALSE(y.is_same(x));
    EXPECT_FALSE(y.requires_grad());
    EXPECT_FALSE(y.is_view());
    EXPECT_EQ(y.data_ptr(), x.data_ptr());
  }
  Tensor plain = ones({2}), y = AsItIs::apply(plain);
  EXPECT_FALSE(y.is_same(plain));
  EXPECT_FALSE(y.requires_grad());
  EXPECT_TRUE(x.requires_grad());
}

struct Flat : Function<Flat> {
  static variable_list forward(AutogradContext* ctx, const Tensor& a, bool two) {
    ctx->saved_data["sizes"] = a.sizes();
    if (two) return {a.view(-1), a * 2};
    return {a.view(-1)};
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    return {grads[0].view(ctx->saved_data["sizes"].toIntVector()) * 3, {}};
  }
};

TEST(Function, AViewOfAnInputGetsTheFunctionsHistory) {
  Tensor x = leaf({{1., 2.}, {3., 4.}}), y = Flat::apply(x, false)[0];
  EXPECT_TRUE(y.is_view());
  EXPECT_STREQ(y.grad_fn()->name(), "FlatBackward");
  y.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), full({2, 2}, 3.0)));
}

TEST(Function, AViewOfAnInputMayNotBeChangedInPlace) {
  Tensor x = leaf({{1., 2.}, {3., 4.}});
  EXPECT_TRUE(
      throws<Error>("the autograd logic to handle view+inplace would override the custom backward",
                    [&] { Flat::apply(x, false)[0].mul_(2); }));
  EXPECT_TRUE(throws<Error>("This view is the output of a function that returns multiple views",
                            [&] { Flat::apply(x, true)[0].mul_(2); }));
  Tensor base = x * 1, y = Flat::apply(base, false)[0];
  base.mul_(2);
  EXPECT_TRUE(throws<Error>("its base or another view of its base has been modified inplace",
                            [&] { y.grad_fn(); }));
}

TEST(Function, InInferenceModeRecordsNothing) {
  InferenceMode inference;
  Tensor y = AsItIs::apply(leaf({1., 2.}));
  EXPECT_FALSE(y.requires_grad());
  EXPECT_EQ(y.grad_fn(), nullptr);
  EXPECT_TRUE((y * 2).is_inference());
  Tensor made = ones({2});
  EXPECT_TRUE(AsItIs::apply(made).is_inference());
}

// ---- Inputs changed in place

/// Doubles its input in place.
struct Double : Function<Double> {
  static Tensor forward(AutogradContext* ctx, const Tensor& a) {
    a.mul_(2);
    ctx->mark_dirty({a});
    return a;
  }
  static variable_list backward(AutogradContext*, variable_list grads) { return {grads[0] * 2}; }
};

TEST(Function, ADirtyInputGoesOnWithTheFunctionsHistory) {
  Tensor x = leaf({1., 2.}), y = x * 3, saved_before = y * y;
  int64_t version = y._version();
  Tensor z = Double::apply(y);
  EXPECT_TRUE(z.is_same(y));
  EXPECT_STREQ(y.grad_fn()->name(), "DoubleBackward");
  EXPECT_GT(y._version(), version);
  y.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({6., 6.})));
  EXPECT_TRUE(
      throws<Error>("modified by an inplace operation", [&] { saved_before.sum().backward(); }));
}

TEST(Function, ADirtyInputWithoutHistoryGetsOne) {
  struct AddTo : Function<AddTo> {
    static Tensor forward(AutogradContext* ctx, const Tensor& sum, const Tensor& a) {
      sum.add_(a);
      ctx->mark_dirty({sum});
      return sum;
    }
    static variable_list backward(AutogradContext*, variable_list grads) {
      return {grads[0], grads[0]};
    }
  };
  Tensor sum = ones({2}), x = leaf({1., 2.});
  AddTo::apply(sum, x);
  EXPECT_STREQ(sum.grad_fn()->name(), "AddToBackward");
  sum.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({1., 1.})));
}

TEST(Function, ADirtyLeafThatRequiresGradIsRefused) {
  Tensor x = leaf({1., 2.});
  EXPECT_TRUE(
      throws<Error>("a leaf Variable that requires grad has been used in an in-place operation.",
                    [&] { Double::apply(x); }));
  Tensor view = x[0];
  EXPECT_TRUE(throws<Error>(
      "a view of a leaf Variable that requires grad is being used in an in-place operation.",
      [&] { Double::apply(view); }));
}

TEST(Function, ADirtyInputThatNeedsNoGradIsReturnedAsItIs) {
  Tensor x = tensor({1., 2.});
  EXPECT_TRUE(Double::apply(x).is_same(x));
  EXPECT_TRUE(is_close(x, tensor({2., 4.})));
  EXPECT_FALSE(x.requires_grad());
  EXPECT_GE(x._version(), 1);
}

TEST(Function, ADirtyInputMustBeReturned) {
  struct Forgets : Function<Forgets> {
    static Tensor forward(AutogradContext* ctx, const Tensor& a) {
      a.mul_(2);
      ctx->mark_dirty({a});
      return a * 1;
    }
    static variable_list backward(AutogradContext*, variable_list grads) { return grads; }
  };
  Tensor y = leaf({1., 2.}) * 1;
  EXPECT_TRUE(throws<Error>(
      "Some elements marked as dirty during the forward method were not returned as output.",
      [&] { Forgets::apply(y); }));
}

TEST(Function, ATensorMarkedDirtyThatIsNoInputIsWarnedAbout) {
  struct MarksItsOwn : Function<MarksItsOwn> {
    static Tensor forward(AutogradContext* ctx, const Tensor& a) {
      Tensor y = a * 2;
      ctx->mark_dirty({y});
      return y;
    }
    static variable_list backward(AutogradContext*, variable_list grads) { return {grads[0] * 2}; }
  };
  struct Notes : WarningHandler {
    std::string text;
    void process(const Warning& warning) override { text += warning.msg(); }
  } notes;
  Tensor x = leaf({1., 2.});
  {
    WarningUtils::WarningHandlerGuard guard(&notes);
    MarksItsOwn::apply(x).sum().backward();
  }
  EXPECT_NE(notes.text.find("ctx.mark_dirty() received a tensor that was not an input"),
            std::string::npos);
  EXPECT_TRUE(is_close(x.grad(), tensor({2., 2.})));
}

TEST(Function, ADirtyViewChangesTheHistoryOfItsBase) {
  Tensor x = leaf({1., 2.}), base = x * 1;
  Tensor part = Double::apply(base[0]);
  EXPECT_STREQ(base.grad_fn()->name(), "CopySlices");
  EXPECT_STREQ(part.grad_fn()->name(), "AsStridedBackward0");
  base.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({2., 1.})));
}

TEST(Function, ADirtyViewMayBeAnyOfTheInputs) {
  struct MulInto : Function<MulInto> {
    static Tensor forward(AutogradContext* ctx, const Tensor& factor, const Tensor& into) {
      ctx->save_for_backward({factor, into.clone()});
      into.mul_(factor);
      ctx->mark_dirty({into});
      return into;
    }
    static variable_list backward(AutogradContext* ctx, variable_list grads) {
      variable_list saved = ctx->get_saved_variables();
      return {grads[0] * saved[1], grads[0] * saved[0]};
    }
  };
  Tensor x = leaf({2., 3.}), factor = leaf(7.0f), base = x * 1;
  MulInto::apply(factor, base[1]);
  EXPECT_TRUE(is_close(base.detach(), tensor({2., 21.})));
  base.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({1., 7.})));
  EXPECT_TRUE(is_close(factor.grad(), tensor(3.0f)));
}

TEST(Function, ADirtyViewMustBeTheOnlyOutput) {
  struct DoubleAndMore : Function<DoubleAndMore> {
    static variable_list forward(AutogradContext* ctx, const Tensor& a) {
      a.mul_(2);
      ctx->mark_dirty({a});
      return {a, a * 1};
    }
    static variable_list backward(AutogradContext*, variable_list grads) {
      return {grads[0] * 2 + grads[1] * 2};
    }
  };
  Tensor x = leaf({1., 2.}), base = x * 1;
  EXPECT_TRUE(throws<Error>(
      "If your Function modifies inplace an input that is a view of another Tensor, your "
      "Function cannot return more than one Tensor",
      [&] { DoubleAndMore::apply(base[0]); }));
  Tensor whole = x * 1;
  variable_list y = DoubleAndMore::apply(whole);
  EXPECT_TRUE(y[0].is_same(whole));
  (y[0] + y[1]).sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({4., 4.})));
}

struct ExpInPlace : Function<ExpInPlace> {
  static Tensor forward(AutogradContext* ctx, const Tensor& a) {
    a.exp_();
    ctx->mark_dirty({a});
    ctx->save_for_backward({a});
    return a;
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    return {grads[0] * ctx->get_saved_variables()[0]};
  }
};

TEST(Function, ASavedDirtyInputOrViewDoesNotKeepItsGraphAlive) {
  for (bool view : {false, true}) {
    Tensor x = tensor({0., 1.}, TensorOptions(kDouble).requires_grad(true));
    {
      Tensor y = x * 1;
      ExpInPlace::apply(view ? y[1] : y);
      Tensor first = autograd::grad({y.sum()}, {x}, {}, true, true).at(0);
      Tensor expected = view ? tensor({1., std::exp(1.)}, kDouble) : x.detach().exp();
      EXPECT_TRUE(is_close(first.detach(), expected));
      Tensor second = autograd::grad({first.sum()}, {x}, {}, true).at(0);
      EXPECT_TRUE(is_close(second, view ? tensor({0., std::exp(1.)}, kDouble) : x.detach().exp()));
    }
    EXPECT_EQ(x.use_count(), 1u);
  }
}

}  // namespace
}  // namespace adjoint::testing
