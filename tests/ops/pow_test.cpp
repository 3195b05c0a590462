// SPDX-License-Identifier: MIT
// Powers: derivatives of higher order, also at 0, and in place.
#include <cmath>

#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

Tensor f64(const std::vector<double>& values) { return tensor(values, kDouble); }
Tensor leaf(const std::vector<double>& values) { return f64(values).requires_grad_(); }
/// d sum(y) / dx, differentiable.
Tensor derivative(const Tensor& y, const Tensor& x) {
  return autograd::grad({y.sum()}, {x}, {}, true, true)[0];
}

TEST(Pow, ThirdDerivativeOfACubeIsSix) {
  Tensor x = leaf({-2, 0, 3});
  Tensor first = derivative(x.pow(3), x), second = derivative(first, x);
  EXPECT_TRUE(close(first, f64({12, 0, 27})));
  EXPECT_TRUE(close(second, f64({-12, 0, 18})));
  EXPECT_TRUE(close(derivative(second, x), f64({6, 6, 6})));
}

TEST(Pow, MixedDerivativeHoldsWhereTheExponentIsZero) {
  // d2/dx dp of x^p is x^(p - 1) (1 + p log x): 1 / x for p = 0.
  Tensor x = leaf({2, 4}), p = leaf({0, 2});
  Tensor by_x = derivative(pow(x, p), x);
  EXPECT_TRUE(close(derivative(by_x, p), f64({0.5, 4 * (1 + 2 * std::log(4.0))})));
}

TEST(Pow, GradientsStayNumbersWhereBaseAndExponentAreZero) {
  Tensor x = leaf({0, 0}), p = leaf({0, 2});
  Tensor by_x = derivative(pow(x, p), x), by_p = derivative(pow(x, p), p);
  EXPECT_TRUE(close(by_x, f64({0, 0})));
  EXPECT_TRUE(close(by_p, f64({0, 0})));
  EXPECT_TRUE(close(derivative(by_x, x), f64({0, 2})));
  EXPECT_TRUE(close(derivative(by_p, p), f64({0, 0})));
  Tensor of_zero = derivative(pow(0, p), p);
  EXPECT_TRUE(close(of_zero, f64({0, 0})));
  EXPECT_TRUE(close(derivative(of_zero, p), f64({0, 0})));
}

TEST(Pow, InPlaceGivesTheSameGradients) {
  for (double e : {0., 1., 2., 3., 0.5, -0.5, -1., 2.5}) {
    Tensor x = leaf({0.5, 2}), y = x.clone();
    y.pow_(e);
    EXPECT_TRUE(identical(y.detach(), x.pow(e).detach())) << e;
    EXPECT_TRUE(identical(derivative(y, x).detach(), derivative(x.pow(e), x).detach())) << e;
  }
  Tensor x = leaf({0.5, 2}), p = leaf({3, -1}), y = x.clone();
  y.pow_(p);
  Tensor expected = pow(x, p);
  EXPECT_TRUE(identical(derivative(y, x).detach(), derivative(expected, x).detach()));
  EXPECT_TRUE(identical(derivative(y, p).detach(), derivative(expected, p).detach()));
  Tensor z = x.clone();
  z.pow_(z);  // d x^x / dx is x^x (1 + log x)
  Tensor slope = x.detach().pow(x.detach()) * (x.detach().log() + 1);
  EXPECT_TRUE(close(derivative(z, x), slope));
}

}  // namespace
}  // namespace adjoint::testing
