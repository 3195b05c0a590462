// SPDX-License-Identifier: MIT
// Which views refuse recorded changes in place, by how they were made, and what they say.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/function.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

using autograd::AutogradContext;

Tensor leaf(const detail::TensorData& data) { return tensor(data, requires_grad()); }

const char kNoGrad[] =
    "A view was created in no_grad mode and is being modified inplace with grad mode enabled. "
    "Given "
    "that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code "
    "by "
    "moving both the view and the inplace either both inside the no_grad block";
const char kMultiple[] =
    "This view is the output of a function that returns multiple views. Such functions do not "
    "allow "
    "the output views to be modified inplace. You should replace the inplace operation by an "
    "out-of-place one.";
const char kCustom[] =
    "This view was created inside a custom Function (or because an input was returned as-is) and "
    "the "
    "autograd logic to handle view+inplace would override the custom backward";

Tensor slice_without_recording(const Tensor& t) {
  NoGradGuard no_grad;
  return t.slice(0, 0, 2);
}

// ---- Made while nothing was recorded ---------------------------------------------------------

TEST(UnrecordedViews, KnowTheirBaseAndAreLeaves) {
  Tensor y = leaf({1., 2., 3.}) * 1, v = slice_without_recording(y);
  EXPECT_TRUE(v.is_view());
  EXPECT_TRUE(v._base().is_same(y));
  EXPECT_TRUE(v.requires_grad());
  EXPECT_TRUE(v.is_leaf());
  EXPECT_EQ(v.grad_fn(), nullptr);
}

TEST(UnrecordedViews, RefuseRecordedChanges) {
  for (bool of_leaf : {false, true}) {
    Tensor x = leaf({1., 2., 3.}), y = of_leaf ? x : x * 1, v = slice_without_recording(y);
    EXPECT_TRUE(throws<Error>(kNoGrad, [&] { v.mul_(2); }));
    EXPECT_TRUE(throws<Error>(kNoGrad, [&] { v.zero_(); }));
    EXPECT_TRUE(throws<Error>(kNoGrad, [&] { v.exp_(); }));
    EXPECT_TRUE(is_close(y.detach(), tensor({1., 2., 3.}))) << "and nothing is changed";
  }
}

TEST(UnrecordedViews, OfATensorWithoutHistoryRefuseChangesByOneThatHas) {
  Tensor base = ones({3}), v = slice_without_recording(base);
  v.mul_(2);
  EXPECT_TRUE(is_close(base, tensor({2., 2., 1.})));
  const std::function<void()> changes[] = {
      [&] { v.mul_(leaf({1., 1.})); },  [&] { v.add_(leaf({1., 1.})); },
      [&] { v.copy_(leaf({1., 1.})); }, [&] { v.div_(leaf({1., 1.})); },
      [&] { v.pow_(leaf({1., 1.})); },  [&] { v[0].copy_(leaf(1.0f)); }};
  for (size_t i = 0; i + 1 < std::size(changes); ++i) {
    EXPECT_TRUE(throws<Error>(kNoGrad, changes[i])) << i;
  }
  EXPECT_TRUE(throws<Error>("was created in no_grad mode", changes[5])) << "a view of it";
  EXPECT_TRUE(is_close(base, tensor({2., 2., 1.})));
}

TEST(UnrecordedViews, ChangeUnrecorded) {
  Tensor x = leaf({1., 2., 3.}), v = slice_without_recording(x);
  NoGradGuard no_grad;
  v.mul_(3);
  v[0] = 7.0;
  EXPECT_TRUE(is_close(x.detach(), tensor({7., 6., 3.})));
}

TEST(UnrecordedViews, HaveViewsThatRefuseToo) {
  Tensor y = leaf({1., 2., 3.}) * 1, w = slice_without_recording(y)[0];
  EXPECT_STREQ(w.grad_fn()->name(), "SelectBackward0");
  EXPECT_TRUE(
      throws<Error>("Output 0 of Select is a view of a view which was created in no_grad "
                    "mode and is being modified inplace with grad mode enabled.",
                    [&] { w.mul_(2); }));
}

TEST(UnrecordedViews, HaveNoHistoryOnceTheirBaseHasANewOne) {
  Tensor base = ones({3}), v = slice_without_recording(base);
  base.mul_(leaf({1., 2., 3.}));
  EXPECT_TRUE(v.requires_grad());
  EXPECT_FALSE(v.is_leaf());
  const char* text =
      "A view was created in no_grad mode and its base or another view of its base has been "
      "modified "
      "inplace with grad mode enabled.";
  EXPECT_TRUE(throws<Error>(text, [&] { v.grad_fn(); }));
  EXPECT_TRUE(throws<Error>(text, [&] { v * 2; }));
  EXPECT_NE(v.toString().find("grad_fn=<Invalid>"), std::string::npos) << "but it prints";
}

// ---- Several of one operation ----------------------------------------------------------------

TEST(MultipleViews, RefuseRecordedChanges) {
  const std::pair<std::function<std::vector<Tensor>(Tensor)>, std::string> cases[] = {
      {[](const Tensor& t) { return t.unbind(); }, "Unbind"},
      {[](const Tensor& t) { return t.split(2); }, "Split"},
      {[](const Tensor& t) { return t.chunk(2); }, "Split"},
      {[](const Tensor& t) {
         return t.split({1, 2});
       },
       "SplitWithSizes"},
  };
  for (const auto& [views_of, name] : cases) {
    std::string output = "Output 1 of " + name + " is a view and is being modified inplace. ";
    Tensor x = leaf({1., 2., 3.}), y = x * 1;
    EXPECT_TRUE(throws<Error>(output + kMultiple, [&] { views_of(x)[1].mul_(2); }));
    EXPECT_TRUE(throws<Error>(output + kMultiple, [&] { views_of(y)[1].mul_(2); }));
    EXPECT_TRUE(throws<Error>(
        std::string("Output 0 of View is a view and is being modified inplace. ") + kMultiple,
        [&] { views_of(y)[1].view({-1}).mul_(2); }));
    EXPECT_TRUE(throws<Error>("Output 0 of Slice is a view and is being modified inplace.",
                              [&] { views_of(y)[1].unsqueeze(0).slice(0, 0, 1).mul_(2); }));

    Tensor plain = ones({3}), part = views_of(plain)[1];
    part.mul_(2);
    EXPECT_TRUE(throws<Error>(kMultiple, [&] { part.mul_(leaf(1.0f)); }));

    NoGradGuard no_grad;
    Tensor unrecorded = views_of(y)[1];
    AutoGradMode record(true);
    EXPECT_TRUE(throws<Error>(kNoGrad, [&] { unrecorded.mul_(2); }));
  }
}

TEST(MultipleViews, ChangedUnrecordedHaveNoHistory) {
  Tensor y = leaf({1., 2., 3.}) * 2;
  std::vector<Tensor> parts = y.unbind();
  {
    NoGradGuard no_grad;
    parts[0].mul_(10);
  }
  EXPECT_TRUE(is_close(y.detach(), tensor({20., 4., 6.})));
  for (int i : {0, 1}) {
    EXPECT_TRUE(parts[i].requires_grad());
    EXPECT_TRUE(throws<Error>(
        "Output " + std::to_string(i) +
            " of Unbind is a view and its base or another view of its base has been modified "
            "inplace. " +
            kMultiple,
        [&] { parts[i] * 3; }));
  }
}

TEST(MultipleViews, HaveNoHistoryOnceTheirBaseHasANewOne) {
  Tensor y = leaf({1., 2., 3.}) * 1, v = y.unbind()[2], sliced = y.slice(0, 1);
  y.mul_(2);
  EXPECT_TRUE(throws<Error>(
      std::string("Output 2 of Unbind is a view and its base or another view of its base has "
                  "been modified inplace. ") +
          kMultiple,
      [&] { v.sum(); }));
  EXPECT_STREQ(sliced.grad_fn()->name(), "AsStridedBackward0") << "as other views have";
}

// ---- Made by a function with a backward of its own -------------------------------------------

struct Identity : autograd::Function<Identity> {
  static Tensor forward(AutogradContext*, const Tensor& x) { return x; }
  static autograd::variable_list backward(AutogradContext*, autograd::variable_list grads) {
    return grads;
  }
};

struct Head : autograd::Function<Head> {
  static Tensor forward(AutogradContext*, const Tensor& x) { return x.slice(0, 0, 2); }
  static autograd::variable_list backward(AutogradContext*, autograd::variable_list grads) {
    return {cat({grads[0], zeros({1})})};
  }
};

TEST(CustomViews, RefuseRecordedChanges) {
  Tensor x = leaf({1., 2., 3.}), y = x * 1;
  std::string identity = "Output 0 of Identity is a view and is being modified inplace. ";
  std::string head = "Output 0 of Head is a view and is being modified inplace. ";
  EXPECT_TRUE(throws<Error>(identity + kCustom, [&] { Identity::apply(y).mul_(2); }));
  EXPECT_TRUE(throws<Error>(identity + kCustom, [&] { Identity::apply(x).mul_(2); }));
  EXPECT_TRUE(throws<Error>(head + kCustom, [&] { Head::apply(y).mul_(2); }));
  EXPECT_TRUE(throws<Error>(head + kCustom, [&] { Head::apply(x).mul_(2); }));
  EXPECT_TRUE(is_close(x.detach(), tensor({1., 2., 3.})));
}

TEST(CustomViews, HaveNoHistoryOnceTheirBaseHasANewOne) {
  Tensor y = leaf({1., 2., 3.}) * 1, v = Head::apply(y);
  y.mul_(2);
  EXPECT_TRUE(throws<Error>(
      "Output 0 of Head is a view and its base or another view of its base has been modified "
      "inplace.",
      [&] { v.sum(); }));
}

TEST(CustomViews, ChangeOnceTheyAreCloned) {
  Tensor x = leaf({1., 2., 3.}), v = Head::apply(x).clone().mul_(2);
  v.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({2., 2., 0.})));
}

}  // namespace
}  // namespace adjoint::testing
