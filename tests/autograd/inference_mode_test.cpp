// SPDX-License-Identifier: MIT
// Inference mode: what it makes, what may be done with that outside, and what it does to others.
#include <gtest/gtest.h>

#include <functional>
#include <thread>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/function.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

Tensor leaf(const detail::TensorData& data) { return tensor(data, requires_grad()); }

Tensor inference_tensor(const detail::TensorData& data) {
  InferenceMode guard;
  return tensor(data);
}

TEST(InferenceMode, IsOfTheScopeAndTurnsRecordingOff) {
  EXPECT_FALSE(InferenceMode::is_enabled());
  {
    InferenceMode guard;
    EXPECT_TRUE(InferenceMode::is_enabled());
    EXPECT_FALSE(GradMode::is_enabled());
    {
      InferenceMode normal(false);
      EXPECT_FALSE(InferenceMode::is_enabled());
      EXPECT_TRUE(GradMode::is_enabled());
      EXPECT_FALSE(ones({2}).is_inference());
    }
    EXPECT_TRUE(InferenceMode::is_enabled());
    EXPECT_FALSE(GradMode::is_enabled());
  }
  EXPECT_FALSE(InferenceMode::is_enabled());
  EXPECT_TRUE(GradMode::is_enabled());
  NoGradGuard no_grad;
  { InferenceMode guard; }
  EXPECT_FALSE(GradMode::is_enabled());
}

TEST(InferenceMode, IsRestoredByAnException) {
  try {
    InferenceMode guard;
    throw 1;
  } catch (int) {
  }
  EXPECT_FALSE(InferenceMode::is_enabled());
  EXPECT_TRUE(GradMode::is_enabled());
}

TEST(InferenceMode, IsOfItsThreadAlone) {
  InferenceMode guard;
  bool elsewhere = true;
  std::thread([&] { elsewhere = InferenceMode::is_enabled(); }).join();
  EXPECT_FALSE(elsewhere);
}

TEST(InferenceMode, RecordsNothingEvenWithGradModeOn) {
  Tensor x = leaf({1., 2.});
  InferenceMode guard;
  EXPECT_FALSE((x * x).requires_grad());
  enable_grad record;
  EXPECT_TRUE(GradMode::is_enabled());
  Tensor y = x * x;
  EXPECT_FALSE(y.requires_grad());
  EXPECT_TRUE(y.is_inference());
}

TEST(InferenceMode, MakesInferenceTensors) {
  Tensor normal = ones({2, 2});
  InferenceMode guard;
  EXPECT_TRUE(ones({2}).is_inference());
  EXPECT_TRUE((normal * 2).is_inference());
  EXPECT_TRUE(normal.clone().is_inference());
  EXPECT_TRUE(normal.to(kDouble).is_inference());
  EXPECT_TRUE(normal.t().reshape({4}).is_inference()) << "which copies";
  EXPECT_FALSE(normal.is_inference());
  EXPECT_FALSE(normal[0].is_inference());
  EXPECT_FALSE(normal.detach().is_inference());
  EXPECT_FALSE(normal.reshape({4}).is_inference());
  EXPECT_FALSE(normal.to(kFloat).is_inference());
}

TEST(InferenceTensors, AreSoForEver) {
  Tensor t = inference_tensor({1., 2.});
  EXPECT_TRUE(t.is_inference());
  EXPECT_TRUE(t[0].is_inference());
  EXPECT_TRUE(t.view({2, 1}).is_inference());
  EXPECT_TRUE(t.detach().is_inference());
  EXPECT_TRUE(t.data().is_inference());
  EXPECT_TRUE(t.contiguous().is_inference());
  EXPECT_FALSE(t[0].is_view());
  EXPECT_FALSE(t.clone().is_inference());
  EXPECT_FALSE((t * 2).is_inference());
  EXPECT_FALSE(t.to(kDouble).is_inference());
}

TEST(InferenceTensors, HaveNoVersion) {
  Tensor t = inference_tensor({1., 2.});
  EXPECT_TRUE(
      throws<Error>("Inference tensors do not track version counter.", [&] { t._version(); }));
  EXPECT_TRUE(
      throws<Error>("Inference tensors do not track version counter.", [&] { t[0]._version(); }));
  InferenceMode guard;
  EXPECT_TRUE(
      throws<Error>("Inference tensors do not track version counter.", [&] { t._version(); }));
}

TEST(InferenceTensors, ChangeInPlaceInInferenceModeOnly) {
  Tensor t = inference_tensor({1., 2.}), view = t[0];
  const char* text = "Inplace update to inference tensor outside InferenceMode is not allowed.";
  const std::function<void()> changes[] = {[&] { t.add_(1); },
                                           [&] { t.exp_(); },
                                           [&] { t.fill_(3); },
                                           [&] { t[0] = 4; },
                                           [&] { view.add_(1); },
                                           [&] { t.unbind()[0].mul_(2); },
                                           [&] { t.uniform_(); },
                                           [&] { t.copy_(ones({2})); },
                                           [&] { t.detach().add_(1); },
                                           [&] {
                                             t.add_(leaf({1., 1.}));
                                           },
                                           [&] { t.masked_fill_(t.gt(0), 1); },
                                           [&] { t.pow_(2); }};
  for (size_t i = 0; i < std::size(changes); ++i) {
    EXPECT_TRUE(throws<Error>(text, changes[i])) << i;
    NoGradGuard no_grad;
    EXPECT_TRUE(throws<Error>(text, changes[i])) << i;
  }
  EXPECT_TRUE(is_close(t.clone(), tensor({1., 2.})));
  InferenceMode guard;
  t.add_(1);
  view.mul_(3);
  t[1] = 8;
  EXPECT_TRUE(is_close(t, tensor({6., 8.})));
}

TEST(InferenceTensors, ChangeThroughDataAsOthersDo) {
  Tensor t = inference_tensor({1., 2.});
  t.data().add_(1);
  EXPECT_EQ(t.data()._version(), 0);
  EXPECT_TRUE(is_close(t.clone(), tensor({2., 3.})));
}

TEST(InferenceTensors, CannotBeSavedForBackward) {
  Tensor t = inference_tensor({1., 2.}), x = leaf({3., 4.});
  const char* text =
      "Inference tensors cannot be saved for backward. To work around you can make a clone to get "
      "a normal tensor and "
      "use it in autograd.";
  EXPECT_TRUE(throws<Error>(text, [&] { x* t; }));
  EXPECT_TRUE(throws<Error>(text, [&] { t* x; }));
  EXPECT_TRUE(throws<Error>(text, [&] { x.matmul(t); }));
  (x * t.clone()).sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({1., 2.})));
}

struct Saving : autograd::Function<Saving> {
  static Tensor forward(autograd::AutogradContext* context, const Tensor& x, const Tensor& kept) {
    context->save_for_backward({kept});
    return x * 1;
  }
  static autograd::variable_list backward(autograd::AutogradContext*,
                                          autograd::variable_list grads) {
    return {grads[0], Tensor()};
  }
};

TEST(InferenceTensors, CannotBeSavedByAFunctionOfTheUsers) {
  Tensor t = inference_tensor({1., 2.});
  EXPECT_TRUE(throws<Error>("Inference tensors cannot be saved for backward.", [&] {
    Saving::apply(leaf({1., 2.}), t);
  }));
}

TEST(InferenceTensors, TakePartInWhatSavesNothing) {
  Tensor t = inference_tensor({1., 2.}), x = leaf({3., 4.}), y = x + t;
  EXPECT_FALSE(y.is_inference());
  (y - t).sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({1., 1.})));
  Tensor normal = zeros({2});
  normal.copy_(t);
  EXPECT_FALSE(normal.is_inference());
  EXPECT_TRUE(is_close(normal, tensor({1., 2.})));
}

TEST(InferenceTensors, MayBeGradients) {
  Tensor t = inference_tensor({1., 2.}), x = leaf({3., 4.}), y = x * 2;
  (y + y).backward(t);
  EXPECT_TRUE(is_close(x.grad(), tensor({4., 8.})));
  EXPECT_TRUE(is_close(t.clone(), tensor({1., 2.})));
}

TEST(InferenceTensors, RequireGradByInferenceModeOnly) {
  Tensor t = inference_tensor({1., 2.});
  EXPECT_TRUE(throws<Error>(
      "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.",
      [&] { t.requires_grad_(); }));
  t.requires_grad_(false);
  {
    InferenceMode guard;
    t.requires_grad_();
    EXPECT_TRUE(t.is_leaf());
    EXPECT_TRUE(ones({2}, requires_grad()).requires_grad());
  }
  EXPECT_TRUE(t.requires_grad());
  EXPECT_TRUE(
      throws<Error>("a leaf Variable that requires grad is being used in an in-place operation.",
                    [&] { t.add_(1); }));
  EXPECT_TRUE(throws<Error>("Inference tensors cannot be saved for backward.", [&] { t* t; }));
  (t + 1).sum().backward();
  EXPECT_TRUE(is_close(t.grad().clone(), tensor({1., 1.})));
}

TEST(InferenceMode, CountsChangesOfNormalTensors) {
  Tensor x = ones({3}), before = x.slice(0, 0, 2);
  {
    InferenceMode guard;
    x.add_(1);
    before.add_(1);
    x[2].mul_(5);
  }
  EXPECT_EQ(x._version(), 3);
  EXPECT_TRUE(is_close(x, tensor({3., 3., 10.})));
  x.add_(1);
  EXPECT_EQ(x._version(), 4);
}

TEST(InferenceMode, DoesNotRecordChangesOfNormalTensors) {
  Tensor x = leaf({1., 2.}), y = x * 3;
  {
    InferenceMode guard;
    y.mul_(10);
    x.mul_(10);
  }
  EXPECT_STREQ(y.grad_fn()->name(), "MulBackward1");
  y.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({3., 3.})));
}

TEST(InferenceMode, IsNoWayAroundTheCheckOfSavedTensors) {
  Tensor x = leaf({1., 2.}), z = x * x;
  {
    InferenceMode guard;
    x.mul_(2);
  }
  EXPECT_TRUE(throws<Error>(
      "has been modified by an inplace operation: [FloatTensor [2]] is at version 1; expected "
      "version 0",
      [&] { z.sum().backward(); }));
}

TEST(InferenceMode, MakesViewsOfNormalTensorsThatRefuseRecordedChanges) {
  const char* text =
      "A view was created in inference mode and is being modified inplace in normal mode. Given "
      "that this use case is "
      "ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the "
      "view and the inplace "
      "either both inside the inference_mode block";
  Tensor plain = ones({3}), x = leaf({1., 2., 3.}), y = x * 1;
  Tensor of_plain, of_leaf, of_result, one_of_many;
  {
    InferenceMode guard;
    of_plain = plain.slice(0, 0, 2);
    of_leaf = x.slice(0, 0, 2);
    of_result = y.slice(0, 0, 2);
    one_of_many = y.unbind()[0];
  }
  EXPECT_TRUE(of_result.is_view());
  EXPECT_FALSE(of_result.is_inference());
  EXPECT_TRUE(of_result.requires_grad());
  of_plain.mul_(2);
  EXPECT_TRUE(throws<Error>(text, [&] { of_plain.mul_(leaf({1., 1.})); }));
  EXPECT_TRUE(throws<Error>(text, [&] { of_leaf.mul_(2); }));
  EXPECT_TRUE(throws<Error>(text, [&] { of_result.mul_(2); }));
  EXPECT_TRUE(throws<Error>(text, [&] { one_of_many.mul_(2); }));
  EXPECT_TRUE(throws<Error>(
      "Output 0 of Select is a view of a view which was created in inference mode and is being "
      "modified inplace in normal mode.",
      [&] { of_result[0].mul_(2); }));
  y.mul_(2);
  EXPECT_TRUE(throws<Error>(
      "A view was created in inference mode and its base or another view of its base has been "
      "modified inplace in normal mode.",
      [&] { of_result.grad_fn(); }));
}

TEST(InferenceMode, RunsBackwardOfAGraphMadeBefore) {
  Tensor x = leaf({1., 2.}), y = (x * x).sum();
  {
    InferenceMode guard;
    y.backward({}, true);
    EXPECT_TRUE(autograd::grad({y}, {x}).at(0).is_inference());
  }
  EXPECT_TRUE(is_close(x.grad().clone(), tensor({2., 4.})));
}

TEST(InferenceMode, LetsAFunctionOfTheUsersRunUnrecorded) {
  Tensor x = leaf({1., 2.});
  InferenceMode guard;
  Tensor y = Saving::apply(x, x);
  EXPECT_FALSE(y.requires_grad());
  EXPECT_TRUE(y.is_inference());
}

TEST(InferenceMode, ByWayOfSetDataMakesATensorWhatItsDataIs) {
  Tensor normal = ones({2}), t = inference_tensor({1., 2.});
  normal.set_data(t);
  EXPECT_TRUE(normal.is_inference());
  t.set_data(ones({2}));
  EXPECT_FALSE(t.is_inference());
}

}  // namespace
}  // namespace adjoint::testing
