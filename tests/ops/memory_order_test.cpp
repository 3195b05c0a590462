// SPDX-License-Identifier: MIT
// Results that lie in memory as the operands do, and sums that take them as they lie.
#include <gtest/gtest.h>

#include "adjoint/ops.h"

namespace adjoint {
namespace {

TEST(MemoryOrder, IsKeptByTheLikeForms) {
  const Tensor x = rand({2, 3, 4}).permute({2, 0, 1});
  for (const Tensor& t : {empty_like(x), zeros_like(x), ones_like(x), full_like(x, 2.5),
                          rand_like(x), zeros_like(x, kDouble)}) {
    EXPECT_EQ(t.sizes(), x.sizes());
    EXPECT_EQ(t.strides(), x.strides());
  }
  EXPECT_TRUE(equal(ones_like(x), ones({4, 2, 3})));
  EXPECT_TRUE(equal(full_like(x, 2.5), full({4, 2, 3}, 2.5)));
}

TEST(MemoryOrder, IsRowMajorWhereMemoryHasGapsOrIsShared) {
  for (const Tensor& x : {rand({4, 6}).slice(1, 0, 6, 2), rand({4, 1}).expand({4, 3})}) {
    const Tensor t = zeros_like(x);
    EXPECT_TRUE(t.is_contiguous());
    EXPECT_EQ(t.sizes(), x.sizes());
  }
}

TEST(MemoryOrder, OfTransposedOperandsDoesNotChangeASumOfLosses) {
  const Tensor x = rand({5, 7}, kDouble).t().detach().requires_grad_(),
               y = rand({5, 7}, kDouble).t();
  const Tensor dense = x.detach().contiguous().requires_grad_();
  for (Reduction reduction : {Reduction::Mean, Reduction::Sum}) {
    const Tensor loss = mse_loss(x, y, reduction),
                 expected = mse_loss(dense, y.contiguous(), reduction);
    EXPECT_NEAR(loss.item<double>(), expected.item<double>(), 1e-13);
    x.mutable_grad() = dense.mutable_grad() = Tensor();
    loss.backward();
    expected.backward();
    const Tensor gradient = x.grad();
    EXPECT_TRUE(allclose(gradient, dense.grad(), 1e-14, 0));
  }
}

}  // namespace
}  // namespace adjoint
