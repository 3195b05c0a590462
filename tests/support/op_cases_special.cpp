// SPDX-License-Identifier: MIT
// Rows of functions of probabilities and logarithms.
#include <cmath>
#include <numbers>

#include "tests/support/op_rows.h"

namespace adjoint::testing {
namespace {

/// By halving: erf grows.
double inverse_erf(double y) {
  if (!(std::abs(y) < 1)) return std::abs(y) == 1 ? y * INFINITY : NAN;
  double low = -7, high = 7;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2;
    (std::erf(middle) < y ? low : high) = middle;
  }
  return (low + high) / 2;
}

double log_odds(double x) { return std::log(x / (1 - x)); }
double x_log_y(double x, double y) { return std::isnan(y) ? NAN : x == 0 ? 0 : x * std::log(y); }
double log_add_exp(double a, double b, double base) {
  if (a == b && std::isinf(a)) return a;
  const double high = std::fmax(a, b);
  if (std::isnan(a) || std::isnan(b)) return NAN;
  return high + std::log1p(std::pow(base, -std::abs(a - b))) / std::log(base);
}
double sine_cardinal(double x) {
  const double angle = std::numbers::pi * x;
  return x == 0 ? 1 : std::sin(angle) / angle;
}

}  // namespace

std::vector<OpCase> special_cases() {
  std::vector<OpCase> rows;
  auto add_row = [&](OpCase row) -> OpCase& {
    row.dtypes = kFloatsAndIntegers;
    row.gives = {Gives::Floating};
    row.third_order = true;
    return rows.emplace_back(std::move(row));
  };
  add_row(unary_row("erfinv", erfinv, inverse_erf, values({}).between(-0.8, 0.8))).ulps = 8;

  const Input inside = values({}).between(0.1, 0.9).away_from({0.5});
  OpCase& odds = add_row(unary_row(
      "logit", [](const Tensor& x) { return logit(x); }, log_odds, inside));
  odds.ulps = 8;
  OpCase& clamped = add_row(unary_row(
      "logit.eps", [](const Tensor& x) { return logit(x, 0.25); },
      [](double x) { return log_odds(std::isnan(x) ? x : std::fmin(std::fmax(x, 0.25), 0.75)); },
      values({}).between(0, 1).away_from({0.25, 0.75, 0.5})));
  clamped.ulps = 8;

  const Input positive = values({}).between(0.4, 3).away_from({1});
  const Input any = values({}).away_from({0});
  using Pair = Tensor (*)(const Tensor&, const Tensor&);
  add_row(binary_row("xlogy", Pair(xlogy), x_log_y, any, positive)).errors = {
      shape_mismatch(xlogy)};
  add_row(scalar_row(
      "xlogy.number", [](const Tensor& x) { return xlogy(x, 2.5); },
      [](double x) { return x_log_y(x, 2.5); }, any));
  add_row(scalar_row(
      "xlogy.of_number", [](const Tensor& x) { return xlogy(-1.5, x); },
      [](double x) { return x_log_y(-1.5, x); }, positive));

  auto add_floating = [&](OpCase row) -> OpCase& {
    row.third_order = true;
    row.ulps = 8;
    return rows.emplace_back(std::move(row));
  };
  add_floating(binary_row("logaddexp", Pair(logaddexp),
                          [](double a, double b) { return log_add_exp(a, b, std::numbers::e); }))
      .errors = {shape_mismatch(logaddexp),
                 error<NotImplementedError>("\"logaddexp\" not implemented for 'Long'",
                                            [] { logaddexp(ones({2}, kLong), ones({2}, kLong)); })};
  add_floating(binary_row("logaddexp2", Pair(logaddexp2),
                          [](double a, double b) { return log_add_exp(a, b, 2); }));

  OpCase& waves =
      add_row(unary_row("sinc", sinc, sine_cardinal, values({}).away_from({0, -1, 1, -2, 2})));
  waves.ulps = 16;

  OpCase& step = rows.emplace_back(binary_row(
      "heaviside", Pair(heaviside),
      [](double x, double v) { return x == 0  ? v
                                      : x > 0 ? 1.0
                                              : 0.0; },
      values({}).rounded().no_grad(), values({}).no_grad()));
  step.dtypes = kFloatsAndIntegers;
  step.differentiable = false;
  step.errors = {error<Error>("heaviside is not yet implemented for tensors with different dtypes",
                              [] { heaviside(ones({2}), ones({2}, kLong)); })};

  OpCase& tamed = rows.emplace_back(unary_row(
      "nan_to_num", [](const Tensor& x) { return nan_to_num(x, 1, 7, -7); },
      [](double x) { return std::isnan(x)   ? 1
                            : std::isinf(x) ? (x > 0 ? 7 : -7)
                                            : x; }));
  tamed.dtypes = kFloatsAndIntegers;
  return rows;
}

}  // namespace adjoint::testing
