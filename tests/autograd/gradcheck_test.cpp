// SPDX-License-Identifier: MIT
// gradcheck finds wrong gradients, and passes right ones.
#include "adjoint/gradcheck.h"

#include <gtest/gtest.h>

#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

using autograd::gradcheck;
using autograd::gradgradcheck;

Tensor leaf(std::initializer_list<detail::TensorData> data) {
  return tensor(data, TensorOptions(kDouble).requires_grad(true));
}

/// A node that gives another gradient than the function that it belongs to has.
struct WrongBackward final : Node {
  Tensor factor;
  const char* name() const override { return "WrongBackward"; }
  GradList apply(GradList&& grads) override {
    return {factor.defined() ? grads[0] * factor : Tensor()};
  }
};
/// The values of 3 x, with `factor` for a gradient; without gradient where it is undefined.
Tensor triple(const Tensor& x, const Tensor& factor) {
  Tensor out = x.detach() * 3;
  auto node = intrusive_ptr<WrongBackward>::adopt(new WrongBackward());
  node->factor = factor;
  // By way of a product, so that x may be a leaf.
  Tensor through = x * 1;
  node->add_next_edge({through.grad_fn(), 0});
  out.impl()->set_grad_fn(node, node->add_input_metadata(out));
  return out;
}

TEST(Gradcheck, PassesRightGradients) {
  Tensor x = leaf({{1., 2.}, {3., 4.}}), w = leaf({{0.5, -1.}, {2., 0.25}});
  auto result = gradcheck([](const Tensor& a, const Tensor& b) { return a.mm(b) * a; }, {x, w});
  EXPECT_TRUE(result) << result.text();
  EXPECT_EQ(result.num_compared, 2 * 4 * 4);
  EXPECT_TRUE(gradgradcheck([](const Tensor& a, const Tensor& b) { return a.mm(b) * a; }, {x, w}));
}

TEST(Gradcheck, TakesFunctionsOfOneTensorOfSeveralAndOfAList) {
  Tensor x = leaf({1., 2.});
  EXPECT_TRUE(gradcheck([](const Tensor& a) { return a * a; }, {x}));
  EXPECT_TRUE(gradcheck([](const Tensor& a, const Tensor& b, const Tensor& c) { return a * b * c; },
                        {x, x.detach(), leaf({3., 4.})}));
  EXPECT_TRUE(gradcheck(
      [](const variable_list& t) {
        return variable_list{t[0] * t[0], t[0].sum()};
      },
      {x}));
}

TEST(Gradcheck, ReportsEveryElementThatIsWrong) {
  Tensor x = leaf({1., 2., 3.});
  Tensor factor = tensor({3., 4., 3.}, kDouble);
  auto result = gradcheck([&](const Tensor& a) { return triple(a, factor); }, {x});
  EXPECT_FALSE(result);
  ASSERT_EQ(result.mismatches.size(), 1u);
  const auto& m = result.mismatches[0];
  EXPECT_EQ(m.input, 0u);
  EXPECT_EQ(m.input_element, 1);
  EXPECT_EQ(m.output, 0u);
  EXPECT_EQ(m.output_element, 1);
  EXPECT_EQ(m.analytic, 4.0);
  EXPECT_NEAR(m.numeric, 3.0, 1e-6);
  EXPECT_NEAR(m.difference, 1.0, 1e-6);
  EXPECT_NE(result.text().find("9 elements of Jacobians compared, 1 do not fit"), std::string::npos)
      << result.text();
}

TEST(Gradcheck, FindsNaN) {
  Tensor x = leaf({1.});
  Tensor nan = tensor({std::numeric_limits<double>::quiet_NaN()}, kDouble);
  EXPECT_FALSE(gradcheck([&](const Tensor& a) { return triple(a, nan); }, {x}));
}

TEST(Gradcheck, FindsAGradientThatIsSilentlyMissing) {
  Tensor x = leaf({1., 2.});
  auto undefined = gradcheck([](const Tensor& a) { return triple(a, Tensor()); }, {x});
  EXPECT_FALSE(undefined);
  EXPECT_NE(undefined.text().find("its gradient is undefined"), std::string::npos)
      << undefined.text();
  EXPECT_FALSE(gradcheck([](const Tensor& a) { return a.detach() * 3; }, {x}))
      << "a detached output";
  EXPECT_TRUE(gradcheck([](const Tensor& a) { return (a * 0).detach(); }, {x})) << "a constant";
}

TEST(Gradcheck, FindsABackwardThatDiffersFromRunToRun) {
  Tensor x = leaf({1., 2.});
  int run = 0;
  auto wobbling = [&](const Tensor& a) {
    Tensor y = a * 1;
    y.register_hook([&](const Tensor& grad) { return grad * (1 + 1e-9 * ++run); });
    return y * 2;
  };
  auto result = gradcheck(wobbling, {x});
  EXPECT_FALSE(result);
  EXPECT_NE(result.text().find("not deterministic"), std::string::npos) << result.text();
  autograd::GradcheckOptions options;
  options.nondet_tol = 1e-3;
  EXPECT_TRUE(gradcheck(wobbling, {x}, options));
}

TEST(Gradcheck, FindsAWrongSecondDerivative) {
  Tensor x = leaf({1., 2.});
  // The right gradient of x^2, which does not say that it depends on x.
  auto square = [](const Tensor& a) {
    Tensor y = a.detach() * a.detach();
    auto node = intrusive_ptr<WrongBackward>::adopt(new WrongBackward());
    node->factor = a.detach() * 2;
    node->add_next_edge({(a * 1).grad_fn(), 0});
    y.impl()->set_grad_fn(node, node->add_input_metadata(y));
    return y;
  };
  EXPECT_TRUE(gradcheck(square, {x}));
  EXPECT_FALSE(gradgradcheck(square, {x}));
}

TEST(Gradcheck, UsesTheGradOutputsGiven) {
  Tensor x = leaf({1., 2.});
  auto square = [](const Tensor& a) { return a * a; };
  EXPECT_TRUE(gradgradcheck(square, {x}, {tensor({5., 6.}, kDouble)}));
  EXPECT_TRUE(throws<ValueError>("expected a grad_output for each output", [&] {
    gradgradcheck(
        [](const variable_list& t) {
          return variable_list{t[0], t[0] * 2};
        },
        {x}, {tensor({5., 6.}, kDouble)});
  }));
}

TEST(Gradcheck, ThrowsOnRequest) {
  Tensor x = leaf({1., 2.});
  autograd::GradcheckOptions options;
  options.raise_exception = true;
  EXPECT_TRUE(
      throws<Error>("gradcheck failed: 4 elements of Jacobians compared, 2 do not fit", [&] {
        gradcheck(
            [](const Tensor& a) {
              return triple(a, tensor({1., 1.}, kDouble));
            },
            {x}, {options});
      }));
  EXPECT_TRUE(gradcheck([](const Tensor& a) { return a * 3; }, {x}, options));
}

TEST(Gradcheck, RefusesUnfitInputs) {
  auto twice = [](const Tensor& a) { return a * 2; };
  EXPECT_TRUE(throws<ValueError>("must be of dtype Double",
                                 [&] { gradcheck(twice, {ones({2}, requires_grad())}); }));
  EXPECT_TRUE(throws<ValueError>("expects at least one input tensor to require gradient",
                                 [&] { gradcheck(twice, {ones({2}, kDouble)}); }));
  EXPECT_TRUE(throws<ValueError>("elements that share memory", [&] {
    gradcheck(twice, {ones({1}, kDouble).expand({3}).detach().requires_grad_()});
  }));
}

TEST(Gradcheck, LeavesTheInputsAlone) {
  Tensor x = leaf({1., 2.});
  gradcheck([](const Tensor& a) { return a * a; }, {x});
  EXPECT_EQ(x._version(), 0);
  EXPECT_FALSE(x.grad().defined());
  EXPECT_TRUE(is_close(x.detach(), tensor({1., 2.}, kDouble)));
}

TEST(Gradcheck, MovesElementsOfStridedInputs) {
  Tensor x = leaf({{1., 2.}, {3., 4.}});
  Tensor transposed = x.detach().t().requires_grad_();
  auto result = gradcheck(
      [](const Tensor& a) {
        return (a * tensor({{1., 10.}, {100., 1000.}}, kDouble)).sum();
      },
      {transposed});
  EXPECT_TRUE(result) << result.text();
}

}  // namespace
}  // namespace adjoint::testing
