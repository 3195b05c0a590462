// SPDX-License-Identifier: MIT
// Norms, products and spreads: derivatives against differences, also beside zeros.
#include <functional>
#include <limits>

#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

using Function = std::function<Tensor(const Tensor&)>;

Tensor gradient(const Function& f, const Tensor& at, bool differentiable = false) {
  Tensor x = differentiable ? at : at.detach().requires_grad_();
  Tensor y = f(x);
  Tensor weights = arange(1, y.numel() + 1).to(kDouble).reshape(y.sizes());
  return autograd::grad({(y * weights).sum()}, {x}, {}, differentiable, differentiable)[0];
}

/// f's gradient, and that of a weighted sum of it, against central differences.
void expect_derivatives(const Function& f, const Tensor& at) {
  Function first = [&](const Tensor& x) { return gradient(f, x, true); };
  double h = 1e-6;
  for (const Function& g : {f, first}) {
    Tensor x = at.clone(), analytic = gradient(g, at.clone().requires_grad_()).cpu().contiguous();
    for (int64_t i = 0; i < x.numel(); ++i) {
      auto weighted_at = [&](double shift) {
        Tensor moved = at.clone();
        moved.view({-1})[i] += shift;
        Tensor y = g(moved.requires_grad_()).detach();
        return (y * arange(1, y.numel() + 1).to(kDouble).reshape(y.sizes())).sum().item<double>();
      };
      double numeric = (weighted_at(h) - weighted_at(-h)) / (2 * h);
      // The differences are off by h^2 and by rounding over h.
      EXPECT_NEAR(analytic.data_ptr<double>()[i], numeric, 1e-7 * (1 + std::abs(numeric)))
          << "element " << i << (&g == &first ? ", second" : "");
    }
  }
}

TEST(Norm, HasTwoDerivativesForEveryP) {
  Tensor x = tensor({{0.5, -1.5, 2.}, {-0.75, 1., 3.}}, kDouble);
  double inf = std::numeric_limits<double>::infinity();
  for (double p : {1., 2., 3., 2.5, 1.5, 0.5, -1., inf, -inf}) {
    SCOPED_TRACE(p);
    expect_derivatives([p](const Tensor& t) { return t.norm(p).square(); }, x);
    expect_derivatives([p](const Tensor& t) { return t.norm(p, 1).square(); }, x);
    expect_derivatives([p](const Tensor& t) { return t.t().norm(p, 0, true).square(); }, x);
  }
}

TEST(Norm, DerivativesAtZeroAreZeroAndStaySo) {
  for (double p : {1., 2., 3., 1.5, 0.5}) {
    Tensor x = zeros(3, kDouble).requires_grad_();
    Tensor first = autograd::grad({x.norm(p)}, {x}, {}, true, true)[0];
    EXPECT_TRUE(identical(first.detach(), zeros(3, kDouble))) << p;
    if (!first.requires_grad()) continue;
    Tensor second = autograd::grad({first.sum()}, {x})[0];
    EXPECT_TRUE(close(second, zeros(3, kDouble))) << p;
  }
}

TEST(Norm, OfNothingByDimensionNeedsAnIdentity) {
  double inf = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(identical(ones({0, 2}).norm(2, 0), zeros(2)));
  EXPECT_THROW(ones({0, 2}).norm(inf, 0), Error);
  EXPECT_THROW(ones({0, 2}).norm(-1), Error);
  EXPECT_EQ(ones({0, 2}).norm(inf, 1).numel(), 0);
}

TEST(Prod, HasTwoDerivativesWhateverIsZero) {
  Function full = [](const Tensor& t) { return t.prod(); };
  for (const Tensor& x : {tensor({{2., -1., 3.}, {0.5, 4., 1.}}, kDouble),
                          tensor({{2., 0., 3.}, {0.5, 4., 1.}}, kDouble),
                          tensor({{0., 0., 3.}, {0.5, 4., 1.}}, kDouble)}) {
    expect_derivatives(full, x);
    for (int64_t dim : {0, 1}) {
      expect_derivatives([dim](const Tensor& t) { return t.prod(dim); }, x);
      expect_derivatives([dim](const Tensor& t) { return t.t().prod(dim, true); }, x);
    }
  }
  EXPECT_TRUE(identical(gradient(full, tensor({1.5}, kDouble)), ones(1, kDouble)));
  EXPECT_TRUE(identical(gradient(full, tensor(1.5, kDouble)), ones({}, kDouble)));
}

TEST(Spread, OfVarAndStdHasTwoDerivatives) {
  Tensor x = tensor({{2., -1., 3.}, {0.5, 4., 1.}}, kDouble);
  for (bool unbiased : {true, false}) {
    expect_derivatives([&](const Tensor& t) { return t.var(unbiased); }, x);
    expect_derivatives([&](const Tensor& t) { return t.var(1, unbiased); }, x);
    expect_derivatives([&](const Tensor& t) { return t.std(0, unbiased, true); }, x);
  }
}

TEST(Spread, IsTheMeanSquareOfDeviations) {
  Tensor x = tensor({1., 2., 3., 6.}, kDouble);
  EXPECT_TRUE(close(x.var(), tensor(14. / 3, kDouble)));
  EXPECT_TRUE(close(x.var(false), tensor(3.5, kDouble)));
  EXPECT_TRUE(close(x.std(0, false), tensor(std::sqrt(3.5), kDouble)));
  EXPECT_EQ(x.reshape({2, 2}).var(0, true, true).sizes(), IntArrayRef({1, 2}));
  EXPECT_TRUE(ones(1).var().isnan().item<bool>());
}

}  // namespace
}  // namespace adjoint::testing
