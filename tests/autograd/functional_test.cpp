// SPDX-License-Identifier: MIT
// Jacobians, Hessians and their products against closed forms.
#include <gtest/gtest.h>

#include "adjoint/autograd_functional.h"
#include "adjoint/nn/functional.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

namespace F = autograd::functional;

Tensor doubles(const detail::TensorData& data) { return tensor(data).to(kDouble); }

Tensor cubes(const Tensor& x) { return (x * x * x).sum(); }

struct QuadraticForm : ::testing::Test {
  Tensor a = doubles({{1., 2., -3.}, {0.5, 4., 1.}, {-2., 7., 0.25}});
  Tensor x = doubles({1., -2., 3.}), v = doubles({0.5, 1., -1.});
  Tensor operator()(const Tensor& t) const { return (t * mv(a, t)).sum(); }
  Tensor symmetric() const { return a + a.t(); }
};

// ---- Jacobians

TEST(Jacobian, OfAnElementWiseFunctionIsDiagonal) {
  Tensor x = doubles({0.5, -1., 2.});
  EXPECT_TRUE(is_close(F::jacobian([](const Tensor& t) { return t.exp(); }, x), diag(x.exp())));
  Tensor p = doubles({0.5, 1., 2.});
  EXPECT_TRUE(is_close(F::jacobian([](const Tensor& t) { return t.log(); }, p), diag(1 / p)));
  EXPECT_TRUE(is_close(F::jacobian([](const Tensor& t) { return t * t * t - 2 * t; }, x),
                       diag(3 * x * x - 2)));
}

TEST(Jacobian, OfALinearFunctionIsItsMatrix) {
  Tensor a = doubles({{1., 2., 3.}, {4., 5., 6.}});
  Tensor j = F::jacobian([&](const Tensor& t) { return mv(a, t); }, doubles({7., 8., 9.}));
  EXPECT_TRUE(is_close(j, a));
}

TEST(Jacobian, OfSoftmaxIsDiagOfSMinusSTimesItself) {
  Tensor x = doubles({0.1, -0.4, 2., 1.});
  Tensor s = x.softmax(0);
  EXPECT_TRUE(is_close(F::jacobian([](const Tensor& t) { return t.softmax(0); }, x),
                       diag(s) - s.unsqueeze(1) * s.unsqueeze(0)));
}

TEST(Jacobian, HasTheSizesOfTheOutputFollowedByThoseOfTheInput) {
  Tensor x = ones({2, 3});
  EXPECT_EQ(F::jacobian([](const Tensor& t) { return t.sum(1); }, x).sizes(),
            IntArrayRef({2, 2, 3}));
  EXPECT_EQ(F::jacobian([](const Tensor& t) { return t.sum(); }, x).sizes(), IntArrayRef({2, 3}));
  EXPECT_EQ(F::jacobian([](const Tensor& t) { return t.narrow(0, 0, 0); }, x).sizes(),
            IntArrayRef({0, 3, 2, 3}));
}

TEST(Jacobian, OfListsIsAListForEachOutput) {
  Tensor x = doubles({1., 2.}), y = doubles({3., 4.});
  std::vector<variable_list> j = F::jacobian(
      [](const Tensor& a, const Tensor& b) {
        return variable_list{a * b, (a * a).sum() + 3 * b.sum()};
      },
      variable_list{x, y});
  ASSERT_EQ(j.size(), 2u);
  ASSERT_EQ(j[0].size(), 2u);
  EXPECT_TRUE(is_close(j[0][0], diag(y)));
  EXPECT_TRUE(is_close(j[0][1], diag(x)));
  EXPECT_TRUE(is_close(j[1][0], 2 * x));
  EXPECT_TRUE(is_close(j[1][1], doubles({3., 3.})));
}

TEST(Jacobian, HasATensorForATensorAndAListForAList) {
  Tensor x = doubles({1., 2.}), y = doubles({3., 4.});
  variable_list by_input =
      F::jacobian([](const Tensor& a, const Tensor& b) { return a * b; }, variable_list{x, y});
  ASSERT_EQ(by_input.size(), 2u);
  EXPECT_TRUE(is_close(by_input[1], diag(x)));
  variable_list by_output = F::jacobian(
      [](const Tensor& a) {
        return variable_list{a * a, a.sum()};
      },
      x);
  ASSERT_EQ(by_output.size(), 2u);
  EXPECT_TRUE(is_close(by_output[0], diag(2 * x)));
  variable_list of_list = F::jacobian(
      [](const variable_list& l) { return l[0] * l[1] * l[2] * l[3]; }, variable_list{x, x, x, y});
  ASSERT_EQ(of_list.size(), 4u);
  EXPECT_TRUE(is_close(of_list[3], diag(x * x * x)));
}

TEST(Jacobian, HasZerosWhereTheOutputDoesNotDependOnTheInput) {
  Tensor x = doubles({1., 2.}), y = doubles({3., 4., 5.});
  variable_list j =
      F::jacobian([](const Tensor& a, const Tensor&) { return a * a; }, variable_list{x, y});
  EXPECT_TRUE(is_close(j[1], zeros({2, 3}, kDouble)));
  Tensor constant = F::jacobian([](const Tensor&) { return ones({2}, kDouble); }, x);
  EXPECT_TRUE(is_close(constant, zeros({2, 2}, kDouble)));
}

TEST(Jacobian, WithCreateGraphCanBeDifferentiatedToAnyOrder) {
  Tensor x = doubles({0.5, 2.}).requires_grad_();
  auto cube = [](const Tensor& t) { return t * t * t; };
  Tensor j = F::jacobian(cube, x, /*create_graph=*/true);
  ASSERT_TRUE(j.requires_grad());
  EXPECT_TRUE(is_close(autograd::grad({j.sum()}, {x})[0], 6 * x.detach()));
  // d^3 x^3 = 6, on the diagonal of diagonals.
  Tensor third = F::jacobian(
      [&](const Tensor& t) {
        return F::jacobian([&](const Tensor& u) { return F::jacobian(cube, u, true); }, t, true);
      },
      x);
  EXPECT_EQ(third.sizes(), IntArrayRef({2, 2, 2, 2}));
  Tensor expected = zeros({2, 2, 2, 2}, kDouble);
  expected.index_put_({0, 0, 0, 0}, 6);
  expected.index_put_({1, 1, 1, 1}, 6);
  EXPECT_TRUE(is_close(third, expected));
}

TEST(Jacobian, WithoutCreateGraphHasNoHistoryAndLeavesGradientsAlone) {
  Tensor x = doubles({0.5, 2.}).requires_grad_(), w = doubles({3., 4.}).requires_grad_();
  Tensor j = F::jacobian([&](const Tensor& t) { return t * w; }, x);
  EXPECT_FALSE(j.requires_grad());
  EXPECT_TRUE(is_close(j, diag(w.detach())));
  EXPECT_FALSE(x.grad().defined());
  EXPECT_FALSE(w.grad().defined());
}

TEST(Jacobian, TellsAnInputFromTheSameTensorCaptured) {
  Tensor x = doubles({3.}).requires_grad_();
  Tensor j = F::jacobian([&](const Tensor& t) { return t * x; }, x);
  EXPECT_TRUE(is_close(j, doubles({{3.}})));  // x as a constant
}

TEST(Jacobian, RecordsAlsoWhereGradModeIsOff) {
  NoGradGuard no_grad;
  Tensor x = doubles({1., 2.});
  EXPECT_TRUE(is_close(F::jacobian([](const Tensor& t) { return t * t; }, x), diag(2 * x)));
  EXPECT_FALSE(GradMode::is_enabled());
}

TEST(Jacobian, RefusesUndefinedTensorsAndIntegers) {
  auto identity = [](const Tensor& t) { return t; };
  EXPECT_TRUE(
      throws<Error>("The inputs given to jacobian must be either a Tensor or a tuple of "
                    "Tensors but the value at index 0 is undefined",
                    [&] { F::jacobian(identity, Tensor()); }));
  EXPECT_TRUE(
      throws<Error>("The outputs of the user-provided function given to jacobian must be "
                    "either a Tensor or a tuple of Tensors",
                    [&] { F::jacobian([](const Tensor&) { return Tensor(); }, ones({2})); }));
  EXPECT_TRUE(throws<Error>("The inputs given to jacobian must not be empty",
                            [&] { F::jacobian(identity, variable_list{}); }));
  EXPECT_TRUE(throws<Error>("only Tensors of floating point dtype can require gradients",
                            [&] { F::jacobian(identity, ones({2}, kLong)); }));
}

TEST(Jacobian, StrictRefusesWhatIsIndependentOfTheInput) {
  Tensor x = doubles({1., 2.}), y = doubles({3., 4.});
  EXPECT_TRUE(
      throws<Error>("Output 0 of the user-provided function does not require gradients",
                    [&] { F::jacobian([&](const Tensor&) { return y; }, x, false, true); }));
  EXPECT_TRUE(
      throws<Error>("Output 0 of the user-provided function is independent of input 1", [&] {
        F::jacobian([](const Tensor& a, const Tensor&) { return a * a; }, variable_list{x, y},
                    false, true);
      }));
  EXPECT_TRUE(
      throws<Error>("The jacobian of the user-provided function is independent of input 0. This is "
                    "not allowed in "
                    "strict mode when create_graph=True",
                    [&] { F::jacobian([](const Tensor& t) { return 3 * t; }, x, true, true); }));
  EXPECT_TRUE(is_close(F::jacobian([](const Tensor& t) { return 3 * t; }, x, false, true),
                       3 * eye(2, kDouble)));
}

// ---- Hessians

TEST_F(QuadraticForm, HasTheSumOfItsMatrixAndTheTransposedAsHessian) {
  EXPECT_TRUE(is_close(F::hessian(*this, x), symmetric()));
}

TEST(Hessian, OfASumOfCubesIsSixTimesTheDiagonal) {
  Tensor x = doubles({{1., -2.}, {3., 0.5}});
  Tensor h = F::hessian(cubes, x);
  EXPECT_EQ(h.sizes(), IntArrayRef({2, 2, 2, 2}));
  EXPECT_TRUE(is_close(h.view({4, 4}), diag(6 * x.view({4}))));
}

TEST(Hessian, OfLogSumExpIsTheJacobianOfSoftmax) {
  Tensor x = doubles({0.3, -1., 0.7});
  Tensor s = x.softmax(0);
  EXPECT_TRUE(is_close(F::hessian([](const Tensor& t) { return t.exp().sum().log(); }, x),
                       diag(s) - s.unsqueeze(1) * s.unsqueeze(0)));
}

TEST(Hessian, OfSeveralInputsIsAMatrixOfBlocks) {
  Tensor x = doubles({1., 2.}), y = doubles({3., 4., 5.}),
         m = doubles({{1., 2., 3.}, {4., 5., 6.}});
  auto h = F::hessian(
      [&](const Tensor& a, const Tensor& b) { return (a * a * a).sum() + dot(a, mv(m, b)); },
      variable_list{x, y});
  ASSERT_EQ(h.size(), 2u);
  EXPECT_TRUE(is_close(h[0][0], diag(6 * x)));
  EXPECT_TRUE(is_close(h[0][1], m));
  EXPECT_TRUE(is_close(h[1][0], m.t().contiguous()));
  EXPECT_TRUE(is_close(h[1][1], zeros({3, 3}, kDouble)));
}

TEST(Hessian, OfAFunctionOfOneElementMayKeepItsDimensions) {
  Tensor x = doubles({1., 2.});
  Tensor h = F::hessian([](const Tensor& t) { return cubes(t).view({1, 1}); }, x);
  EXPECT_TRUE(is_close(h, diag(6 * x)));
}

TEST(Hessian, WithCreateGraphGivesThirdDerivatives) {
  Tensor x = doubles({0.5, 2.}).requires_grad_();
  Tensor h = F::hessian(cubes, x, true);
  EXPECT_TRUE(is_close(autograd::grad({h.sum()}, {x})[0], doubles({6., 6.})));
  EXPECT_FALSE(F::hessian(cubes, x).requires_grad());
}

TEST(Hessian, OfALinearFunctionIsZeroAndRefusedByStrict) {
  Tensor x = doubles({1., 2.});
  auto linear = [](const Tensor& t) { return (3 * t).sum(); };
  EXPECT_TRUE(is_close(F::hessian(linear, x), zeros({2, 2}, kDouble)));
  EXPECT_TRUE(throws<Error>(
      "While computing the hessian, found that the jacobian of the user-provided function with "
      "respect to input 0 is independent of the input",
      [&] { F::hessian(linear, x, false, true); }));
}

TEST(Hessian, RefusesFunctionsOfMoreThanOneElement) {
  Tensor x = doubles({1., 2.});
  EXPECT_TRUE(throws<Error>(
      "The Tensor returned by the function given to hessian should contain a single element",
      [&] { F::hessian([](const Tensor& t) { return t * t; }, x); }));
  auto list = [](const Tensor& t) { return variable_list{t.sum()}; };
  EXPECT_TRUE(throws<Error>("The function given to hessian should return a single Tensor",
                            [&] { F::hessian(list, x); }));
  EXPECT_TRUE(throws<Error>("The function given to vhp should return a single Tensor",
                            [&] { F::vhp(list, x, x); }));
  EXPECT_TRUE(throws<Error>(
      "The Tensor returned by the function given to hvp should contain a single element",
      [&] { F::hvp([](const Tensor& t) { return t * t; }, x, x); }));
}

// ---- Products with vectors

TEST(Vjp, IsTheVectorTimesTheJacobian) {
  Tensor a = doubles({{1., 2., 3.}, {4., 5., 6.}}), x = doubles({1., 0., -1.}),
         v = doubles({2., -1.});
  auto [out, product] = F::vjp([&](const Tensor& t) { return mv(a, t).exp(); }, x, v);
  EXPECT_TRUE(is_close(out, mv(a, x).exp()));
  EXPECT_TRUE(is_close(product, mv(a.t(), v * mv(a, x).exp()), {16, 1}));
  EXPECT_FALSE(out.requires_grad());
}

TEST(Vjp, OfListsAddsUpOverOutputs) {
  Tensor x = doubles({1., 2.}), y = doubles({3., 4.}), v = doubles({5., 6.}), w = doubles(7.);
  auto [outs, products] = F::vjp(
      [](const Tensor& a, const Tensor& b) {
        return variable_list{a * b, (a * a).sum()};
      },
      variable_list{x, y}, {v, w});
  ASSERT_EQ(outs.size(), 2u);
  EXPECT_TRUE(is_close(products[0], v * y + w * 2 * x));
  EXPECT_TRUE(is_close(products[1], v * x));
}

TEST(Vjp, NeedsNoVectorForOneElement) {
  Tensor x = doubles({1., 2.});
  EXPECT_TRUE(is_close(F::vjp(cubes, x).second, 3 * x * x));
  EXPECT_TRUE(throws<Error>("The vector v can only be None if the user-provided function returns",
                            [&] { F::vjp([](const Tensor& t) { return t * t; }, x); }));
}

TEST(Vjp, WithCreateGraphIsDifferentiableInInputAndVector) {
  Tensor x = doubles({1., 2.}).requires_grad_(), v = doubles({3., 4.}).requires_grad_();
  Tensor product = F::vjp([](const Tensor& t) { return t * t; }, x, v, true).second;  // 2 x v
  variable_list g = autograd::grad({product.sum()}, {x, v});
  EXPECT_TRUE(is_close(g[0], 2 * v.detach()));
  EXPECT_TRUE(is_close(g[1], 2 * x.detach()));
}

TEST(Vjp, RefusesVectorsThatDoNotFit) {
  Tensor x = doubles({1., 2.});
  auto square = [](const Tensor& t) { return t * t; };
  EXPECT_TRUE(throws<Error>("v has invalid size: should be [2] but got [3]",
                            [&] { F::vjp(square, x, ones({3}, kDouble)); }));
  auto both = [](const variable_list& l) { return l; };
  EXPECT_TRUE(throws<Error>("v is a tuple of invalid length: should be 2 but got 1", [&] {
    F::vjp(both, variable_list{x, x}, {x});
  }));
  EXPECT_TRUE(throws<Error>("Entry 1 in v has invalid size: should be [2] but got [3]", [&] {
    F::vjp(both, variable_list{x, x}, {x, ones({3}, kDouble)});
  }));
  EXPECT_TRUE(
      throws<Error>("The v given to vjp must be either a Tensor or a tuple of Tensors", [&] {
        F::vjp(both, variable_list{x, x}, {x, Tensor()});
      }));
}

TEST(Jvp, IsTheJacobianTimesTheVector) {
  Tensor a = doubles({{1., 2., 3.}, {4., 5., 6.}}), x = doubles({1., 0., -1.}),
         v = doubles({2., -1., 1.});
  auto [out, product] = F::jvp([&](const Tensor& t) { return mv(a, t).exp(); }, x, v);
  EXPECT_TRUE(is_close(out, mv(a, x).exp()));
  EXPECT_TRUE(is_close(product, mv(a, v) * mv(a, x).exp(), {16, 1}));
  EXPECT_FALSE(product.requires_grad());
}

TEST(Jvp, OfSeveralInputsAddsUp) {
  Tensor x = doubles({1., 2.}), y = doubles({3., 4.}), v = doubles({5., 6.}), w = doubles({7., 8.});
  Tensor product =
      F::jvp([](const Tensor& a, const Tensor& b) { return a * b; }, variable_list{x, y}, {v, w})
          .second;
  EXPECT_TRUE(is_close(product, y * v + x * w));
}

TEST(Jvp, OfALinearFunctionIsThatFunctionOfTheVector) {
  Tensor x = doubles({1., 2.}), v = doubles({5., 6.});
  EXPECT_TRUE(is_close(F::jvp([](const Tensor& t) { return 3 * t; }, x, v).second, 3 * v));
  EXPECT_TRUE(
      is_close(F::jvp([](const Tensor& t) { return 3 * t; }, x, v, false, true).second, 3 * v));
}

TEST(Jvp, OfAConstantIsZeroAndRefusedByStrict) {
  Tensor x = doubles({1., 2.}), y = doubles({3., 4.});
  auto constant = [&](const Tensor&) { return y; };
  EXPECT_TRUE(is_close(F::jvp(constant, x, x).second, zeros({2}, kDouble)));
  EXPECT_TRUE(throws<Error>("Output 0 of the user-provided function does not require gradients",
                            [&] { F::jvp(constant, x, x, false, true); }));
  auto first = [](const Tensor& a, const Tensor&) { return a * a; };
  EXPECT_TRUE(
      throws<Error>("The output of the user-provided function is independent of input 1", [&] {
        F::jvp(first, variable_list{x, y}, {x, y}, false, true);
      }));
}

TEST(Jvp, WithCreateGraphIsDifferentiable) {
  Tensor x = doubles({1., 2.}).requires_grad_(), v = doubles({3., 4.}).requires_grad_();
  Tensor product = F::jvp([](const Tensor& t) { return t * t * t; }, x, v, true).second;  // 3 x^2 v
  variable_list g = autograd::grad({product.sum()}, {x, v});
  EXPECT_TRUE(is_close(g[0], (6 * x * v).detach()));
  EXPECT_TRUE(is_close(g[1], (3 * x * x).detach()));
  EXPECT_TRUE(throws<Error>("The vector v can only be None if the input",
                            [&] { F::jvp([](const Tensor& t) { return t; }, x); }));
}

TEST_F(QuadraticForm, TimesAVectorOnEitherSideIsItsHessiansProduct) {
  auto [value, right] = F::hvp(*this, x, v);
  EXPECT_TRUE(is_close(value, (*this)(x)));
  EXPECT_TRUE(is_close(right, mv(symmetric(), v)));
  auto [same_value, left] = F::vhp(*this, x, v);
  EXPECT_TRUE(is_close(same_value, value));
  EXPECT_TRUE(is_close(left, mv(symmetric(), v)));
}

TEST_F(QuadraticForm, OfAListGivesAListOfProducts) {
  auto f = [this](const Tensor& s, const Tensor& t) { return dot(s, mv(a, t)); };
  for (auto& [value, products] : {F::vhp(f, variable_list{x, v}, {v, x}),  //
                                  F::hvp(f, variable_list{x, v}, {v, x})}) {
    EXPECT_TRUE(is_close(value, dot(x, mv(a, v))));
    EXPECT_TRUE(is_close(products[0], mv(a, x)));
    EXPECT_TRUE(is_close(products[1], mv(a.t(), v)));
  }
}

TEST(Hvp, WithCreateGraphIsDifferentiable) {
  Tensor x = doubles({1., 2.}).requires_grad_(), v = doubles({3., 4.}).requires_grad_();
  for (Tensor product : {F::hvp(cubes, x, v, true).second, F::vhp(cubes, x, v, true).second}) {
    EXPECT_TRUE(is_close(product.detach(), (6 * x * v).detach()));
    variable_list g = autograd::grad({product.sum()}, {x, v});
    EXPECT_TRUE(is_close(g[0], 6 * v.detach()));
    EXPECT_TRUE(is_close(g[1], 6 * x.detach()));
  }
}

TEST(Hvp, OfALinearFunctionIsZeroAndRefusedByStrict) {
  Tensor x = doubles({1., 2.});
  auto linear = [](const Tensor& t) { return t.sum(); };
  EXPECT_TRUE(is_close(F::hvp(linear, x, x).second, zeros({2}, kDouble)));
  EXPECT_TRUE(is_close(F::vhp(linear, x, x).second, zeros({2}, kDouble)));
  const char* phrase =
      "found that the jacobian of the user-provided function with respect to input 0";
  EXPECT_TRUE(throws<Error>(phrase, [&] { F::hvp(linear, x, x, false, true); }));
  EXPECT_TRUE(throws<Error>(phrase, [&] { F::vhp(linear, x, x, false, true); }));
}

TEST(Hvp, StrictRefusesAConstantHessianWhereItIsToBeDifferentiated) {
  Tensor x = doubles({1., 2.}).requires_grad_();
  auto squares = [](const Tensor& t) { return (t * t).sum(); };
  const char* phrase = "The hessian of the user-provided function is independent of input 0";
  EXPECT_TRUE(throws<Error>(phrase, [&] { F::hvp(squares, x, x.detach(), true, true); }));
  EXPECT_TRUE(throws<Error>(phrase, [&] { F::vhp(squares, x, x.detach(), true, true); }));
  EXPECT_TRUE(is_close(F::vhp(squares, x, x.detach(), false, true).second, 2 * x.detach()));
}

TEST(Hvp, NeedsNoVectorForOneElement) {
  Tensor x = doubles({2.});
  EXPECT_TRUE(is_close(F::hvp(cubes, x).second, 6 * x));
  EXPECT_TRUE(is_close(F::vhp(cubes, x).second, 6 * x));
}

}  // namespace
}  // namespace adjoint::testing
