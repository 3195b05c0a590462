// SPDX-License-Identifier: MIT
// What is recorded and what is a leaf: grad modes, detach, data.
#include <gtest/gtest.h>

#include "adjoint/autograd.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

Tensor leaf(const detail::TensorData& data) { return tensor(data, requires_grad()); }

TEST(GradModes, NothingIsRecordedWithoutGrad) {
  Tensor x = leaf(3.0f);
  {
    NoGradGuard no_grad;
    EXPECT_FALSE((x * 2).requires_grad());
    {
      enable_grad record;
      EXPECT_TRUE((x * 2).requires_grad());
      AutoGradMode off(false);
      EXPECT_FALSE((x * 2).requires_grad());
    }
    EXPECT_FALSE((x * 2).requires_grad());
  }
  EXPECT_TRUE((x * 2).requires_grad());
}

TEST(GradModes, AreRestoredByAnException) {
  try {
    NoGradGuard no_grad;
    throw 1;
  } catch (int) {
  }
  EXPECT_TRUE(GradMode::is_enabled());
}

TEST(Detach, SharesMemoryAndTheCountOfChanges) {
  Tensor x = leaf({1., 2.}), y = x * x;
  Tensor d = x.detach();
  EXPECT_FALSE(d.requires_grad());
  EXPECT_TRUE(d.is_leaf());
  EXPECT_EQ(d.data_ptr(), x.data_ptr());
  d.add_(1);
  EXPECT_TRUE(is_close(x.detach(), tensor({2., 3.})));
  EXPECT_TRUE(throws<Error>("modified by an inplace operation", [&] { y.sum().backward(); }));
}

TEST(Detach, DataChangesUnseen) {
  Tensor x = leaf({1., 2.}), y = x * x;
  x.data().mul_(10);
  y.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({20., 40.})));
}

TEST(Detach, InPlaceMakesALeaf) {
  Tensor x = leaf({1., 2.}), y = x * 2;
  y.detach_();
  EXPECT_TRUE(y.is_leaf());
  EXPECT_FALSE(y.requires_grad());
  Tensor view = (x * 2)[0];
  EXPECT_TRUE(throws<Error>("Can't detach views in-place", [&] { view.detach_(); }));
}

TEST(Detach, SetDataKeepsTheLeafAndItsGradient) {
  Tensor x = leaf({1., 2.});
  (x * 3).sum().backward();
  x.set_data(tensor({7., 8.}));
  EXPECT_TRUE(x.requires_grad());
  EXPECT_TRUE(is_close(x.detach(), tensor({7., 8.})));
  EXPECT_TRUE(is_close(x.grad(), tensor({3., 3.})));
}

TEST(Detach, SetDataIsNoChangeOfWhatWasSaved) {
  Tensor x = leaf({1., 2.}), z = x * x, other = tensor({5., 6.});
  other.add_(1);
  x.set_data(other);
  EXPECT_EQ(x._version(), 0);
  EXPECT_EQ(other._version(), 1);
  z.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({12., 14.}))) << "a saved leaf is the leaf itself";
  x.detach().add_(1);
  EXPECT_EQ(x._version(), 1);
}

TEST(Detach, SetDataLeavesViewsWithWhatTheyShow) {
  Tensor x = ones({2}), v = x[0];
  x.set_data(zeros({3}));
  EXPECT_TRUE(is_close(v, tensor(1.0f)));
  EXPECT_EQ(x.numel(), 3);
}

TEST(Detach, SetDataMayChangeShapeAndDtype) {
  Tensor x = leaf({1., 2.}), old = x * 2;
  x.set_data(ones({3}, kDouble));
  (x * 2).sum().backward();
  EXPECT_TRUE(is_close(x.grad(), full({3}, 2.0, kDouble)));
  EXPECT_TRUE(throws<Error>("data set to a tensor that requires gradients must be floating point",
                            [&] { x.set_data(ones({2}, kLong)); }));
  Tensor plain = ones({2});
  plain.set_data(ones({3}, kLong));
  EXPECT_EQ(plain.dtype(), kLong);
}

TEST(Detach, CloneIsRecordedAndHasItsOwnMemory) {
  Tensor x = leaf({1., 2.}), y = x.clone();
  y.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({1., 1.})));
  EXPECT_NE(y.data_ptr(), x.data_ptr());
}

TEST(Leaf, OnlyFloatingPointMayRequireGrad) {
  EXPECT_TRUE(throws<Error>("only Tensors of floating point dtype can require gradients",
                            [] { ones({2}, kLong).requires_grad_(); }));
  Tensor y = leaf(1.0f) * 2;
  EXPECT_TRUE(throws<Error>("you can only change requires_grad flags of leaf variables",
                            [&] { y.requires_grad_(false); }));
}

TEST(Leaf, WhatIsMadeWithoutRecordingIsALeaf) {
  Tensor x = leaf({1., 2.});
  EXPECT_TRUE(x.is_leaf());
  EXPECT_TRUE(ones({2}).is_leaf());
  EXPECT_FALSE((x * 2).is_leaf());
  EXPECT_TRUE((ones({2}) * 2).is_leaf());
  EXPECT_EQ(x.grad_fn(), nullptr);
  EXPECT_STREQ((x * 2).grad_fn()->name(), "MulBackward1");
}

}  // namespace
}  // namespace adjoint::testing
