// SPDX-License-Identifier: MIT
// Rows of operations that are composed of others: losses and distances, sums of products, other
// arrangements of the same elements. 16-bit floats round at each step of them: they have no row.
#include <cmath>

#include "tests/support/op_rows.h"

namespace adjoint::testing {
namespace {

constexpr Reduction kNoReduction = Reduction::None;

/// Of two tensors of one shape, element by element.
template <class F, class G>
OpCase loss_row(const char* name, F call, G formula, const Input& a = values({}),
                const Input& b = values({})) {
  OpCase row;
  row.name = name;
  row.call = [=](const variable_list& t) { return call(t[0], t[1]); };
  row.formula = [=](const std::vector<Array>& x) { return map(x[0], x[1], formula); };
  for (const Sizes& sizes : {Sizes{}, Sizes{0}, Sizes{5}, Sizes{3, 4}}) {
    Input x = a, y = b;
    x.sizes = y.sizes = sizes;
    row.samples.push_back({x, y});
  }
  Input x = a, y = b;
  x.sizes = y.sizes = {67, 1051};
  row.large = {x, y};
  row.ulps = 16;
  return row;
}

double length(const Array& a, int64_t row, double p) {
  double sum = 0;
  for (int64_t i = 0; i < a.size(1); ++i) sum += std::pow(std::abs(a.at({row, i})), p);
  return std::pow(sum, 1 / p);
}

/// Of rows of [n, d].
template <class F, class G>
OpCase row_row(const char* name, F call, G formula) {
  OpCase row;
  row.name = name;
  row.call = [=](const variable_list& t) { return call(t[0], t[1]); };
  row.formula = [=](const std::vector<Array>& x) {
    Array out({x[0].size(0)});
    for (int64_t i = 0; i < x[0].size(0); ++i) out.at({i}) = formula(x[0], x[1], i);
    return out;
  };
  row.samples = {{values({3, 4}), values({3, 4})}, {values({0, 4}), values({0, 4})}};
  row.large = {values({3000, 40}), values({3000, 40})};
  row.ulps = 32;
  row.sums_in_memory_order = true;
  return row;
}

std::vector<OpCase> losses() {
  std::vector<OpCase> rows;
  // A first number above the second, so that no difference is near a kink.
  const Input high = values({}).between(1.2, 1.9), low = values({}).between(-0.9, 0.1);
  const Input near = values({}).between(0.3, 0.6), nearby = values({}).between(-0.1, 0.2);
  rows.push_back(loss_row(
      "l1_loss", [](const Tensor& x, const Tensor& y) { return l1_loss(x, y, kNoReduction); },
      [](double x, double y) { return std::abs(x - y); }, high, low));
  rows.push_back(loss_row(
      "smooth_l1_loss.near",
      [](const Tensor& x, const Tensor& y) { return smooth_l1_loss(x, y, kNoReduction, 0.9); },
      [](double x, double y) { return (x - y) * (x - y) / 1.8; }, near, nearby));
  rows.push_back(loss_row(
      "smooth_l1_loss.far",
      [](const Tensor& x, const Tensor& y) { return smooth_l1_loss(x, y, kNoReduction, 0.9); },
      [](double x, double y) { return std::abs(x - y) - 0.45; }, high, low));
  rows.push_back(loss_row(
      "huber_loss.near",
      [](const Tensor& x, const Tensor& y) { return huber_loss(x, y, kNoReduction, 0.9); },
      [](double x, double y) { return (x - y) * (x - y) / 2; }, near, nearby));
  rows.push_back(loss_row(
      "huber_loss.far",
      [](const Tensor& x, const Tensor& y) { return huber_loss(x, y, kNoReduction, 0.9); },
      [](double x, double y) { return 0.9 * (std::abs(x - y) - 0.45); }, high, low));
  rows.push_back(loss_row(
      "kl_div", [](const Tensor& x, const Tensor& y) { return kl_div(x, y, kNoReduction); },
      [](double x, double y) { return y * (std::log(y) - x); }, values({}),
      values({}).between(0.2, 1)));
  rows.push_back(loss_row(
      "kl_div.log_target",
      [](const Tensor& x, const Tensor& y) { return kl_div(x, y, kNoReduction, true); },
      [](double x, double y) { return std::exp(y) * (y - x); }));
  rows.push_back(loss_row(
      "poisson_nll_loss",
      [](const Tensor& x, const Tensor& y) {
        return poisson_nll_loss(x, y, true, false, 1e-8, kNoReduction);
      },
      [](double x, double y) { return std::exp(x) - y * x; }));
  rows.push_back(loss_row(
      "soft_margin_loss",
      [](const Tensor& x, const Tensor& y) { return soft_margin_loss(x, y, kNoReduction); },
      [](double x, double y) { return std::log1p(std::exp(-y * x)); }));
  for (OpCase& row : rows) row.finite_only = "choices and products with 0 hide what is no number";
  return rows;
}

std::vector<OpCase> distances() {
  std::vector<OpCase> rows;
  rows.push_back(row_row(
      "cosine_similarity", [](const Tensor& x, const Tensor& y) { return cosine_similarity(x, y); },
      [](const Array& x, const Array& y, int64_t row) {
        double product = 0;
        for (int64_t i = 0; i < x.size(1); ++i) product += x.at({row, i}) * y.at({row, i});
        return product / (length(x, row, 2) * length(y, row, 2));
      }));
  rows.push_back(row_row(
      "pairwise_distance",
      [](const Tensor& x, const Tensor& y) { return pairwise_distance(x, y, 3, 0.25); },
      [](const Array& x, const Array& y, int64_t row) {
        return length(map(x, y, [](double a, double b) { return a - b + 0.25; }), row, 3);
      }));
  for (OpCase& row : rows) row.finite_only = "a power of infinity is hidden by a product with 0";
  OpCase& all = rows.emplace_back();
  all.name = "pdist";
  all.call = [](const variable_list& t) { return pdist(t[0], 2); };
  all.formula = [](const std::vector<Array>& x) {
    const int64_t n = x[0].size(0);
    Array out({n * (n - 1) / 2});
    size_t at = 0;
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = i + 1; j < n; ++j) {
        double sum = 0;
        for (int64_t k = 0; k < x[0].size(1); ++k) {
          sum += std::pow(x[0].at({i, k}) - x[0].at({j, k}), 2);
        }
        out.values[at++] = std::sqrt(sum);
      }
    }
    return out;
  };
  all.samples = {{values({4, 3})}, {values({2, 2})}, {values({0, 3})}};
  all.large = {values({60, 40})};
  all.ulps = 16;
  all.finite_only = "the difference of two infinities is none";
  return rows;
}

std::vector<OpCase> arrangements() {
  std::vector<OpCase> rows;
  OpCase& steps = rows.emplace_back();
  steps.name = "diff";
  steps.call = [](const variable_list& t) { return diff(t[0], 2, 1); };
  steps.formula = [](const std::vector<Array>& x) {
    Sizes sizes = x[0].sizes;
    sizes[1] -= 2;
    Array out(sizes);
    for_each_index(out.sizes, [&](const Sizes& at) {
      Sizes next = at, last = at;
      next[1] += 1;
      last[1] += 2;
      out.at(at) = x[0].at(last) - 2 * x[0].at(next) + x[0].at(at);
    });
    return out;
  };
  steps.samples = {{values({2, 5})}, {values({1, 3, 2})}, {values({0, 4})}};
  steps.large = {values({70, 1051})};
  steps.magnitude = 8;
  steps.errors = {
      error<Error>("diff expects input to be at least one-dimensional", [] { diff(ones({})); })};
  OpCase& matrix = rows.emplace_back();
  matrix.name = "diagflat";
  matrix.call = [](const variable_list& t) { return diagflat(t[0], 1); };
  matrix.formula = [](const std::vector<Array>& x) {
    const int64_t n = x[0].numel();
    Array out({n + 1, n + 1});
    for (int64_t i = 0; i < n; ++i) out.at({i, i + 1}) = x[0].values[size_t(i)];
    return out;
  };
  matrix.samples = {{values({3})}, {values({2, 2})}, {values({0})}};
  matrix.large = {values({300})};
  OpCase& channels = rows.emplace_back();
  channels.name = "channel_shuffle";
  channels.call = [](const variable_list& t) { return channel_shuffle(t[0], 3); };
  channels.formula = [](const std::vector<Array>& x) {
    Array out(x[0].sizes);
    const int64_t each = x[0].size(1) / 3;
    for_each_index(out.sizes, [&](const Sizes& at) {
      Sizes from = at;
      from[1] = at[1] % 3 * each + at[1] / 3;
      out.at(at) = x[0].at(from);
    });
    return out;
  };
  channels.samples = {{values({2, 6, 2})}, {values({1, 3, 2, 2})}, {values({0, 6, 2})}};
  channels.large = {values({20, 6, 1000})};
  channels.errors = {error<Error>("Number of channels must be divisible by groups", [] {
    channel_shuffle(ones({1, 4, 2}), 3);
  })};
  return rows;
}

std::vector<OpCase> products() {
  std::vector<OpCase> rows;
  OpCase& batches = rows.emplace_back();
  batches.name = "addbmm";
  batches.call = [](const variable_list& t) { return addbmm(t[0], t[1], t[2], 0.5, -2); };
  batches.formula = [](const std::vector<Array>& x) {
    Array sum({x[1].size(1), x[2].size(2)});
    for (int64_t b = 0; b < x[1].size(0); ++b) {
      sum = map(sum, matrix_product(row(x[1], b), row(x[2], b)),
                [](double s, double p) { return s + p; });
    }
    return map(x[0], sum, [](double a, double p) { return 0.5 * a - 2 * p; });
  };
  batches.samples = {{values({2, 2}), values({2, 2, 3}), values({2, 3, 2})},
                     {values({2}), values({1, 3, 2}), values({1, 2, 2})},
                     {values({0, 2}), values({2, 0, 3}), values({2, 3, 2})}};
  batches.large = {values({60, 60}), values({4, 60, 60}), values({4, 60, 60})};
  OpCase& vectors = rows.emplace_back();
  vectors.name = "addr";
  vectors.call = [](const variable_list& t) { return addr(t[0], t[1], t[2], 2, 3); };
  vectors.formula = [](const std::vector<Array>& x) {
    const Array column({x[1].size(0), 1}, x[1].values), line({1, x[2].size(0)}, x[2].values);
    return map(x[0], matrix_product(column, line),
               [](double a, double p) { return 2 * a + 3 * p; });
  };
  vectors.samples = {{values({2, 3}), values({2}), values({3})},
                     {values({3}), values({2}), values({3})},
                     {values({0, 3}), values({0}), values({3})}};
  vectors.large = {values({300, 300}), values({300}), values({300})};
  for (OpCase& row : rows) {
    row.magnitude = 64;
    row.sums_in_memory_order = true;
  }
  return rows;
}

}  // namespace

std::vector<OpCase> composed_cases() {
  std::vector<OpCase> rows;
  for (auto part : {losses, distances, arrangements, products}) {
    for (OpCase& row : part()) {
      row.dtypes = {kFloat, kDouble};
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace adjoint::testing
