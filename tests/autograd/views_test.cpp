// SPDX-License-Identifier: MIT
// Views: the memory, the count of changes and the history that they share with their base.
#include <gtest/gtest.h>

#include <tuple>
#include <vector>

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

TEST(Views, ShareMemoryBothWays) {
  Tensor x = zeros({2, 3}), v = x.t()[1];
  v.fill_(5);
  EXPECT_TRUE(is_close(x, tensor({{0., 5., 0.}, {0., 5., 0.}})));
  x.fill_(1);
  EXPECT_TRUE(is_close(v, tensor({1., 1.})));
}

TEST(Views, AChangeOfAViewIsInTheHistoryOfItsBase) {
  Tensor x = leaf({1., 2., 3.}), y = x * 1;
  y.slice(0, 1).mul_(10);
  EXPECT_STREQ(y.grad_fn()->name(), "CopySlices");
  (y * y).sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({2., 400., 600.})));
}

TEST(Views, AssignmentByIndexGivesTheJacobianOfItsParts) {
  Tensor m = tensor({{2., 3.}}, requires_grad()), n = zeros({1, 2});
  n.index({0, 0}) = m.index({0, 0}).pow(2);
  n.index({0, 1}) = m.index({0, 1}).pow(3);
  EXPECT_TRUE(is_close(n.detach(), tensor({{4., 27.}})));
  EXPECT_STREQ(n.grad_fn()->name(), "CopySlices");
  n.backward(m.data(), true);
  EXPECT_TRUE(is_close(m.grad(), tensor({{8., 81.}})));
  n.backward(ones_like(n), true);
  EXPECT_TRUE(is_close(m.grad(), tensor({{12., 108.}})));
  m.grad().zero_();
  n.backward(ones_like(n));
  EXPECT_TRUE(is_close(m.grad(), tensor({{4., 27.}})));
}

TEST(Views, AssignmentOverwritesTheGradientOfWhatWasThere) {
  Tensor x = leaf({1., 2.}), w = leaf(5.0f), y = x * 2;
  y[0] = w;
  y.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({0., 2.})));
  EXPECT_TRUE(is_close(w.grad(), tensor(1.0f)));
  x.mutable_grad().reset();
  Tensor z = x * 2;
  z[1] = 7.0;
  z.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({2., 0.})));
}

TEST(Views, AViewSeesTheHistoryOfALaterChangeOfItsBase) {
  Tensor x = leaf({1., 2., 3.}), y = x * 1, v = y.slice(0, 1);
  y.mul_(10);
  EXPECT_TRUE(is_close(v.detach(), tensor({20., 30.})));
  v.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({0., 10., 10.})));
}

TEST(Views, AViewSeesTheHistoryOfAChangeOfAnother) {
  Tensor x = leaf({1., 2., 3.}), y = x * 1;
  Tensor head = y.slice(0, 0, 2), tail = y.slice(0, 1);
  tail.mul_(head);  // y = [x0, x1 x0, x2 x1]
  head.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({3., 1., 0.})));
}

TEST(Views, AViewOfATensorThatLaterGetsAHistoryGetsItToo) {
  Tensor x = leaf({1., 2.}), base = zeros({2}), v = base[1];
  base.add_(x);
  EXPECT_TRUE(v.requires_grad());
  EXPECT_FALSE(v.is_leaf());
  (v * 3).backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({0., 3.})));
}

TEST(Views, ChangesThroughAViewOfAViewReachTheBase) {
  Tensor x = tensor({{1., 2.}, {3., 4.}}, requires_grad()), y = x * 1;
  y.t()[1].slice(0, 1).mul_(100);  // y[1][1]
  y.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({{1., 1.}, {1., 100.}})));
}

TEST(Views, GradientsThroughChangesOfSlicesEqualDifferences) {
  auto change = [](const variable_list& t) {
    Tensor y = t[0] * t[0];
    y.select(1, 0).mul_(t[1]);
    y.slice(0, 1).add_(y.slice(0, 0, 2).clone());
    y.t().index({indexing::Slice(), 0}).copy_(t[1].slice(0, 0, 2) * 3);
    return y;
  };
  variable_list inputs{double_leaf({{1., 2.}, {3., 4.}, {5., 6.}}), double_leaf({0.5, 1.5, 2.5})};
  auto first = autograd::gradcheck(change, inputs);
  EXPECT_TRUE(first) << first.text();
  auto second = autograd::gradgradcheck(change, inputs);
  EXPECT_TRUE(second) << second.text();
}

TEST(Views, GradientsThroughABaseThatIsNotRowMajorEqualDifferences) {
  auto change = [](const variable_list& t) {
    Tensor y = (t[0] * 2).t().clone().t() * 1;
    Tensor strided = empty_strided({2, 3}, {1, 2}, kDouble).copy_(t[0]);
    strided.select(0, 1).mul_(t[1]);
    return strided * y;
  };
  variable_list inputs{double_leaf({{1., 2., 3.}, {4., 5., 6.}}), double_leaf({0.5, 1.5, 2.5})};
  auto first = autograd::gradcheck(change, inputs);
  EXPECT_TRUE(first) << first.text();
}

TEST(Views, KnowTheirBase) {
  Tensor x = ones({2, 3}), v = x.t(), w = v[1];
  EXPECT_FALSE(x.is_view());
  EXPECT_TRUE(v.is_view() && w.is_view() && w._is_view());
  EXPECT_TRUE(w._base().is_same(x)) << "the base of a view of a view is no view";
  EXPECT_TRUE(throws<Error>("Can't get base of non-view Tensor", [&] { x._base(); }));
  EXPECT_FALSE(v.clone().is_view());
  EXPECT_FALSE(v.detach().is_view());
  EXPECT_FALSE(v.data().is_view());
}

TEST(Views, AReshapeThatCopiesIsNoView) {
  Tensor x = ones({2, 3}, requires_grad()), y = x.t().reshape({6});
  EXPECT_FALSE(y.is_view());
  EXPECT_STREQ(y.grad_fn()->name(), "UnsafeViewBackward0");
  y.mul_(2);
  EXPECT_STREQ(y.grad_fn()->name(), "MulBackward1");
  y.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), full({2, 3}, 2.0)));
  EXPECT_EQ(x._version(), 0);
}

TEST(Views, ShareTheCountOfChanges) {
  Tensor x = zeros({3}), v = x.slice(0, 1), w = v[0];
  w.add_(1);
  x.add_(1);
  EXPECT_EQ(x._version(), 2);
  EXPECT_EQ(v._version(), 2);
  EXPECT_EQ(w._version(), 2);
  EXPECT_EQ(x.clone()._version(), 0);
}

TEST(Views, RequireGradWithTheirBase) {
  Tensor x = ones({3}), v = x[0], other = x[1];
  x.requires_grad_();
  EXPECT_TRUE(v.requires_grad());
  EXPECT_TRUE(v.is_leaf()) << "it was made before there was anything to record";
  EXPECT_TRUE(throws<Error>("a view of a leaf Variable that requires grad is being used",
                            [&] { v.add_(1); }));
  (v * 2).backward();
  EXPECT_TRUE(is_close(v.grad(), tensor(2.0f)));
  EXPECT_FALSE(x.grad().defined());
}

TEST(Views, MayBeLeavesThatRequireGradOfABaseThatDoesNot) {
  Tensor x = ones({3}), v = x[0];
  v.requires_grad_();
  EXPECT_FALSE(x.requires_grad());
  EXPECT_TRUE(v.is_leaf());
  EXPECT_TRUE(throws<Error>("a view of a leaf Variable that requires grad is being used",
                            [&] { v.add_(1); }));
  x.add_(1);
  EXPECT_TRUE(v.is_leaf());
  (v * 2).backward();
  EXPECT_TRUE(is_close(v.grad(), tensor(2.0f)));
  x.mul_(leaf({2., 2., 2.}));
  EXPECT_FALSE(v.is_leaf());
  EXPECT_STREQ(v.grad_fn()->name(), "AsStridedBackward0");
}

TEST(Views, ChangedBeforeTheirBaseRequiresGradArePartOfItsGraph) {
  Tensor x = zeros({3}), v = x[0];
  v.fill_(4);
  x.requires_grad_();
  EXPECT_FALSE(v.is_leaf());
  (v * 2).backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({2., 0., 0.})));
}

TEST(Views, OfADetachedTensorAreApartFromTheGraph) {
  Tensor x = leaf({1., 2., 3.}), y = x * 1, d = y.slice(0, 0, 2).detach();
  d.add_(leaf({1., 1.}));
  EXPECT_STREQ(d.grad_fn()->name(), "AddBackward0");
  EXPECT_STREQ(y.grad_fn()->name(), "MulBackward1");
  EXPECT_EQ(y._version(), 1);
  EXPECT_TRUE(is_close(y.detach(), tensor({2., 3., 3.})));
}

TEST(Views, OfABaseThatIsDetachedInPlaceKeepTheirHistory) {
  Tensor x = leaf({1., 2.}), y = x * 3, v = y[0];
  y.detach_();
  EXPECT_FALSE(y.requires_grad());
  EXPECT_TRUE(v.requires_grad());
  EXPECT_TRUE(throws<Error>("a view of a leaf Variable that requires grad is being used",
                            [&] { v.add_(1); }));
  v.backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({3., 0.})));
}

TEST(Views, ChangedUnrecordedKeepTheirPlaceInTheirBase) {
  Tensor x = leaf({{1., 2., 3.}, {4., 5., 6.}}), y = x * 2;
  for (Tensor v : {y[0], y.slice(1, 1), y.t(), y.view({6}), x[1]}) {
    v.retain_grad();
    int calls = 0;
    v.register_hook([&](const Tensor&) { ++calls; });
    {
      NoGradGuard no_grad;
      v.mul_(10);
    }
    EXPECT_STREQ(v.grad_fn()->name(), "AsStridedBackward0");
    Tensor base = v._base(), expected = zeros({2, 3});
    expected.as_strided(v.sizes(), v.strides(), v.storage_offset()).fill_(1);
    x.mutable_grad() = {};
    v.sum().backward();
    EXPECT_TRUE(is_close(x.grad(), expected * (base.is_same(y) ? 2 : 1)));
    EXPECT_TRUE(is_close(v.grad(), ones_like(v)));
    EXPECT_EQ(calls, 0) << "hooks stay with the grad_fn that they were registered with";
  }
}

TEST(Views, CannotBeDetachedInPlace) {
  Tensor y = leaf({1., 2.}) * 1, recorded = y[0], plain = ones({2})[0], unrecorded;
  {
    NoGradGuard no_grad;
    unrecorded = y[0];
  }
  for (const Tensor& v : {recorded, plain, unrecorded}) {
    EXPECT_TRUE(
        throws<Error>("Can't detach views in-place. Use detach() instead.", [&] { v.detach_(); }));
  }
}

TEST(Views, OfAViewThatIsStaleAreOfItsNewHistory) {
  Tensor x = leaf({1., 2., 3.}), y = x * 1, v = y.slice(0, 1);
  y.mul_(10);
  Tensor w = v[0];
  w.mul_(2);
  (w + v[1]).backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({0., 20., 10.})));
}

TEST(Views, ChangedInATurnWithTheirBaseGiveTheGradientOfAllChanges) {
  Tensor x = leaf({1., 2.}), y = x * 1, v = y[0];
  v.mul_(2);
  y.mul_(3);
  v.add_(x[1]);
  y[1] *= 5;
  (y * tensor({1., 10.})).sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({6., 151.})));
  EXPECT_TRUE(is_close(v.detach(), tensor(8.0f)));
}

TEST(Views, ChangedInPlaceByIndexGiveTheGradientOfTheChange) {
  auto change = [](const variable_list& t) {
    Tensor y = t[0] * 1;
    y[0] += t[1];
    y.index({indexing::Slice(1), 1}) *= t[1][0];
    y.index_put_({1, indexing::Slice()}, t[1] * t[1]);
    y.index_put_({2, 0}, 7.0);
    y.t()[1].masked_fill_(t[0].detach().t()[1].gt(5.), 3.0);
    y.slice(0, 0, 2).transpose(0, 1).copy_(y.slice(0, 0, 2).clone() * 2);
    return y;
  };
  variable_list inputs{double_leaf({{1., 2.}, {3., 4.}, {5., 6.}}), double_leaf({0.5, 1.5})};
  auto first = autograd::gradcheck(change, inputs);
  EXPECT_TRUE(first) << first.text();
  auto second = autograd::gradgradcheck(change, inputs);
  EXPECT_TRUE(second) << second.text();
}

TEST(Views, SavedForBackwardAreSeenToChangeThroughTheirBase) {
  Tensor x = leaf({1., 2.}), y = x * 1, v = y[0], z = v * v;
  y[1].add_(1);
  EXPECT_TRUE(throws<Error>("modified by an inplace operation", [&] { z.backward(); }));
}

TEST(Views, ThatOneOperationReturnsAreOutputsOfOneNode) {
  Tensor x = ones({3, 2}, requires_grad());
  const std::tuple<std::vector<Tensor>, const char*> cases[] = {
      {x.unbind(), "UnbindBackward0"},
      {x.split(2), "SplitBackward0"},
      {x.chunk(2), "SplitBackward0"},
      {x.split({1, 2}), "SplitWithSizesBackward0"},
      {x.split_with_sizes({1, 1, 1}), "SplitWithSizesBackward0"}};
  for (const auto& [parts, name] : cases) {
    for (size_t i = 0; i < parts.size(); ++i) {
      EXPECT_STREQ(parts[i].grad_fn()->name(), name);
      EXPECT_TRUE(parts[i].grad_fn() == parts[0].grad_fn());
      EXPECT_EQ(parts[i].output_nr(), i);
      EXPECT_TRUE(parts[i]._base().is_same(x));
    }
  }
}

TEST(Views, ThatOneOperationReturnsGiveZerosWhereTheyAreNotUsed) {
  Tensor x = tensor({{1., 2.}, {3., 4.}, {5., 6.}}, requires_grad());
  (x.unbind()[1] * 2).sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({{0., 0.}, {2., 2.}, {0., 0.}})));
  x.mutable_grad().reset();
  (x.unbind(1)[1] * 2).sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({{0., 2.}, {0., 2.}, {0., 2.}})));
  x.mutable_grad().reset();
  (x.split({1, 2}, -2)[1] * 2).sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({{0., 0.}, {2., 2.}, {2., 2.}})));
}

TEST(Views, ThatOneOperationReturnsHaveGradientsEqualToDifferences) {
  auto parts = [](const variable_list& t) {
    auto rows = t[0].unbind(), columns = t[0].split(2, 1), sized = t[0].split({2, 0, 1}, 1);
    Tensor last = columns[1].squeeze(1) * t[0].chunk(2, 1)[1].squeeze(1);
    return rows[0] * rows[1] * rows[0].sum() + (last * last).sum() + sized[0].pow(3).sum() +
           sized[1].sum() + sized[2].sum();
  };
  variable_list inputs{double_leaf({{1., 2., 3.}, {4., 5., 6.}})};
  auto first = autograd::gradcheck(parts, inputs);
  EXPECT_TRUE(first) << first.text();
  auto second = autograd::gradgradcheck(parts, inputs);
  EXPECT_TRUE(second) << second.text();
}

TEST(Views, OfUnequalSizesMustMakeUpTheWhole) {
  EXPECT_TRUE(
      throws<Error>("split_with_sizes expects split_sizes to sum exactly to 3 (input "
                    "tensor's size at dimension 0), but got split_sizes=[1, 1]",
                    [] {
                      ones({3}).split({1, 1});
                    }));
  EXPECT_TRUE(throws<Error>("expects split_sizes have only non-negative entries", [] {
    ones({3}).split({4, -1});
  }));
}

TEST(Views, NamesOfTheirNodes) {
  Tensor x = ones({2, 3}, requires_grad());
  EXPECT_STREQ(x.t().grad_fn()->name(), "TBackward0");
  EXPECT_STREQ(x.transpose(0, 1).grad_fn()->name(), "TransposeBackward0");
  EXPECT_STREQ(x.view({6}).grad_fn()->name(), "ViewBackward0");
  EXPECT_STREQ(x[0].grad_fn()->name(), "SelectBackward0");
  EXPECT_STREQ(x.slice(0, 1).grad_fn()->name(), "SliceBackward0");
  EXPECT_STREQ(x.permute({1, 0}).grad_fn()->name(), "PermuteBackward0");
  EXPECT_STREQ(x.unsqueeze(0).grad_fn()->name(), "UnsqueezeBackward0");
  EXPECT_STREQ(x.expand({4, 2, 3}).grad_fn()->name(), "ExpandBackward0");
  EXPECT_STREQ(x.as_strided({2}, {1}).grad_fn()->name(), "AsStridedBackward0");
}

}  // namespace
}  // namespace adjoint::testing
