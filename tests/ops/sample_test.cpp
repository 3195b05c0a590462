// SPDX-License-Identifier: MIT
// Random numbers of given distributions: bounds, frequencies, errors.
#include "tests/support/compare.h"
#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

TEST(Sample, BernoulliIsOneAsOftenAsItsProbabilitySays) {
  manual_seed(1);
  Tensor p = tensor({0., 0.25, 1.}).unsqueeze(1).expand({3, 4000});
  Tensor share = bernoulli(p).mean({1});
  EXPECT_EQ(share[0].item<float>(), 0);
  EXPECT_EQ(share[2].item<float>(), 1);
  EXPECT_NEAR(share[1].item<float>(), 0.25, 0.04);  // 6 standard deviations
  Tensor x = full({3}, 0.5).requires_grad_();
  bernoulli(x).sum().backward();
  EXPECT_TRUE(identical(x.grad(), zeros({3})));
}

TEST(Sample, MultinomialDrawsInTheRatioOfTheWeights) {
  manual_seed(2);
  Tensor weights = tensor({0., 1., 3.}), drawn = multinomial(weights, 8000, true);
  EXPECT_EQ(drawn.dtype(), kLong);
  Tensor counts = bincount(drawn, {}, 3);
  EXPECT_EQ(counts[0].item<int64_t>(), 0);
  EXPECT_NEAR(counts[2].item<double>() / 8000, 0.75, 0.03);
  Tensor firsts = multinomial(weights.expand({4000, 3}), 1);
  EXPECT_NEAR(firsts.eq(2).to(kFloat).mean().item<double>(), 0.75, 0.042);
}

TEST(Sample, MultinomialWithoutReplacementTakesEachOnce) {
  Tensor drawn = multinomial(ones({5, 7}), 7);
  EXPECT_TRUE(identical(std::get<0>(drawn.sort()), arange(7).expand({5, 7})));
  EXPECT_TRUE(
      throws<Error>("cannot sample n_sample > prob_dist.size(-1) samples without replacement",
                    [] { multinomial(ones({2}), 3); }));
  EXPECT_TRUE(
      throws<Error>("cannot sample n_sample <= 0 samples", [] { multinomial(ones({2}), 0); }));
  EXPECT_TRUE(throws<Error>("prob_dist must be 1 or 2 dim", [] {
    multinomial(ones({2, 2, 2}), 1);
  }));
  EXPECT_TRUE(throws<Error>("multinomial only supports floating-point dtypes for input, got: ",
                            [] { multinomial(ones({2}, kLong), 1); }));
  EXPECT_TRUE(throws<Error>("probability tensor contains either `inf`, `nan` or element < 0", [] {
    multinomial(tensor({1., -1.}), 1);
  }));
  EXPECT_TRUE(throws<Error>("invalid multinomial distribution (sum of probabilities <= 0)",
                            [] { multinomial(zeros({2}), 1); }));
}

TEST(Sample, RandomIntegersFillTheirRange) {
  manual_seed(3);
  Tensor x = empty({5000}, kLong).random_(-2, 3);
  EXPECT_EQ(x.min().item<int64_t>(), -2);
  EXPECT_EQ(x.max().item<int64_t>(), 2);
  EXPECT_EQ(empty({5000}).random_(4).max().item<float>(), 3);
  EXPECT_GT(empty({100}, kLong).random_().max().item<int64_t>(), int64_t{1} << 55);
  EXPECT_LT(empty({5000}).random_().max().item<float>(), float(1 << 24));
  EXPECT_EQ(randint_like(x, 5, 6).sum().item<int64_t>(), 25000);
  EXPECT_TRUE(throws<Error>("random_ expects 'from' to be less than 'to', but got from=3 >= to=1",
                            [&] { x.random_(3, 1); }));
}

TEST(Sample, ExponentialNumbersArePositiveWithTheRatesMean) {
  manual_seed(4);
  for (ScalarType dtype : {kFloat, kDouble, kHalf, kBFloat16}) {
    Tensor x = empty({8000}, dtype).exponential_(4);
    EXPECT_GT(x.min().item<float>(), 0);
    EXPECT_NEAR(x.to(kDouble).mean().item<double>(), 0.25, 0.017);
  }
  EXPECT_TRUE(throws<Error>("exponential_ expects lambda > 0.0, but found lambda=-1",
                            [] { empty({2}).exponential_(-1); }));
  EXPECT_TRUE(throws<Error>("Exponential distribution is a continuous probability distribution",
                            [] { empty({2}, kLong).exponential_(); }));
}

TEST(Sample, NormalNumbersHaveTheMeanAndDeviationOfTheirElements) {
  manual_seed(5);
  Tensor mean = tensor({0., 100.}).unsqueeze(1).expand({2, 4000});
  Tensor x = normal(mean, tensor({{1.}, {10.}}));
  EXPECT_NEAR(x[0].mean().item<double>(), 0, 0.1);
  EXPECT_NEAR(x[1].mean().item<double>(), 100, 1);
  EXPECT_NEAR(x[1].std().item<double>(), 10, 0.7);
  EXPECT_NEAR(normal(3, 0.5, {4000}).mean().item<double>(), 3, 0.05);
  EXPECT_TRUE(throws<Error>("normal expects std >= 0.0", [&] { normal(mean, -1); }));
}

TEST(Sample, LogspaceIsPowersOfItsBase) {
  EXPECT_TRUE(close(logspace(0, 2, 3), tensor({1., 10., 100.}, kDouble)));
  EXPECT_TRUE(close(logspace(0, 3, 4, 2, kDouble), tensor({1., 2., 4., 8.}, kDouble)));
}

}  // namespace
}  // namespace adjoint::testing
