// SPDX-License-Identifier: MIT
// The derivatives of core/math against differences of the forward formulas, for scalars.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "core/math/activation.h"
#include "core/math/binary.h"
#include "core/math/rectifier.h"
#include "core/math/ternary.h"
#include "core/math/unary.h"

namespace adjoint::math {
namespace {

// Away from 0, where some have a kink.
constexpr double kPoints[] = {-3.1, -1.3, -0.7, -0.2, 0.15, 0.6, 0.9, 1.7, 4.2};
constexpr double kGradient = 1.75;

template <class F>
double difference(F f, double x) {
  constexpr double h = 1e-5;
  return (f(x + h) - f(x - h)) / (2 * h);
}
void expect_near(double actual, double expected, double x) {
  EXPECT_NEAR(actual, expected, 1e-8 * (1 + std::abs(expected))) << "at " << x;
}

template <class Functor>
void check_with_input(const Functor& f, double from = -10) {
  for (double x : kPoints) {
    if (x < from) continue;
    double slope = difference([&](double v) { return f.forward(v); }, x);
    expect_near(f.backward(kGradient, x), kGradient * slope, x);
  }
}
template <class Functor>
void check_with_result(const Functor& f, double from = -10) {
  for (double x : kPoints) {
    if (x < from) continue;
    double slope = difference([&](double v) { return f.forward(v); }, x);
    expect_near(f.backward(kGradient, f.forward(x)), kGradient * slope, x);
  }
}

TEST(Math, DerivativesOfActivationsAreTheirSlopes) {
  check_with_result(Sigmoid{});
  check_with_result(Tanh{});
  check_with_result(Relu{});
  check_with_input(Gelu{});
  check_with_input(GeluTanh{});
  check_with_input(Silu{});
  check_with_input(Mish{});
  check_with_input(Pieces<double>({0, 0, {0.1, 0.1, 1}, {}}));
  check_with_input(Pieces<double>({-1, 0.5, {-2, 0, 1}, {3, 0.25, 4}, true}));
  check_with_input(Elu<double>({1.3, 1.1, 0.7}));
  check_with_input(Softplus<double>({2.0, 5.0}));
  check_with_input(LogSigmoid{});
}

TEST(Math, DerivativesOfUnaryFunctionsAreTheirSlopes) {
  check_with_result(Exp{});
  check_with_result(Expm1{});
  check_with_input(Log{}, 0);
  check_with_input(Log1p{}, -0.9);
  check_with_result(Sqrt{}, 0);
  check_with_result(Rsqrt{}, 0);
  check_with_input(Abs{});
  check_with_input(Square{});
  check_with_result(Reciprocal{});
  check_with_input(Sin{});
  check_with_input(Cos{});
  check_with_input(Erf{});
}

TEST(Math, DerivativesOfBinaryFunctionsAreTheirSlopes) {
  for (double a : kPoints) {
    for (double b : {-1.5, -0.3, 0.45, 2.0}) {
      auto max_a = [&](double v) { return Maximum{}.forward(v, b); };
      expect_near(Maximum{}.backward_a(kGradient, a, b), kGradient * difference(max_a, a), a);
      auto min_a = [&](double v) { return Minimum{}.forward(v, b); };
      expect_near(Minimum{}.backward_a(kGradient, a, b), kGradient * difference(min_a, a), a);
      if (a < 0) continue;
      auto pow_a = [&](double v) { return Pow{}.forward(v, b); };
      auto pow_b = [&](double v) { return Pow{}.forward(a, v); };
      double y = Pow{}.forward(a, b);
      expect_near(Pow{}.backward_a(kGradient, a, b), kGradient * difference(pow_a, a), a);
      expect_near(Pow{}.backward_b(kGradient, a, b, y), kGradient * difference(pow_b, b), a);
    }
  }
  EXPECT_EQ(Maximum{}.backward_a(2.0, 1.0, 1.0), 1.0);
  EXPECT_EQ(Minimum{}.backward_a(2.0, 1.0, 1.0), 1.0);
  EXPECT_EQ(Pow{}.backward_a(2.0, 0.0, 0.0), 0.0);
  EXPECT_EQ(Pow{}.backward_b(2.0, 0.0, 0.0, 1.0), 0.0);
  EXPECT_EQ(Pow{}.backward_b(2.0, 0.0, 3.0, 0.0), 0.0);
}

TEST(Math, NaNPassesThroughBoundsAndExtrema) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(Relu{}.forward(nan)));
  EXPECT_EQ(Sign{}.forward(nan), 0);
  EXPECT_TRUE(std::isnan(Maximum{}.forward(nan, 1.0)));
  EXPECT_TRUE(std::isnan(Maximum{}.forward(1.0, nan)));
  EXPECT_TRUE(std::isnan(Minimum{}.forward(nan, 1.0)));
  EXPECT_TRUE(std::isnan(Minimum{}.forward(1.0, nan)));
  EXPECT_TRUE(std::isnan((Clamp<double>{0.0, 1.0}).forward(nan)));
  EXPECT_EQ((Clamp<double>{0.0, 1.0}).forward(-2.0), 0.0);
  EXPECT_EQ((Clamp<double>{0.0, 1.0}).forward(2.0), 1.0);
  EXPECT_EQ((Clamp<double>{0.0, 1.0}).backward(3.0, 1.0), 3.0);
  EXPECT_EQ((Clamp<double>{0.0, 1.0}).backward(3.0, 1.1), 0.0);
}

TEST(Math, FormulasHoldForIntegersToo) {
  EXPECT_EQ(Abs{}.forward(int64_t(-5)), 5);
  EXPECT_EQ(Neg{}.forward(int64_t(5)), -5);
  EXPECT_EQ(Sign{}.forward(int32_t(-5)), -1);
  EXPECT_EQ(AddScaled<int64_t>{3}.forward(int64_t(1), int64_t(2)), 7);
  EXPECT_TRUE(LogicalXor{}.forward(uint8_t(2), uint8_t(0)));
  EXPECT_FALSE(LogicalAnd{}.forward(2.f, 0.f));
  EXPECT_TRUE(LogicalNot{}.forward(0.f));
}

TEST(Math, LerpIsExactAtBothEnds) {
  EXPECT_EQ(Lerp{}.forward(0.1f, 0.7f, 0.f), 0.1f);
  EXPECT_EQ(Lerp{}.forward(0.1f, 0.7f, 1.f), 0.7f);
  EXPECT_FLOAT_EQ(Lerp{}.forward(1.f, 3.f, 0.25f), 1.5f);
}

}  // namespace
}  // namespace adjoint::math
