// SPDX-License-Identifier: MIT
// Rows of arithmetic on two operands, and of choices between them.
#include <cmath>

#include "tests/support/op_rows.h"

namespace adjoint::testing {
namespace {

double larger(double a, double b) { return std::isnan(a) || (!std::isnan(b) && a > b) ? a : b; }
double smaller(double a, double b) { return std::isnan(a) || (!std::isnan(b) && a < b) ? a : b; }

std::vector<OpCase> arithmetic_cases() {
  std::vector<OpCase> rows;
  OpCase& plus = rows.emplace_back(binary_row(
      "add", [](const Tensor& a, const Tensor& b) { return add(a, b); },
      [](double a, double b) { return a + b; }));
  plus.dtypes = kEveryDtype;
  plus.third_order = true;
  plus.errors = {shape_mismatch([](const Tensor& a, const Tensor& b) { return add(a, b); }),
                 error<Error>("argument alpha must not be a floating point number",
                              [] { add(zeros({2}, kLong), zeros({2}, kLong), 0.5); }),
                 error<Error>("undefined", [] { add(Tensor(), zeros({2})); })};
  rows.push_back(binary_row(
      "add.alpha", [](const Tensor& a, const Tensor& b) { return add(a, b, -2.5); },
      [](double a, double b) { return a - 2.5 * b; }));
  rows.push_back(scalar_row(
      "add.scalar", [](const Tensor& a) { return add(a, 3, 2); }, [](double a) { return a + 6; }));
  rows.back().dtypes = kFloatsAndIntegers;
  rows.back().magnitude = 8;
  rows.push_back(binary_row(
      "add.in_place",
      [](const Tensor& a, const Tensor& b) { return a.clone().add_(b.sum_to_size(a.sizes()), 2); },
      [](double a, double b) { return a + 2 * b; }));
  rows.back().samples = {
      {values({}), values({})}, {values({0}), values({0})}, {values({2, 3}), values({2, 3})}};
  rows.back().large = {values({kManyElements}), values({kManyElements})};

  rows.push_back(binary_row(
      "add.sub", [](const Tensor& a, const Tensor& b) { return sub(a, b); },
      [](double a, double b) { return a - b; }));
  rows.back().dtypes = kFloatsAndIntegers;
  rows.back().errors = {shape_mismatch([](const Tensor& a, const Tensor& b) { return sub(a, b); }),
                        error<Error>("Subtraction, the `-` operator, with a bool tensor",
                                     [] { sub(zeros({2}, kBool), zeros({2}, kBool)); })};
  rows.push_back(binary_row(
      "add.sub_alpha", [](const Tensor& a, const Tensor& b) { return sub(a, b, 0.5); },
      [](double a, double b) { return a - 0.5 * b; }));
  rows.push_back(scalar_row(
      "add.sub_scalar", [](const Tensor& a) { return a - 3; }, [](double a) { return a - 3; }));
  rows.back().magnitude = 5;
  rows.push_back(scalar_row(
      "add.rsub", [](const Tensor& a) { return rsub(a, 3, 2); },
      [](double a) { return 3 - 2 * a; }));
  rows.back().dtypes = kFloatsAndIntegers;
  rows.back().magnitude = 7;

  OpCase& times = rows.emplace_back(binary_row(
      "mul", [](const Tensor& a, const Tensor& b) { return mul(a, b); },
      [](double a, double b) { return a * b; }));
  times.dtypes = kEveryDtype;
  times.third_order = true;
  times.errors = {shape_mismatch([](const Tensor& a, const Tensor& b) { return mul(a, b); })};
  rows.push_back(scalar_row(
      "mul.scalar", [](const Tensor& a) { return a * -2.5; }, [](double a) { return a * -2.5; }));
  rows.push_back(scalar_row(
      "mul.in_place", [](const Tensor& a) { return a.clone().mul_(3); },
      [](double a) { return a * 3; }));

  const Input divisor = values({}).between(0.4, 2);
  OpCase& over = rows.emplace_back(binary_row(
      "div", [](const Tensor& a, const Tensor& b) { return div(a, b); },
      [](double a, double b) { return a / b; }, values({}), divisor));
  over.dtypes = kFloatsAndIntegers;
  over.gives = {Gives::Floating};
  over.third_order = true;
  over.errors = {shape_mismatch([](const Tensor& a, const Tensor& b) { return div(a, b); })};
  rows.push_back(scalar_row(
      "div.scalar", [](const Tensor& a) { return a / 3; }, [](double a) { return a / 3; }));
  rows.back().dtypes = kFloatsAndIntegers;
  rows.back().gives = {Gives::Floating};
  rows.push_back(scalar_row(
      "div.of_scalar", [](const Tensor& a) { return 3 / a; }, [](double a) { return 3 / a; },
      divisor));
  rows.push_back(binary_row(
      "div.in_place",
      [](const Tensor& a, const Tensor& b) { return a.expand_as(a + b).clone().div_(b); },
      [](double a, double b) { return a / b; }, values({}), divisor));
  return rows;
}

std::vector<OpCase> pow_cases() {
  std::vector<OpCase> rows;
  const Input base = values({}).between(0.3, 2.5);
  auto power = [](double a, double b) { return std::pow(a, b); };
  OpCase& both = rows.emplace_back(binary_row(
      "pow", [](const Tensor& a, const Tensor& b) { return pow(a, b); }, power, base));
  both.ulps = 8;
  both.errors = {shape_mismatch([](const Tensor& a, const Tensor& b) { return pow(a, b); }),
                 error<Error>("Integers to negative integer powers are not allowed",
                              [] { pow(ones({2}, kLong), Scalar(-1)); })};
  rows.push_back(binary_row(
      "pow.integers", [](const Tensor& a, const Tensor& b) { return pow(a, b); }, power,
      values({}).between(-3, 3), values({}).between(0, 3)));
  rows.back().dtypes = {kLong, kInt, kByte};
  rows.back().differentiable = false;
  for (double exponent : {-2.0, 0.0, 1.0, 2.0, 3.0}) {
    rows.push_back(scalar_row(
        "", [=](const Tensor& a) { return pow(a, exponent); },
        [=](double a) { return std::pow(a, exponent); },
        values({}).away_from({0}).between(0.5, 2)));
    rows.back().name = "power.to_" + std::string(exponent < 0 ? "minus_" : "") +
                       std::to_string(int(std::abs(exponent)));
    rows.back().ulps = 8;
  }
  rows.push_back(scalar_row(
      "pow.to_fraction", [](const Tensor& a) { return pow(a, 2.5); },
      [](double a) { return std::pow(a, 2.5); }, base));
  rows.back().ulps = 8;
  rows.back().magnitude = 8;
  rows.push_back(scalar_row(
      "pow.of_scalar", [](const Tensor& b) { return pow(1.5, b); },
      [](double b) { return std::pow(1.5, b); }));
  rows.back().ulps = 8;
  return rows;
}

std::vector<OpCase> choice_cases() {
  std::vector<OpCase> rows;
  OpCase& high = rows.emplace_back(binary_row(
      "maximum", [](const Tensor& a, const Tensor& b) { return maximum(a, b); }, larger,
      values({}).distinct(), values({}).distinct().between(-1.997, 2.001)));
  high.dtypes = kEveryDtype;
  high.errors = {shape_mismatch([](const Tensor& a, const Tensor& b) { return maximum(a, b); })};
  OpCase& low = rows.emplace_back(binary_row(
      "minimum", [](const Tensor& a, const Tensor& b) { return minimum(a, b); }, smaller,
      values({}).distinct(), values({}).distinct().between(-1.997, 2.001)));
  low.dtypes = kEveryDtype;
  low.errors = {shape_mismatch([](const Tensor& a, const Tensor& b) { return minimum(a, b); })};

  auto choose = [](double c, double a, double b) { return c != 0 ? a : b; };
  OpCase& both = rows.emplace_back();
  both.name = "where";
  both.call = [](const variable_list& t) { return where(t[0], t[1], t[2]); };
  both.formula = [=](const std::vector<Array>& x) { return map(x[0], x[1], x[2], choose); };
  both.samples = {
      {mask({}), values({}), values({})},          {mask({0}), values({0}), values({0})},
      {mask({7}), values({7}), values({7})},       {mask({2, 3}), values({2, 3}), values({2, 3})},
      {mask({3}), values({2, 1}), values({1, 3})}, {mask({2, 1}), values({}), values({3})}};
  both.large = {mask({67, 1051}), values({1051}), values({67, 1051})};
  both.dtypes = kEveryDtype;
  both.errors = {
      error<Error>("bool", [] { where(zeros({2}), zeros({2}), zeros({2})); }),
      error<Error>("must match", [] { where(zeros({2}, kBool), zeros({3}), zeros({3})); })};

  OpCase& right = rows.emplace_back();
  right.name = "where.scalar";
  right.call = [](const variable_list& t) { return where(t[0], t[1], 0.5); };
  right.formula = [=](const std::vector<Array>& x) {
    return map(x[0], x[1], [](double c, double a) { return c != 0 ? a : 0.5; });
  };
  right.samples = {{mask({}), values({})},
                   {mask({2, 0}), values({2, 0})},
                   {mask({2, 3}), values({3})},
                   {mask({5}), values({5})}};
  right.large = {mask({kManyElements}), values({kManyElements})};
  OpCase& left = rows.emplace_back(right);
  left.name = "where.scalar_first";
  left.call = [](const variable_list& t) { return where(t[0], 0.5, t[1]); };
  left.formula = [](const std::vector<Array>& x) {
    return map(x[0], x[1], [](double c, double b) { return c != 0 ? 0.5 : b; });
  };
  OpCase& fill = rows.emplace_back(left);
  fill.name = "masked_fill";
  fill.call = [](const variable_list& t) { return t[1].masked_fill(t[0], 1); };
  fill.formula = [](const std::vector<Array>& x) {
    return map(x[0], x[1], [](double c, double b) { return c != 0 ? 1 : b; });
  };
  fill.dtypes = kEveryDtype;
  return rows;
}

}  // namespace

std::vector<OpCase> binary_cases() {
  std::vector<OpCase> rows = arithmetic_cases();
  for (auto part : {pow_cases, choice_cases}) {
    for (OpCase& row : part()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace adjoint::testing
