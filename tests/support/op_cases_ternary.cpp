// SPDX-License-Identifier: MIT
// Rows of functions of three operands: interpolation, sums with a product or a quotient, bounds.
#include <cmath>

#include "tests/support/op_rows.h"

namespace adjoint::testing {
namespace {

template <class F, class G>
OpCase ternary_row(const char* name, F call, G formula, const Input& a = values({}),
                   const Input& b = values({}), const Input& c = values({})) {
  OpCase row;
  row.name = name;
  row.call = [=](const variable_list& t) { return call(t[0], t[1], t[2]); };
  row.formula = [=](const std::vector<Array>& x) { return map(x[0], x[1], x[2], formula); };
  auto sample = [&](Sizes sizes_a, Sizes sizes_b, Sizes sizes_c) {
    Inputs inputs{a, b, c};
    inputs[0].sizes = std::move(sizes_a);
    inputs[1].sizes = std::move(sizes_b);
    inputs[2].sizes = std::move(sizes_c);
    return inputs;
  };
  row.samples = {sample({}, {}, {}),          sample({0}, {0}, {0}),   sample({5}, {5}, {5}),
                 sample({2, 3}, {3}, {2, 1}), sample({3}, {2, 3}, {}), sample({2, 2}, {1}, {2, 2})};
  row.large = sample({67, 1051}, {1051}, {67, 1051});
  return row;
}

double lerped(double a, double b, double w) {
  return std::abs(w) < 0.5 ? a + w * (b - a) : b - (b - a) * (1 - w);
}

}  // namespace

std::vector<OpCase> ternary_cases() {
  std::vector<OpCase> rows;
  OpCase& weighted = rows.emplace_back(ternary_row(
      "lerp", [](const Tensor& a, const Tensor& b, const Tensor& w) { return lerp(a, b, w); },
      lerped));
  weighted.third_order = true;
  weighted.magnitude = 8;
  weighted.errors = {error<Error>("expected dtype Float for `end` but got dtype Double",
                                  [] { lerp(zeros({2}), zeros({2}, kDouble), 0.5); })};
  rows.push_back(binary_row(
      "lerp_by", [](const Tensor& a, const Tensor& b) { return lerp(a, b, 0.3); },
      [](double a, double b) { return lerped(a, b, 0.3); }));
  rows.push_back(binary_row(
      "lerp_by.far", [](const Tensor& a, const Tensor& b) { return lerp(a, b, 1.25); },
      [](double a, double b) { return lerped(a, b, 1.25); }));
  rows.back().magnitude = 4;

  OpCase& product = rows.emplace_back(ternary_row(
      "addcmul",
      [](const Tensor& a, const Tensor& b, const Tensor& c) { return addcmul(a, b, c, 2); },
      [](double a, double b, double c) { return a + 2 * b * c; }));
  product.dtypes = kFloatsAndIntegers;
  product.third_order = true;
  product.magnitude = 10;
  product.errors = {error<Error>("argument value must not be a floating point number", [] {
    addcmul(zeros({2}, kLong), zeros({2}, kLong), zeros({2}, kLong), 0.5);
  })};
  OpCase& quotient = rows.emplace_back(ternary_row(
      "addcdiv",
      [](const Tensor& a, const Tensor& b, const Tensor& c) { return addcdiv(a, b, c, -0.5); },
      [](double a, double b, double c) { return a - 0.5 * b / c; }, values({}), values({}),
      values({}).between(0.5, 2)));
  quotient.third_order = true;
  quotient.magnitude = 4;

  // Bounds that cross: the upper one counts.
  const Input low = values({}).between(-1.5, 0.5), high = values({}).between(0.1, 1.7);
  auto bounded = [](double x, double min, double max) {
    if (std::isnan(x) || std::isnan(min) || std::isnan(max)) return double(NAN);
    return std::fmin(std::fmax(x, min), max);
  };
  OpCase& both = rows.emplace_back(ternary_row(
      "maximum.clamp",
      [](const Tensor& x, const Tensor& min, const Tensor& max) { return clamp(x, min, max); },
      bounded, values({}), low, high));
  both.covers = {"minimum"};
  both.dtypes = kFloatsAndIntegers;
  rows.push_back(binary_row(
      "maximum.clamp_min", [](const Tensor& x, const Tensor& min) { return clamp_min(x, min); },
      [=](double x, double min) { return bounded(x, min, INFINITY); }));
  rows.push_back(binary_row(
      "minimum.clamp_max", [](const Tensor& x, const Tensor& max) { return clamp_max(x, max); },
      [=](double x, double max) { return bounded(x, -INFINITY, max); }));
  return rows;
}

}  // namespace adjoint::testing
