// SPDX-License-Identifier: MIT
// In-place changes and what they do to gradients.
#include <gtest/gtest.h>

#include <functional>

#include "adjoint/autograd.h"
#include "adjoint/gradcheck.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

Tensor leaf(const detail::TensorData& data) { return tensor(data, requires_grad()); }
Tensor double_leaf(std::initializer_list<detail::TensorData> data) {
  return tensor(data, TensorOptions(kDouble).requires_grad(true));
}

TEST(InPlace, OperationsAreRecorded) {
  Tensor x = leaf({1., 2.}), y = x * 2;
  y.add_(1).mul_(3);
  EXPECT_TRUE(is_close(y.detach(), tensor({9., 15.})));
  y.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({6., 6.})));
}

TEST(InPlace, ChangeTheHistoryOfWhatIsChanged) {
  Tensor x = leaf({1., 2.}), out = zeros({2});
  EXPECT_FALSE(out.requires_grad());
  out.add_(x);
  EXPECT_TRUE(out.requires_grad());
  EXPECT_FALSE(out.is_leaf());
  out.mul_(2);
  out.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({2., 2.})));
}

TEST(InPlace, ReturnTheirTensor) {
  Tensor x = ones({2});
  EXPECT_TRUE(x.add_(1).is_same(x));
  EXPECT_TRUE((x += 1).is_same(x));
  EXPECT_TRUE(x.copy_(x).is_same(x));
}

TEST(InPlace, CountChanges) {
  Tensor x = ones({2, 2});
  EXPECT_EQ(x._version(), 0);
  x.add_(1);
  x[0].mul_(2);
  x.detach().zero_();
  EXPECT_EQ(x._version(), 3);
  x.data().add_(1);
  EXPECT_EQ(x._version(), 3);
}

TEST(InPlace, LeavesThatRequireGradRefuseChanges) {
  Tensor x = leaf({1., 2.});
  const char* direct = "a leaf Variable that requires grad is being used in an in-place operation.";
  EXPECT_TRUE(throws<Error>(direct, [&] { x.add_(1); }));
  EXPECT_TRUE(throws<Error>(direct, [&] { x.mul_(ones({2})); }));
  EXPECT_TRUE(throws<Error>(direct, [&] { x.exp_(); }));
  EXPECT_TRUE(throws<Error>(direct, [&] { x.zero_(); }));
  EXPECT_TRUE(throws<Error>(direct, [&] { x.copy_(ones({2})); }));
  const char* viewed = "a view of a leaf Variable that requires grad is being used in an in-place";
  EXPECT_TRUE(throws<Error>(viewed, [&] { x[0].mul_(2); }));
  EXPECT_TRUE(throws<Error>(viewed, [&] { x[0] = 5.0; }));
  EXPECT_TRUE(is_close(x.detach(), tensor({1., 2.}))) << "and nothing is changed";
  NoGradGuard no_grad;
  x.add_(1);
  EXPECT_TRUE(is_close(x.detach(), tensor({2., 3.})));
}

TEST(InPlace, AChangeOfASavedInputIsFound) {
  Tensor x = ones({2, 2}, requires_grad());
  Tensor y = x * 1, z = y * y;
  y.mul_(2);
  EXPECT_TRUE(throws<Error>(
      "one of the variables needed for gradient computation has been modified by an inplace "
      "operation: [FloatTensor [2, 2]], which is output 0 of Mul, is at version 1; "
      "expected "
      "version 0 instead.",
      [&] { z.sum().backward(); }));
}

TEST(InPlace, AChangeOfASavedResultIsFound) {
  Tensor x = ones({2, 2}, requires_grad()), y = x.exp();
  y.add_(1);
  EXPECT_TRUE(throws<Error>("which is output 0 of Exp, is at version 1; expected version 0",
                            [&] { y.sum().backward(); }));
}

TEST(InPlace, AChangeThroughAViewIsFound) {
  Tensor w = ones({2, 3}, TensorOptions(kDouble).requires_grad(true)), y = w.sigmoid();
  y[0][0] = 5.0;
  EXPECT_TRUE(throws<Error>("[DoubleTensor [2, 3]]", [&] { y.sum().backward(); }));
}

TEST(InPlace, AChangeOfALeafWithoutRecordingIsFound) {
  Tensor w = ones({3}, requires_grad()), z = (w * w).sum();
  {
    NoGradGuard no_grad;
    w.add_(1);
  }
  EXPECT_TRUE(throws<Error>("[FloatTensor [3]] is at version 1; expected version 0",
                            [&] { z.backward(); }));
}

TEST(InPlace, AChangeOfWhatIsNotSavedIsFine) {
  Tensor x = leaf({1., 2.}), y = x * 1, z = y + y;
  y.mul_(2);
  z.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({2., 2.})));
}

TEST(InPlace, ByItselfIsRightOrRefused) {
  Tensor x = leaf({3., 4.}), y = x * 1;
  y.add_(y);
  y.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({2., 2.})));

  x.mutable_grad().reset();
  Tensor z = x * 1;
  z.mul_(z);
  z.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({6., 8.})));

  x.mutable_grad().reset();
  Tensor q = x * 1;
  q.div_(q);
  q.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({0., 0.})));
}

TEST(InPlace, AnOperationByItselfDoesNotKeepItsGraphAlive) {
  Tensor x = leaf({3., 4.});
  {
    Tensor z = x * 1;
    z.mul_(z);
    z.exp_();
    z.div_(z);
  }
  EXPECT_EQ(x.use_count(), 1u);
}

TEST(InPlace, GradientsEqualThoseOfTheFormsThatMakeANewTensor) {
  const std::function<Tensor&(Tensor&, const Tensor&)> changes[] = {
      [](Tensor& a, const Tensor& b) -> Tensor& { return a.add_(b, 2).sub_(b).add_(3).sub_(0.5); },
      [](Tensor& a, const Tensor& b) -> Tensor& { return a.mul_(b).mul_(3); },
      [](Tensor& a, const Tensor& b) -> Tensor& { return a.div_(b).div_(3); },
      [](Tensor& a, const Tensor& b) -> Tensor& { return a.pow_(b); },
      [](Tensor& a, const Tensor&) -> Tensor& { return a.pow_(2); },
      [](Tensor& a, const Tensor&) -> Tensor& { return a.exp_(); },
      [](Tensor& a, const Tensor&) -> Tensor& { return a.log_(); },
      [](Tensor& a, const Tensor&) -> Tensor& { return a.sqrt_(); },
      [](Tensor& a, const Tensor&) -> Tensor& { return a.neg_().abs_(); },
      [](Tensor& a, const Tensor&) -> Tensor& { return a.tanh_(); },
      [](Tensor& a, const Tensor&) -> Tensor& { return a.sigmoid_(); },
      [](Tensor& a, const Tensor&) -> Tensor& { return a.relu_(); },
      [](Tensor& a, const Tensor&) -> Tensor& { return a.clamp_(1.0, 1.8); },
      [](Tensor& a, const Tensor& b) -> Tensor& { return a.masked_fill_(b.gt(1.0), 5); },
      [](Tensor& a, const Tensor&) -> Tensor& { return a.fill_(2); },
      [](Tensor& a, const Tensor& b) -> Tensor& { return a.copy_(b * b); },
      [](Tensor& a, const Tensor&) -> Tensor& { return a.mul_(a); },
  };
  variable_list inputs{double_leaf({1.5, 2.0, 0.7}), double_leaf({0.9, 1.3, 1.1})};
  for (size_t i = 0; i < std::size(changes); ++i) {
    auto change = [&](const variable_list& t) {
      Tensor a = t[0] * 1;
      return changes[i](a, t[1]) + 0 * (t[0] + t[1]);
    };
    auto first = autograd::gradcheck(change, inputs);
    EXPECT_TRUE(first) << "change " << i << ": " << first.text();
    auto second = autograd::gradgradcheck(change, inputs);
    EXPECT_TRUE(second) << "change " << i << ": " << second.text();
  }
}

TEST(InPlace, RefuseResultsThatDoNotFit) {
  EXPECT_TRUE(throws<Error>("output with shape [2] doesn't match the broadcast shape [3, 2]", [] {
    ones({2}).add_(ones({3, 2}));
  }));
  EXPECT_TRUE(throws<Error>("result type Float can't be cast to the desired output type Long",
                            [] { ones({2}, kLong).add_(0.5); }));
  EXPECT_TRUE(throws<Error>("result type Float can't be cast to the desired output type Long",
                            [] { ones({2}, kLong).div_(2); }));
  EXPECT_TRUE(throws<Error>("can't be cast to the desired output type Int",
                            [] { ones({2}, kInt).exp_(); }));
}

TEST(InPlace, RefuseToWidenTheTensor) {
  const char* text = "output with shape [2] doesn't match the broadcast shape [3, 2]";
  Tensor x = ones({2});
  EXPECT_TRUE(throws<Error>(text, [&] { x.mul_(ones({3, 2})); }));
  EXPECT_TRUE(throws<Error>(text, [&] { x.div_(ones({3, 2})); }));
  EXPECT_TRUE(throws<Error>(text, [&] { x.pow_(ones({3, 2})); }));
  EXPECT_TRUE(throws<Error>(text, [&] { x.copy_(ones({3, 2})); }));
  EXPECT_TRUE(throws<Error>(text, [&] { x.masked_fill_(ones({3, 2}, kBool), 1); }));
  EXPECT_EQ(x._version(), 0);
  x.add_(ones({1})).copy_(tensor(3.0f));
  EXPECT_TRUE(is_close(x, tensor({3., 3.})));
}

TEST(InPlace, RefuseToWidenTheDtype) {
  Tensor x = ones({2}, kLong);
  const char* text = "result type Float can't be cast to the desired output type Long";
  EXPECT_TRUE(throws<Error>(text, [&] { x.mul_(1.5); }));
  EXPECT_TRUE(throws<Error>(text, [&] { x.add_(ones({2})); }));
  EXPECT_TRUE(throws<Error>(text, [&] { x.sub_(ones({2})); }));
  EXPECT_TRUE(throws<Error>(text, [&] { x += 0.5; }));
  EXPECT_TRUE(throws<Error>("can't be cast to the desired output type Bool",
                            [] { ones({2}, kBool).add_(1); }));
  EXPECT_TRUE(same_bits(x, ones({2}, kLong)));
  x.copy_(tensor({2.5, 3.5}));
  EXPECT_TRUE(same_bits(x, tensor({2, 3}))) << "but a copy converts";
}

TEST(InPlace, FillATensorWhoseElementsShareMemory) {
  Tensor x = leaf({1., 2., 3.}), y = x * 1, wide = y.slice(0, 0, 1).expand({4});
  wide.fill_(7);
  EXPECT_TRUE(is_close(y.detach(), tensor({7., 2., 3.})));
  EXPECT_TRUE(is_close(wide.detach(), tensor({7., 7., 7., 7.})));
  (y * 2).sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({0., 2., 2.})));
}

TEST(InPlace, RefuseATensorWhoseElementsShareMemory) {
  EXPECT_TRUE(throws<Error>(
      "more than one element of the written-to tensor refers to a single memory location",
      [] { ones({1}).expand({3}).add_(1); }));
  Tensor x = ones({1, 3}), wide = x.expand({2, 3});
  const char* text =
      "more than one element of the written-to tensor refers to a single memory location";
  EXPECT_TRUE(throws<Error>(text, [&] { wide.mul_(ones({2, 3})); }));
  EXPECT_TRUE(throws<Error>(text, [&] { wide.copy_(ones({2, 3})); }));
  EXPECT_TRUE(throws<Error>(text, [&] { wide.exp_(); }));
  EXPECT_TRUE(throws<Error>(text, [&] { wide.uniform_(); }));
  wide[0].add_(1);
  EXPECT_TRUE(is_close(x, full({1, 3}, 2.0)));
}

TEST(InPlace, OverlappingOperandsAreReadBeforeTheyAreWritten) {
  Tensor x = tensor({1., 2., 3., 4.});
  x.slice(0, 1).add_(x.slice(0, 0, 3));
  EXPECT_TRUE(is_close(x, tensor({1., 3., 5., 7.})));
  Tensor m = tensor({{1., 2.}, {3., 4.}});
  m.copy_(m.t());
  EXPECT_TRUE(is_close(m, tensor({{1., 3.}, {2., 4.}})));
}

}  // namespace
}  // namespace adjoint::testing
