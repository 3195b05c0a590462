// SPDX-License-Identifier: MIT
// Rows of layer_norm and batch_norm.
#include <cmath>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

double mean_of(const std::vector<double>& v) {
  double sum = 0;
  for (double x : v) sum += x;
  return sum / double(v.size());
}
double variance_of(const std::vector<double>& v) {
  double mean = mean_of(v), sum = 0;
  for (double x : v) sum += (x - mean) * (x - mean);
  return sum / double(v.size());
}

/// (x - mean) / sqrt(variance + eps), with mean and variance over `dims`.
Array standardized(const Array& x, const Sizes& dims, double eps) {
  return map(map(x, reduce(x, dims, true, mean_of), [](double v, double m) { return v - m; }),
             reduce(x, dims, true, variance_of),
             [=](double v, double s) { return v / std::sqrt(s + eps); });
}
Array scaled(const Array& x, const Array& weight, const Array& bias) {
  return map(x, weight, bias, [](double v, double w, double b) { return v * w + b; });
}
/// [c] for images: [c, 1, 1, ...].
Array per_channel(Array a, int64_t dims) {
  a.sizes.resize(size_t(dims - 1), 1);
  return a;
}

std::vector<OpCase> layer_norm_cases() {
  std::vector<OpCase> rows;
  OpCase& affine = rows.emplace_back();
  affine.name = "layer_norm";
  affine.call = [](const variable_list& t) {
    return layer_norm(t[0], t[1].sizes(), t[1], t[2], 1e-3);
  };
  affine.formula = [](const std::vector<Array>& x) {
    Sizes dims;
    for (int64_t d = 1; d <= x[1].dim(); ++d) dims.push_back(-d);
    return scaled(standardized(x[0], dims, 1e-3), x[1], x[2]);
  };
  affine.samples = {{values({3, 5}), values({5}), values({5})},
                    {values({2, 2, 3}), values({2, 3}), values({2, 3})},
                    {values({4}), values({4}), values({4})},
                    {values({0, 4}), values({4}), values({4})},
                    {values({4, 33}), values({33}), values({33})}};
  affine.large = {values({130, 600}), values({600}), values({600})};
  affine.ulps = 16;
  affine.half_ulps = 2;
  affine.magnitude = 4;
  affine.errors = {error<Error>("",
                                [] {
                                  layer_norm(zeros({2, 3}), {2});
                                }),
                   error<Error>("", [] {
                     layer_norm(zeros({2, 3}), {3}, zeros({2}));
                   })};
  OpCase& plain = rows.emplace_back(affine);
  plain.name = "layer_norm.plain";
  plain.call = [](const variable_list& t) { return layer_norm(t[0], {t[0].size(-1)}); };
  plain.formula = [](const std::vector<Array>& x) { return standardized(x[0], {-1}, 1e-5); };
  plain.samples = {{values({3, 5})}, {values({0, 4})}, {values({2, 2, 7})}};
  plain.large = {values({130, 600})};
  plain.errors.clear();
  return rows;
}

constexpr const char* kNoMean = "a batch of nothing has no mean";

std::vector<OpCase> batch_norm_cases() {
  std::vector<OpCase> rows;
  OpCase& training = rows.emplace_back();
  training.name = "batch_norm";
  training.call = [](const variable_list& t) {
    return batch_norm(t[0], t[1], t[2], {}, {}, true, 0.1, 1e-3);
  };
  training.formula = [](const std::vector<Array>& x) {
    Sizes dims{0};
    for (int64_t d = 2; d < x[0].dim(); ++d) dims.push_back(d);
    return scaled(standardized(x[0], dims, 1e-3), per_channel(x[1], x[0].dim()),
                  per_channel(x[2], x[0].dim()));
  };
  training.samples = {{values({4, 3}), values({3}), values({3})},
                      {values({2, 2, 3}), values({2}), values({2})},
                      {values({2, 2, 3, 2}), values({2}), values({2})},
                      {values({9, 17}), values({17}), values({17})}};
  training.large = {values({12, 8, 30, 30}), values({8}), values({8})};
  training.ulps = 16;
  training.half_ulps = 2;
  training.magnitude = 4;
  training.never_empty = kNoMean;
  training.errors = {error<Error>("", [] { batch_norm(zeros({3}), {}, {}, {}, {}, true); }),
                     error<Error>("",
                                  [] {
                                    batch_norm(zeros({2, 3}), zeros({2}), {}, {}, {}, true);
                                  }),
                     error<Error>("",
                                  [] {
                                    batch_norm(zeros({2, 3}), {}, {}, {}, {}, false);
                                  }),
                     error<Error>("Expected more than 1 value per channel when training", [] {
                       batch_norm(zeros({1, 3}), {}, {}, {}, {}, true);
                     })};

  OpCase& plain = rows.emplace_back(training);
  plain.name = "batch_norm.plain";
  plain.call = [](const variable_list& t) { return batch_norm(t[0], {}, {}, {}, {}, true); };
  plain.formula = [](const std::vector<Array>& x) {
    Sizes dims{0};
    for (int64_t d = 2; d < x[0].dim(); ++d) dims.push_back(d);
    return standardized(x[0], dims, 1e-5);
  };
  plain.samples = {{values({4, 3})}, {values({2, 2, 3, 2})}};
  plain.large = {values({12, 8, 30, 30})};
  plain.errors.clear();

  // The running statistics as they are after a batch, and what they give in evaluation.
  OpCase& running = rows.emplace_back();
  running.name = "batch_norm.running";
  running.call = [](const variable_list& t) {
    Tensor mean = t[1].clone(), variance = t[2].clone();
    batch_norm(t[0], {}, {}, mean, variance, true, 0.25);
    return variable_list{mean, variance};
  };
  running.formula = [](const std::vector<Array>& x) {
    auto moved = [](double old, double batch) { return 0.75 * old + 0.25 * batch; };
    double n = double(x[0].numel() / x[0].sizes[1]);
    Array unbiased =
        map(reduce(x[0], {0, 2}, false, variance_of), [=](double v) { return v * n / (n - 1); });
    return std::vector<Array>{map(x[1], reduce(x[0], {0, 2}, false, mean_of), moved),
                              map(x[2], unbiased, moved)};
  };
  const Input spread = values({3}).between(0.5, 2).no_grad();
  running.samples = {{values({4, 3, 5}), values({3}).no_grad(), spread}};
  running.large = {values({12, 3, 900}), values({3}).no_grad(), spread};
  running.dtypes = {kFloat, kDouble};
  running.gives = {Gives::Same, Gives::Same};
  running.ulps = 16;
  running.differentiable = false;
  running.never_empty = kNoMean;

  OpCase& evaluation = rows.emplace_back();
  evaluation.name = "batch_norm.evaluation";
  evaluation.call = [](const variable_list& t) {
    return batch_norm(t[0], t[3], t[4], t[1], t[2], false, 0.1, 1e-3);
  };
  evaluation.formula = [](const std::vector<Array>& x) {
    int64_t n = x[0].dim();
    Array centered = map(x[0], per_channel(x[1], n), [](double v, double m) { return v - m; });
    Array z = map(centered, per_channel(x[2], n),
                  [](double v, double s) { return v / std::sqrt(s + 1e-3); });
    return scaled(z, per_channel(x[3], n), per_channel(x[4], n));
  };
  evaluation.samples = {
      {values({4, 3}), values({3}).no_grad(), spread, values({3}), values({3})},
      {values({2, 3, 2, 2}), values({3}).no_grad(), spread, values({3}), values({3})},
      {values({0, 3}), values({3}).no_grad(), spread, values({3}), values({3})}};
  evaluation.large = {values({12, 3, 30, 70}), values({3}).no_grad(), spread, values({3}),
                      values({3})};
  evaluation.ulps = 16;
  evaluation.half_ulps = 2;
  evaluation.magnitude = 8;
  return rows;
}

}  // namespace

std::vector<OpCase> normalization_cases() {
  std::vector<OpCase> rows = layer_norm_cases();
  for (OpCase& row : batch_norm_cases()) rows.push_back(std::move(row));
  return rows;
}

}  // namespace adjoint::testing
