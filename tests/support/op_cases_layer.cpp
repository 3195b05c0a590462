// SPDX-License-Identifier: MIT
// Rows of group_norm, instance_norm and scaled_dot_product_attention.
#include <cmath>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

/// (x - mean) / sqrt(variance + eps) of the values.
std::vector<double> standardized(const std::vector<double>& v, double eps) {
  double mean = 0, variance = 0;
  for (double a : v) mean += a / double(v.size());
  for (double a : v) variance += (a - mean) * (a - mean) / double(v.size());
  std::vector<double> out;
  for (double a : v) out.push_back((a - mean) / std::sqrt(variance + eps));
  return out;
}

/// Of x [n, c, *] in groups of channels, times weight [c], plus bias [c].
Array normalized(const Array& x, int64_t groups, const Array& weight, const Array& bias) {
  const int64_t n = x.size(0), c = x.size(1);
  Array out = x;
  if (x.values.empty()) return out;
  out.sizes = {n * groups, x.numel() / (n * groups)};
  out = along(out, 1, [](const std::vector<double>& v) { return standardized(v, 1e-3); });
  out.sizes = x.sizes;
  for_each_index(out.sizes, [&](const Sizes& at) {
    const size_t channel = size_t(at[1] % c);
    out.at(at) = out.at(at) * weight.values[channel] + bias.values[channel];
  });
  return out;
}

std::vector<OpCase> norms() {
  std::vector<OpCase> rows;
  OpCase& groups = rows.emplace_back();
  groups.name = "group_norm";
  groups.call = [](const variable_list& t) { return group_norm(t[0], 2, t[1], t[2], 1e-3); };
  groups.formula = [](const std::vector<Array>& x) { return normalized(x[0], 2, x[1], x[2]); };
  groups.samples = {{values({2, 4}), values({4}), values({4})},
                    {values({1, 2, 3}), values({2}), values({2})},
                    {values({2, 4, 2, 2}), values({4}), values({4})}};
  groups.errors = {error<Error>("Expected number of channels in input to be divisible by", [] {
    group_norm(zeros({2, 3, 2}), 2);
  })};
  OpCase& images = rows.emplace_back();
  images.name = "instance_norm";
  images.call = [](const variable_list& t) {
    return instance_norm(t[0], t[1], t[2], {}, {}, true, 0.1, 1e-3);
  };
  images.formula = [](const std::vector<Array>& x) {
    return normalized(x[0], x[0].size(1), x[1], x[2]);
  };
  images.samples = {{values({2, 2, 3}), values({2}), values({2})},
                    {values({1, 2, 2, 2}), values({2}), values({2})}};
  for (OpCase& row : rows) {
    row.large = {values({4, 6, 30, 30}), values({6}), values({6})};
    row.ulps = 64;
    row.magnitude = 8;
    row.never_empty = "nothing has no mean";
  }
  return rows;
}

/// softmax(q k^T / sqrt(e) + what `mask` adds) v for [b, l, e], [b, s, e], [b, s, v].
template <class Mask>
Array attention(const Array& q, const Array& k, const Array& v, Mask mask) {
  Array out({q.size(0), q.size(1), v.size(2)});
  for_each_index({q.size(0), q.size(1)}, [&](const Sizes& at) {
    std::vector<double> weight;
    double sum = 0;
    for (int64_t j = 0; j < k.size(1); ++j) {
      double score = mask(at[0], at[1], j);
      for (int64_t i = 0; i < q.size(2); ++i) {
        score += q.at({at[0], at[1], i}) * k.at({at[0], j, i}) / std::sqrt(double(q.size(2)));
      }
      weight.push_back(std::exp(score));
      sum += weight.back();
    }
    for (int64_t j = 0; j < k.size(1); ++j) {
      for (int64_t i = 0; i < v.size(2); ++i) {
        const double part = sum == 0 ? 0 : weight[size_t(j)] / sum;
        out.at({at[0], at[1], i}) += part * v.at({at[0], j, i});
      }
    }
  });
  return out;
}

std::vector<OpCase> attentions() {
  std::vector<OpCase> rows;
  auto add = [&](const char* name, Call call, Formula formula, const Inputs& more,
                 const Inputs& large) -> OpCase& {
    OpCase& row = rows.emplace_back();
    row.name = name;
    row.call = std::move(call);
    row.formula = std::move(formula);
    row.samples = {{values({2, 2, 2}), values({2, 3, 2}), values({2, 3, 2})}};
    row.large = {values({3, 90, 20}), values({3, 110, 20}), values({3, 110, 30})};
    row.samples[0].insert(row.samples[0].end(), more.begin(), more.end());
    row.large.insert(row.large.end(), large.begin(), large.end());
    row.ulps = 32;
    row.magnitude = 4;
    row.sums_in_memory_order = true;
    row.finite_only = "softmax turns infinities into what is no number";
    row.never_empty = "a row that sees nothing has no softmax";
    return row;
  };
  OpCase& plain = add(
      "scaled_dot_product_attention",
      [](const variable_list& t) { return scaled_dot_product_attention(t[0], t[1], t[2]); },
      [](const std::vector<Array>& x) {
        return attention(x[0], x[1], x[2], [](int64_t, int64_t, int64_t) { return 0.0; });
      },
      {}, {});
  plain.errors = {error<Error>("Explicit attn_mask should not be set when is_causal=True", [] {
    scaled_dot_product_attention(zeros({2, 2}), zeros({2, 2}), zeros({2, 2}), zeros({2, 2}), 0,
                                 true);
  })};
  add(
      "scaled_dot_product_attention.causal",
      [](const variable_list& t) {
        return scaled_dot_product_attention(t[0], t[1], t[2], {}, 0, true);
      },
      [](const std::vector<Array>& x) {
        return attention(x[0], x[1], x[2], [](int64_t, int64_t row, int64_t column) {
          return column <= row ? 0.0 : -INFINITY;
        });
      },
      {}, {});
  add(
      "scaled_dot_product_attention.added",
      [](const variable_list& t) { return scaled_dot_product_attention(t[0], t[1], t[2], t[3]); },
      [](const std::vector<Array>& x) {
        return attention(x[0], x[1], x[2], [&](int64_t, int64_t row, int64_t column) {
          return x[3].at({row, column});
        });
      },
      {values({2, 3})}, {values({90, 110})});
  add(
      "scaled_dot_product_attention.masked",
      [](const variable_list& t) { return scaled_dot_product_attention(t[0], t[1], t[2], t[3]); },
      [](const std::vector<Array>& x) {
        return attention(x[0], x[1], x[2], [&](int64_t batch, int64_t row, int64_t column) {
          return x[3].at({batch, row, column}) != 0 ? 0.0 : -INFINITY;
        });
      },
      {mask({2, 2, 3})}, {mask({3, 90, 110})});
  return rows;
}

}  // namespace

std::vector<OpCase> layer_cases() {
  std::vector<OpCase> rows = norms();
  for (OpCase& row : attentions()) rows.push_back(std::move(row));
  for (OpCase& row : rows) row.dtypes = {kFloat, kDouble};
  return rows;
}

}  // namespace adjoint::testing
