// SPDX-License-Identifier: MIT
// Rows of rounding, and of rounded quotients and what they leave.
#include <cmath>

#include "tests/support/op_rows.h"

namespace adjoint::testing {
namespace {

double rest_of_floor(double a, double b) {
  double rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
/// Of two finite numbers; the quotient is whatever leaves the rest where one is not.
double floored(double a, double b) {
  if (std::isinf(a)) return NAN;
  if (std::isinf(b)) return a != 0 && (a < 0) != (b < 0) ? -1 : a / b;
  return std::floor(a / b);
}

std::vector<OpCase> rounding_rows() {
  std::vector<OpCase> rows;
  using Unary = double (*)(double);
  auto add_row = [&](const char* name, Tensor (*function)(const Tensor&), Unary formula) {
    rows.push_back(unary_row(name, function, formula,
                             values({}).away_from({-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2})));
    rows.back().dtypes = kFloatsAndIntegers;
    rows.back().errors = {error<NotImplementedError>("not implemented for 'Bool'",
                                                     [=] { function(zeros({2}, kBool)); })};
  };
  add_row("floor", floor, std::floor);
  add_row("ceil", ceil, std::ceil);
  add_row("round", round, std::nearbyint);
  add_row("trunc", trunc, std::trunc);
  add_row("frac", frac, [](double x) { return x - std::trunc(x); });
  rows.back().dtypes = kFloats;
  return rows;
}

std::vector<OpCase> division_rows() {
  std::vector<OpCase> rows;
  const Input divisor = values({}).between(0.6, 2);
  auto zero_division = [](auto call) {
    return error<Error>("ZeroDivisionError", [=] { call(ones({2}, kLong), 0); });
  };
  auto add_rows = [&](const std::string& name, auto call, double (*formula)(double, double)) {
    OpCase& both = rows.emplace_back(binary_row(
        "", [=](const Tensor& a, const Tensor& b) { return call(a, b); }, formula, values({}),
        divisor));
    both.name = name;
    both.dtypes = kFloatsAndIntegers;
    both.errors = {zero_division(call),
                   error<Error>("must match", [=] { call(zeros({2}), zeros({3})); })};
    OpCase& negative = rows.emplace_back(binary_row(
        "", [=](const Tensor& a, const Tensor& b) { return call(a, b); }, formula, values({}),
        values({}).between(-2, -0.6)));
    negative.name = name + ".negative";
    negative.dtypes = {kFloat, kDouble, kHalf, kBFloat16, kLong, kInt};
    OpCase& number = rows.emplace_back(scalar_row(
        "", [=](const Tensor& a) { return call(a, 2); }, [=](double a) { return formula(a, 2); }));
    number.name = name + ".number";
    number.dtypes = kFloatsAndIntegers;
  };
  add_rows(
      "remainder", [](const Tensor& a, const auto& b) { return remainder(a, b); }, rest_of_floor);
  add_rows(
      "fmod", [](const Tensor& a, const auto& b) { return fmod(a, b); },
      [](double a, double b) { return std::fmod(a, b); });
  add_rows(
      "div_floor", [](const Tensor& a, const auto& b) { return div(a, b, "floor"); }, floored);
  add_rows(
      "div_trunc", [](const Tensor& a, const auto& b) { return div(a, b, "trunc"); },
      [](double a, double b) { return std::trunc(a / b); });
  rows.push_back(binary_row(
      "div_floor.floor_divide", [](const Tensor& a, const Tensor& b) { return floor_divide(a, b); },
      floored, values({}).no_grad(), values({}).between(0.6, 2).no_grad()));
  rows.back().differentiable = false;
  rows.push_back(scalar_row(
      "remainder.of_number", [](const Tensor& b) { return 5 % b; },
      [](double b) { return rest_of_floor(5, b); }, divisor));
  return rows;
}

}  // namespace

std::vector<OpCase> rounding_cases() {
  std::vector<OpCase> rows = rounding_rows();
  for (OpCase& row : division_rows()) rows.push_back(std::move(row));
  return rows;
}

}  // namespace adjoint::testing
