// SPDX-License-Identifier: MIT
// Rows of the functions of one element: mathematics and activations.
#include <cmath>
#include <numbers>

#include "tests/support/op_rows.h"

namespace adjoint::testing {
namespace {

double gelu_tanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}
double sign_of(double x) { return double(x > 0) - double(x < 0); }
double clamped(double x, double low, double high) {
  return std::isnan(x) ? x : std::fmin(std::fmax(x, low), high);
}

}  // namespace

std::vector<OpCase> unary_cases() {
  const Input positive = values({}).between(0.2, 3);
  const Input kink_at_0 = values({}).away_from({0});
  std::vector<OpCase> rows;
  auto add_row = [&](OpCase row) -> OpCase& { return rows.emplace_back(std::move(row)); };
  auto integers_too = [](OpCase& row, Gives gives) {
    row.dtypes = kFloatsAndIntegers;
    row.gives = {gives};
  };
  auto smooth = [](OpCase& row) { row.third_order = true; };

  integers_too(add_row(unary_row("neg", neg, [](double x) { return -x; })), Gives::Same);
  rows.back().errors = {
      error<Error>("Negation, the `-` operator, on a bool tensor", [] { neg(zeros({2}, kBool)); }),
      error<Error>("undefined", [] { neg(Tensor()); })};
  integers_too(add_row(unary_row(
                   "abs", abs, [](double x) { return std::abs(x); }, kink_at_0)),
               Gives::Same);
  integers_too(add_row(unary_row("sign", sign, sign_of, kink_at_0)), Gives::Same);
  integers_too(add_row(unary_row("square", square, [](double x) { return x * x; })), Gives::Same);
  smooth(rows.back());
  using Unary = double (*)(double);
  integers_too(add_row(unary_row("exp", exp, Unary(std::exp))), Gives::Floating);
  smooth(rows.back());
  integers_too(add_row(unary_row("log", log, Unary(std::log), positive)), Gives::Floating);
  smooth(rows.back());
  integers_too(add_row(unary_row("sqrt", sqrt, Unary(std::sqrt), positive)), Gives::Floating);
  smooth(rows.back());
  integers_too(add_row(unary_row(
                   "rsqrt", rsqrt, [](double x) { return 1 / std::sqrt(x); }, positive)),
               Gives::Floating);
  smooth(rows.back());
  integers_too(add_row(unary_row(
                   "reciprocal", reciprocal, [](double x) { return 1 / x; }, positive)),
               Gives::Floating);
  smooth(rows.back());
  integers_too(add_row(unary_row("sin", sin, Unary(std::sin))), Gives::Floating);
  smooth(rows.back());
  integers_too(add_row(unary_row("cos", cos, Unary(std::cos))), Gives::Floating);
  smooth(rows.back());
  integers_too(add_row(unary_row("erf", erf, Unary(std::erf))), Gives::Floating);
  smooth(rows.back());
  auto add_smooth = [&](const char* name, Tensor (*function)(const Tensor&), Unary formula,
                        const Input& domain = values({})) {
    integers_too(add_row(unary_row(name, function, formula, domain)), Gives::Floating);
    smooth(rows.back());
  };
  add_smooth("erfc", erfc, std::erfc);
  add_smooth("log1p", log1p, std::log1p, positive);
  add_smooth("expm1", expm1, std::expm1);
  add_smooth("log2", log2, std::log2, positive);
  add_smooth("log10", log10, std::log10, positive);
  add_smooth("exp2", exp2, std::exp2);
  integers_too(add_row(unary_row("sign.sgn", sgn, sign_of, kink_at_0)), Gives::Same);
  integers_too(add_row(unary_row("tanh", tanh, Unary(std::tanh))), Gives::Floating);
  smooth(rows.back());
  integers_too(
      add_row(unary_row("sigmoid", sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); })),
      Gives::Floating);
  smooth(rows.back());
  integers_too(
      add_row(unary_row(
          "relu", relu, [](double x) { return std::isnan(x) || x > 0 ? x : 0; }, kink_at_0)),
      Gives::Same);

  add_row(unary_row("log_sigmoid", log_sigmoid,
                    [](double x) { return std::fmin(x, 0) - std::log1p(std::exp(-std::abs(x))); }));
  smooth(rows.back());

  OpCase& exact = add_row(unary_row(
      "gelu", [](const Tensor& x) { return gelu(x); },
      [](double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); }));
  exact.ulps = 8;
  exact.errors = {error<Error>("approximate", [] { gelu(zeros({2}), "erf"); })};
  smooth(exact);
  OpCase& approximate = add_row(unary_row(
      "gelu.tanh", [](const Tensor& x) { return gelu(x, "tanh"); }, gelu_tanh));
  approximate.covers = {};
  approximate.ulps = 8;
  smooth(approximate);

  add_row(unary_row("silu", silu, [](double x) { return x / (1 + std::exp(-x)); }));
  smooth(rows.back());
  add_row(unary_row("mish", mish, [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }));
  rows.back().ulps = 8;
  smooth(rows.back());
  add_row(unary_row(
      "softplus", [](const Tensor& x) { return softplus(x); },
      [](double x) { return x > 20 ? x : std::log1p(std::exp(x)); }));
  smooth(rows.back());
  add_row(unary_row(
      "softplus.steep", [](const Tensor& x) { return softplus(x, 4, 2); },
      [](double x) { return 4 * x > 2 ? x : std::log1p(std::exp(4 * x)) / 4; },
      values({}).away_from({0.5})));

  const Input between_bounds = values({}).away_from({-0.5, 1});
  integers_too(add_row(unary_row(
                   "clamp", [](const Tensor& x) { return clamp(x, -1, 1); },
                   [](double x) { return clamped(x, -1, 1); }, values({}).away_from({-1, 1}))),
               Gives::Same);
  rows.back().errors = {
      error<Error>("At least one of 'min' or 'max' must not be None", [] { clamp(zeros({2})); })};
  add_row(unary_row(
      "clamp.fractions", [](const Tensor& x) { return clamp(x, -0.5, 1.0); },
      [](double x) { return clamped(x, -0.5, 1); }, between_bounds));
  add_row(unary_row(
      "clamp.min", [](const Tensor& x) { return clamp_min(x, -0.5); },
      [](double x) { return clamped(x, -0.5, INFINITY); }, between_bounds));
  add_row(unary_row(
      "clamp.max", [](const Tensor& x) { return clamp_max(x, 1.0); },
      [](double x) { return clamped(x, -INFINITY, 1); }, between_bounds));
  return rows;
}

}  // namespace adjoint::testing
