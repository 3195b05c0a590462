// SPDX-License-Identifier: MIT
// sort, argsort, topk.
#include <limits>

#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNaN = std::nan("");

TEST(Sort, NaNIsTheLargestAndTheZerosAreEqual) {
  for (ScalarType dtype : {kDouble, kFloat, kHalf, kBFloat16}) {
    Tensor x = tensor({0., kNaN, -0., kInf, -1., -kInf, kNaN, 2.}).to(dtype);
    EXPECT_TRUE(identical(x.argsort(), tensor({5, 4, 0, 2, 7, 3, 1, 6}))) << dtype_name(dtype);
    EXPECT_TRUE(identical(x.argsort(0, true), tensor({1, 6, 3, 7, 0, 2, 4, 5})))
        << dtype_name(dtype);
    EXPECT_TRUE(identical(std::get<1>(x.topk(3)), tensor({1, 6, 3}))) << dtype_name(dtype);
  }
}

TEST(Sort, IntegersOfEverySignAreInOrder) {
  constexpr int64_t kLow = std::numeric_limits<int64_t>::min(),
                    kHigh = std::numeric_limits<int64_t>::max();
  Tensor x = tensor({int64_t(3), kHigh, int64_t(-1), kLow, int64_t(0)});
  EXPECT_TRUE(identical(x.argsort(), tensor({3, 2, 4, 0, 1})));
  EXPECT_TRUE(identical(x.to(kInt).argsort(), x.to(kInt).to(kLong).argsort()));
}

/// Lines short and long, of every way in which a kernel may sort them.
TEST(Sort, EqualValuesKeepTheirOrderInLinesOfEveryLength) {
  for (int64_t n : {1, 2, 31, 48, 49, 500, 2048, 2049, 5000}) {
    for (ScalarType dtype : {kByte, kHalf, kFloat, kLong, kDouble}) {
      for (bool descending : {false, true}) {
        Tensor x = noise_below(7, {3, n}).to(dtype);
        auto [values, indices] = sort(x, 1, descending);
        EXPECT_TRUE(identical(values, x.gather(1, indices)));
        if (n == 1) continue;
        auto neighbours = [n](const Tensor& t, int64_t first) {
          return t.narrow(1, first, n - 1).to(kLong);
        };
        Tensor step = neighbours(values, 1) - neighbours(values, 0);
        if (descending) step = -step;
        Tensor later = neighbours(indices, 1).gt(neighbours(indices, 0));
        Tensor in_order = logical_or(step.gt(0), logical_and(step.eq(0), later));
        EXPECT_TRUE(in_order.all().item<bool>())
            << n << " of " << dtype_name(dtype) << (descending ? " descending" : "");
        EXPECT_TRUE(identical(std::get<1>(topk(x, (n + 1) / 2, 1, descending)),
                              indices.narrow(1, 0, (n + 1) / 2)));
      }
    }
  }
}

TEST(Sort, GradientsGoBackToWhereTheValuesWere) {
  Tensor x = tensor({{3., 1., 2.}, {4., 6., 5.}}, TensorOptions(kDouble).requires_grad(true));
  Tensor weight = tensor({{1., 10., 100.}, {1., 10., 100.}}, kDouble);
  Tensor values = std::get<0>(x.sort());
  EXPECT_STREQ(values.grad_fn()->name(), "SortBackward0");
  Tensor g = autograd::grad({(values * values * weight).sum()}, {x}, {}, std::nullopt, true)[0];
  EXPECT_TRUE(close(g, tensor({{600., 2., 40.}, {8., 1200., 100.}}, kDouble)));
  EXPECT_TRUE(close(autograd::grad({g.sum()}, {x})[0],
                    tensor({{200., 2., 20.}, {2., 200., 20.}}, kDouble)));
  Tensor best = std::get<0>(x.topk(1, 0));
  EXPECT_STREQ(best.grad_fn()->name(), "TopkBackward0");
  best.sum().backward();
  EXPECT_TRUE(close(x.grad(), tensor({{0., 0., 0.}, {1., 1., 1.}}, kDouble)));
  EXPECT_FALSE(x.argsort().requires_grad());
}

TEST(Sort, NothingAndASingleNumberAreSorted) {
  EXPECT_EQ(std::get<0>(zeros({3, 0}).sort()).numel(), 0);
  auto [value, index] = tensor(5.).sort();
  EXPECT_TRUE(identical(value, tensor(5.)));
  EXPECT_TRUE(identical(index, tensor(0)));
  EXPECT_TRUE(std::get<1>(zeros({4, 3}).topk(0)).sizes() == IntArrayRef({4, 0}));
}

}  // namespace
}  // namespace adjoint::testing
