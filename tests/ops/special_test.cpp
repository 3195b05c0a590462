// SPDX-License-Identifier: MIT
// Edges of functions of probabilities and logarithms, and what has no formula: rrelu.
#include <cmath>
#include <limits>

#include "tests/support/compare.h"
#include "tests/support/reference.h"
#include "tests/support/test_device.h"

namespace adjoint {
namespace {

using testing::close;
using testing::test_device;

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNaN = std::nan("");

Tensor on_device(const std::vector<double>& values, ScalarType dtype = kFloat) {
  return tensor(values).to(test_device(), dtype);
}

TEST(Erfinv, IsAccurateWhereErfIsNearOne) {
  Tensor y = erfinv(on_device({1 - 0x1p-53, -1 + 0x1p-53, 1e-300, 0.5}, kDouble)).cpu();
  EXPECT_NEAR(y[0].item<double>(), 5.863584748755167, 1e-14);
  EXPECT_NEAR(y[1].item<double>(), -5.863584748755167, 1e-14);
  EXPECT_NEAR(y[2].item<double>() / 8.862269254527580e-301, 1, 1e-15);
  EXPECT_NEAR(y[3].item<double>(), 0.4769362762044699, 1e-15);
  Tensor edges = erfinv(on_device({1, -1, 1.5}));
  EXPECT_EQ(edges[0].item<double>(), kInf);
  EXPECT_EQ(edges[1].item<double>(), -kInf);
  EXPECT_TRUE(std::isnan(edges[2].item<double>()));
}

TEST(NanToNum, PutsTheLimitsOfTheDtypeInThePlaceOfInfinities) {
  const std::pair<ScalarType, double> limits[] = {{kFloat, std::numeric_limits<float>::max()},
                                                  {kDouble, std::numeric_limits<double>::max()},
                                                  {kHalf, 65504},
                                                  {kBFloat16, 3.3895313892515355e38}};
  for (const auto& [dtype, limit] : limits) {
    Tensor y = nan_to_num(on_device({kInf, -kInf, kNaN, 2}, dtype)).to(kDouble);
    EXPECT_EQ(y[0].item<double>(), limit);
    EXPECT_EQ(y[1].item<double>(), -limit);
    EXPECT_EQ(y[2].item<double>(), 0);
    EXPECT_EQ(y[3].item<double>(), 2);
  }
}

TEST(NanToNum, InPlaceHasTheGradientOfTheOther) {
  Tensor x = on_device({kNaN, 3, kInf}).requires_grad_();
  Tensor y = x.clone();
  const int64_t version = y._version();
  nan_to_num_(y, 0.5, 7, -7);
  EXPECT_EQ(y._version(), version + 1);
  EXPECT_TRUE(equal(y.detach(), on_device({0.5, 3, 7})));
  EXPECT_STREQ(y.grad_fn()->name(), "NanToNumBackward0");
  (y * 2).sum().backward();
  EXPECT_TRUE(equal(x.grad(), on_device({0, 2, 0})));
  Tensor whole = tensor({1, 2}).to(test_device());
  EXPECT_TRUE(equal(whole.nan_to_num_(), whole));
}

TEST(Logaddexp, OfEqualInfinitiesHalvesTheGradient) {
  const double infinity = std::numeric_limits<double>::infinity();
  Tensor x = tensor({-infinity, infinity, 2.0}, requires_grad()), y = x.detach().clone();
  y.requires_grad_();
  (logaddexp(x, y) + logaddexp2(x, y)).sum().backward();
  EXPECT_TRUE(equal(x.grad(), ones({3})));
  EXPECT_TRUE(equal(y.grad(), ones({3})));
}

TEST(Heaviside, HasNoGradient) {
  Tensor x = on_device({-1, 0, 2}).requires_grad_();
  Tensor y = heaviside(x, on_device({0.5}));
  EXPECT_TRUE(equal(y.detach(), on_device({0, 0.5, 1})));
  EXPECT_TRUE(testing::throws<NotImplementedError>(
      "derivative for aten::heaviside is not implemented", [&] { y.sum().backward(); }));
}

TEST(Logit, IsNaNBeyondZeroAndOneWithoutEps) {
  Tensor x = on_device({-0.5, 0, 1, 1.5}).requires_grad_();
  Tensor y = logit(x);
  EXPECT_TRUE(isnan(y)[0].item<bool>() && isnan(y)[3].item<bool>());
  EXPECT_EQ(y[1].item<double>(), -kInf);
  EXPECT_EQ(y[2].item<double>(), kInf);
  y.sum().backward();
  EXPECT_TRUE(isnan(x.grad())[0].item<bool>());
  EXPECT_EQ(x.grad()[1].item<double>(), kInf);
}

TEST(Rrelu, DrawsSlopesWithinItsBoundsWhereItTrains) {
  manual_seed(3);
  Tensor x = full({4000}, -2.0, TensorOptions(kFloat).device(test_device())).requires_grad_();
  Tensor y = rrelu(x, 0.25, 0.75, /*training=*/true);
  Tensor slopes = (y / -2).detach();
  EXPECT_GE(slopes.min().item<double>(), 0.25);
  EXPECT_LE(slopes.max().item<double>(), 0.75);
  EXPECT_NEAR(slopes.mean().item<double>(), 0.5, 0.02);
  EXPECT_GT(slopes.std().item<double>(), 0.1);
  y.sum().backward();
  EXPECT_TRUE(equal(x.grad(), slopes));
  EXPECT_STREQ(y.grad_fn()->name(), "RreluWithNoiseBackward0");
}

TEST(Rrelu, TakesTheMeanSlopeWhereItDoesNotTrainAndLeavesPositiveNumbersAlone) {
  Tensor x = on_device({-2, 3});
  EXPECT_TRUE(equal(rrelu(x, 0.25, 0.75), on_device({-1, 3})));
  EXPECT_TRUE(equal(rrelu(on_device({3, 4}), 0.25, 0.75, true), on_device({3, 4})));
  EXPECT_TRUE(testing::throws<Error>("Lower bound should be less than or equal to the upper bound",
                                     [&] { rrelu(x, 0.5, 0.25, true); }));
}

TEST(Rrelu, InPlaceHasTheGradientOfTheSlopesThatItDrew) {
  Tensor x = on_device({-1, -1, 2}).requires_grad_();
  Tensor y = x.clone();
  rrelu_(y, 0.25, 0.75, /*training=*/true);
  Tensor slopes = y.detach() / x.detach();
  y.sum().backward();
  EXPECT_TRUE(equal(x.grad(), slopes));
  nn::RReLU layer(nn::RReLUOptions().lower(0.25).upper(0.75).inplace(true));
  Tensor z = on_device({-1, 1});
  const float drawn = layer(z)[0].item<float>();
  EXPECT_EQ(z[0].item<float>(), drawn);
  EXPECT_NE(drawn, -1);
  layer->eval();
  Tensor w = on_device({-2, 1});
  layer(w);
  EXPECT_TRUE(equal(w, on_device({-1, 1})));
}

TEST(GumbelSoftmax, IsOneHotWhereHardWithTheGradientOfTheSoftOne) {
  manual_seed(1);
  namespace F = nn::functional;
  Tensor x = on_device({0, 1, 2, 3}).reshape({2, 2}).requires_grad_();
  Tensor soft = F::gumbel_softmax(x, F::GumbelSoftmaxFuncOptions().tau(0.5));
  EXPECT_TRUE(close(soft.sum(1), ones({2})));
  Tensor weights = on_device({1, 0, 0, 2}).reshape({2, 2});
  Tensor hard = F::gumbel_softmax(x, F::GumbelSoftmaxFuncOptions().hard(true));
  EXPECT_TRUE(close(hard.amax({1}), ones({2})));
  EXPECT_TRUE(close(hard.amin({1}), zeros({2})));
  (hard * weights).sum().backward();
  EXPECT_GT(x.grad().abs().sum().item<double>(), 0);
}

TEST(OtherNames, AreTheSameOperations) {
  Tensor x = on_device({-1.5, 0.5, 2}), w = on_device({2, 0.5, -1});
  EXPECT_TRUE(equal(negative(x), -x));
  EXPECT_TRUE(equal(absolute(x), abs(x)));
  EXPECT_TRUE(equal(clip(x, -1, 1), clamp(x, -1, 1)));
  EXPECT_TRUE(equal(multiply(x, w), x * w));
  EXPECT_TRUE(equal(divide(x, w), x / w));
  EXPECT_TRUE(equal(true_divide(x, 2), x / 2));
  EXPECT_TRUE(equal(divide(x, w, "floor"), div(x, w, "floor")));
  EXPECT_TRUE(equal(subtract(x, w, 2), x - 2 * w));
  EXPECT_TRUE(equal(greater(x, w), x > w));
  EXPECT_TRUE(equal(greater_equal(x, w), x >= w));
  EXPECT_TRUE(equal(less(x, w), x < w));
  EXPECT_TRUE(equal(less_equal(x, w), x <= w));
  EXPECT_TRUE(equal(not_equal(x, 2), x != 2));
  EXPECT_TRUE(equal(fix(x), trunc(x)));
  EXPECT_TRUE(equal(arctan2(x, w), atan2(x, w)));
  EXPECT_TRUE(positive(x).is_same(x));
  EXPECT_TRUE(testing::throws<Error>("on a bool tensor", [&] { positive(x > 0); }));
}

}  // namespace
}  // namespace adjoint
