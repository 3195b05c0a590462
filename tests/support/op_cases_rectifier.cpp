// SPDX-License-Identifier: MIT
// Rows of activations of straight pieces, and of elu.
#include <cmath>

#include "tests/support/op_rows.h"

namespace adjoint::testing {
namespace {

double elu_of(double x, double alpha, double scale, double input_scale) {
  return x > 0 || std::isnan(x) ? scale * x : alpha * scale * std::expm1(input_scale * x);
}
double bounded(double x, double low, double high) {
  return std::isnan(x) ? x : std::fmin(std::fmax(x, low), high);
}

template <class F, class G>
OpCase pieces_row(const char* name, F call, G formula, const Input& domain) {
  OpCase row = scalar_row(name, call, formula, domain);
  row.covers = {"straight_pieces"};
  return row;
}

}  // namespace

std::vector<OpCase> rectifier_cases() {
  std::vector<OpCase> rows;
  const Input kink_at_0 = values({}).away_from({0}), wide = values({}).between(-5, 5);
  rows.push_back(pieces_row(
      "leaky_relu", [](const Tensor& x) { return leaky_relu(x, 0.2); },
      [](double x) { return x > 0 ? x : 0.2 * x; }, kink_at_0));
  rows.back().errors = {error<NotImplementedError>("not implemented for 'Long'",
                                                   [] { leaky_relu(zeros({2}, kLong)); })};
  rows.push_back(pieces_row(
      "hardtanh", [](const Tensor& x) { return hardtanh(x, -1, 1.5); },
      [](double x) { return bounded(x, -1, 1.5); }, values({}).away_from({-1, 1.5})));
  rows.back().errors = {error<ValueError>("min_val cannot be greater than max_val",
                                          [] { hardtanh(zeros({2}), 2, 1); })};
  rows.push_back(pieces_row(
      "relu6", [](const Tensor& x) { return relu6(x * 3); },
      [](double x) { return bounded(3 * x, 0, 6); }, values({}).between(-1, 3).away_from({0, 2})));
  rows.back().magnitude = 6;
  rows.push_back(pieces_row(
      "hardsigmoid", [](const Tensor& x) { return hardsigmoid(x); },
      [](double x) { return bounded((x + 3) / 6, 0, 1); }, wide.away_from({-3, 3})));
  rows.push_back(pieces_row(
      "hardswish", [](const Tensor& x) { return hardswish(x); },
      [](double x) { return x * bounded((x + 3) / 6, 0, 1); }, wide.away_from({-3, 3})));
  rows.back().magnitude = 5;
  rows.push_back(pieces_row(
      "hardshrink", [](const Tensor& x) { return hardshrink(x, 0.6); },
      [](double x) { return std::abs(x) <= 0.6 ? 0 : x; }, values({}).away_from({-0.6, 0.6})));
  rows.push_back(pieces_row(
      "softshrink", [](const Tensor& x) { return softshrink(x, 0.6); },
      [](double x) { return std::abs(x) <= 0.6 ? 0
                            : x > 0            ? x - 0.6
                                               : x + 0.6; },
      values({}).away_from({-0.6, 0.6})));
  rows.back().errors = {
      error<Error>("lambda must be greater or equal to 0", [] { softshrink(zeros({2}), -1); })};
  rows.push_back(pieces_row(
      "threshold", [](const Tensor& x) { return threshold(x, 0.3, 7); },
      [](double x) { return x <= 0.3 ? 7 : x; }, values({}).away_from({0.3})));

  rows.push_back(scalar_row(
      "elu", [](const Tensor& x) { return elu(x, 1.3, 0.8, 1.2); },
      [](double x) { return elu_of(x, 1.3, 0.8, 1.2); }, kink_at_0));
  rows.back().third_order = true;
  rows.push_back(scalar_row(
      "elu.default", [](const Tensor& x) { return elu(x); },
      [](double x) { return elu_of(x, 1, 1, 1); }, kink_at_0));
  rows.push_back(scalar_row(
      "elu.selu", [](const Tensor& x) { return selu(x); },
      [](double x) { return elu_of(x, 1.6732632423543772, 1.0507009873554805, 1); }, kink_at_0));
  rows.push_back(scalar_row(
      "elu.celu", [](const Tensor& x) { return celu(x, 1.5); },
      [](double x) { return elu_of(x, 1.5, 1, 1 / 1.5); }, kink_at_0));
  rows.back().errors = {error<Error>("alpha cannot be 0 for CELU", [] { celu(zeros({2}), 0); })};

  OpCase& learned = rows.emplace_back(binary_row(
      "prelu", [](const Tensor& x, const Tensor& w) { return prelu(x, w); },
      [](double x, double w) { return x > 0 ? x : w * x; }, kink_at_0));
  learned.covers = {};
  learned.samples = {};
  for (auto [sizes, weight] : std::vector<std::pair<Sizes, Sizes>>{
           {{}, {}}, {{0}, {1}}, {{5}, {1}}, {{2, 3}, {3}}, {{2, 3, 2}, {1}}, {{2, 1}, {1}}}) {
    Input x = kink_at_0;
    x.sizes = sizes;
    learned.samples.push_back({x, values(weight)});
  }
  learned.errors = {error<Error>("Found parameter numbers = 3 and channel size = 2",
                                 [] {
                                   prelu(zeros({4, 2}), zeros({3}));
                                 }),
                    error<Error>("Expected `weight` to be a scalar or 1D tensor", [] {
                      prelu(zeros({4, 2}), zeros({1, 2}));
                    })};

  OpCase& gated = rows.emplace_back(binary_row(
      "glu",
      [](const Tensor& a, const Tensor& b) {
        return glu(cat({a, b}, 0), 0);
      },
      [](double a, double b) { return a / (1 + std::exp(-b)); }));
  gated.samples = {{values({0}), values({0})},
                   {values({1}), values({1})},
                   {values({4}), values({4})},
                   {values({2, 3}), values({2, 3})}};
  gated.large = {values({kManyElements}), values({kManyElements})};
  gated.errors = {
      error<Error>("Halving dimension must be even, but dimension 1 is size 3",
                   [] {
                     glu(zeros({2, 3}));
                   }),
      error<Error>("glu does not support 0-dimensional tensors", [] { glu(zeros({})); })};
  return rows;
}

}  // namespace adjoint::testing
