// SPDX-License-Identifier: MIT
// where, masked_fill, clamp, comparisons and truth values: what the reference's rows leave out.
#include <limits>

#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(Where, TakesNumbersOnEitherSide) {
  Tensor c = tensor({true, false});
  EXPECT_TRUE(identical(where(c, tensor({1, 2}), 7), tensor({1, 7})));
  EXPECT_TRUE(identical(where(c, 7, tensor({1, 2})), tensor({7, 2})));
  EXPECT_TRUE(identical(where(c, 7, 8), tensor({7, 8})));
  EXPECT_TRUE(identical(where(c, 7, tensor({1.5, 2.5})), tensor({7., 2.5})));
}

TEST(Where, SumsTheGradientOfWhatItStretched) {
  Tensor a = tensor(1.).requires_grad_(), b = tensor({{1.}, {2.}}).requires_grad_();
  where(tensor({true, false, true}), a, b).sum().backward();
  EXPECT_TRUE(identical(a.grad(), tensor(4.)));
  EXPECT_TRUE(identical(b.grad(), tensor({{1.}, {1.}})));
}

TEST(Where, KeepsNaNOfTheOtherBranchOutOfTheGradient) {
  Tensor x = tensor({-1., 4.}).requires_grad_();
  Tensor guarded = where(x > 0, x, 1);
  where(x > 0, guarded.sqrt(), 0).sum().backward();
  EXPECT_TRUE(identical(x.grad(), tensor({0., 0.25})));
}

TEST(MaskedFill, InPlaceStopsTheGradientAndCountsAsAChange) {
  Tensor x = tensor({1., 2., 3.}).requires_grad_(), y = x * 2;
  int64_t version = y._version();
  y.masked_fill_(tensor({true, false, true}), 9);
  EXPECT_GT(y._version(), version);
  EXPECT_TRUE(identical(y.detach(), tensor({9., 4., 9.})));
  y.sum().backward();
  EXPECT_TRUE(identical(x.grad(), tensor({0., 2., 0.})));
}

TEST(MaskedFill, OfAMaskByItself) {
  Tensor m = tensor({true, false});
  m.masked_fill_(m, false);
  EXPECT_TRUE(identical(m, tensor({false, false})));
}

TEST(MaskedFill, ChecksMaskAndValue) {
  Tensor x = ones({2, 3});
  EXPECT_THROW(x.masked_fill(x, 0), Error);
  EXPECT_THROW(x.masked_fill_(ones({2, 2, 3}, kBool), 0), Error);
  EXPECT_THROW(ones(2, kByte).masked_fill(ones(2, kBool), 300), Error);
}

TEST(Clamp, KeepsIntegersWithinTheirRange) {
  Tensor x = tensor({1, 2, 255}).to(kByte);
  EXPECT_TRUE(identical(x.clamp(-1, 3), tensor({1, 2, 3}).to(kByte)));
  EXPECT_TRUE(identical(x.clamp(0, 300), x));
  EXPECT_TRUE(identical(x.clamp_min(2), tensor({2, 2, 255}).to(kByte)));
  Tensor big = tensor({int64_t(1) << 60, -(int64_t(1) << 60)});
  EXPECT_TRUE(identical(big.clamp_max(0), tensor({int64_t(0), -(int64_t(1) << 60)})));
}

TEST(Clamp, GradientPassesStrictlyInside) {
  for (bool in_place : {false, true}) {
    Tensor x = tensor({-2., -1., 0., 1., 2., kNaN}).requires_grad_();
    Tensor y = in_place ? x.clone().clamp_(-1, 1) : x.clamp(-1, 1);
    y.sum().backward();
    EXPECT_TRUE(identical(x.grad(), tensor({0., 0., 1., 0., 0., 0.})));
  }
  Tensor x = tensor({-2., -1., 0.}).requires_grad_();
  x.clamp_min(-1).sum().backward();
  EXPECT_TRUE(identical(x.grad(), tensor({0., 0., 1.})));
}

TEST(Comparison, WithANumberOutsideOfTheDtype) {
  Tensor x = tensor({0, 1, 255}).to(kByte);
  EXPECT_FALSE((x == 256).any().item<bool>());
  EXPECT_TRUE((x < 256).all().item<bool>());
  EXPECT_TRUE((-1 < x).all().item<bool>());
  EXPECT_TRUE((tensor({1}).to(kInt) < (int64_t(1) << 40)).item<bool>());
}

TEST(Comparison, OfTruthAlongADimension) {
  Tensor x = tensor({{1., kNaN, 0.}, {2., 3., 0.}});
  EXPECT_TRUE(identical(x.all(0), tensor({true, true, false})));
  EXPECT_TRUE(identical(x.t().any(1, true), tensor({{true}, {true}, {false}})));
  EXPECT_TRUE(identical(ones({0, 2}).all(0), tensor({true, true})));
  EXPECT_TRUE(identical(ones({0, 2}).any(0), tensor({false, false})));
  EXPECT_EQ(ones(2, kByte).all().dtype(), kByte);
}

TEST(Comparison, EqualAndAllclose) {
  Tensor x = tensor({1., kNaN});
  EXPECT_FALSE(x.equal(x));
  EXPECT_FALSE(x.allclose(x));
  EXPECT_TRUE(x.allclose(x, 1e-5, 1e-8, true));
  EXPECT_TRUE(tensor({1, 2}).equal(tensor({1., 2.})));
  EXPECT_FALSE(ones(2).equal(ones({2, 1})));
  double inf = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(tensor({inf, 1.}).allclose(tensor({inf, 1. + 1e-6})));
  EXPECT_FALSE(tensor({inf}).allclose(tensor({-inf})));
  EXPECT_FALSE(ones(1).allclose(tensor({1.001})));
  EXPECT_FALSE(tensor({0, 255}).to(kByte).allclose(tensor({1, 255}).to(kByte)));
  EXPECT_THROW(ones(2).allclose(ones(2, kDouble)), Error);
  EXPECT_THROW(ones(2).allclose(ones(2), -1), Error);
}

}  // namespace
}  // namespace adjoint::testing
