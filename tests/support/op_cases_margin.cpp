// SPDX-License-Identifier: MIT
// Rows of the losses with margins: of rankings, embeddings, triplets and classes.
#include <algorithm>
#include <cmath>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

constexpr Reduction kNone = Reduction::None;

/// 1 and -1 for the truth values of a mask.
Tensor signs(const Tensor& mask, const Tensor& like) { return mask.to(like.dtype()) * 2 - 1; }

/// f(x, y, whether the target is 1) of each element.
Array choose(const Array& x, const Array& y, const Array& target,
             double (*f)(double, double, bool)) {
  return map(x, y, target, [=](double a, double b, double t) { return f(a, b, t != 0); });
}

double cosine(const Array& x, const Array& y, int64_t row) {
  double xx = 0, yy = 0, xy = 0;
  for (int64_t i = 0; i < x.size(1); ++i) {
    const double a = x.at({row, i}), b = y.at({row, i});
    xx += a * a;
    yy += b * b;
    xy += a * b;
  }
  constexpr double kEpsilon = 1e-12;  // as the definition has it
  return xy / std::sqrt((xx + kEpsilon) * (yy + kEpsilon));
}

double distance(const Array& x, const Array& y, int64_t row, double p) {
  double sum = 0;
  for (int64_t i = 0; i < x.size(1); ++i) {
    sum += std::pow(std::abs(x.at({row, i}) - y.at({row, i}) + 1e-6), p);
  }
  return std::pow(sum, 1 / p);
}

std::vector<OpCase> pairs_of_elements() {
  std::vector<OpCase> rows;
  OpCase& ranking = rows.emplace_back();
  ranking.name = "margin_ranking_loss";
  ranking.call = [](const variable_list& t) {
    return margin_ranking_loss(t[0], t[1], signs(t[2], t[0]), 0.5, kNone);
  };
  ranking.formula = [](const std::vector<Array>& x) {
    return choose(x[0], x[1], x[2], [](double a, double b, bool up) {
      return std::max(0.0, (up ? b - a : a - b) + 0.5);
    });
  };
  // The first above the second by more than the margin.
  auto sample = [](Sizes sizes) {
    return Inputs{values(sizes).between(1.2, 1.9), values(sizes).between(-0.9, 0.1), mask(sizes)};
  };
  ranking.samples = {sample({4}), sample({2, 3}), sample({}), sample({0})};
  ranking.large = sample({67, 1051});
  ranking.errors = {error<Error>("All input tensors should have same dimension", [] {
    margin_ranking_loss(zeros({2}), zeros({2}), zeros({2, 1}));
  })};
  OpCase& hinge = rows.emplace_back();
  hinge.name = "hinge_embedding_loss";
  hinge.call = [](const variable_list& t) {
    return hinge_embedding_loss(t[0], signs(t[1], t[0]), 0.7, kNone);
  };
  hinge.formula = [](const std::vector<Array>& x) {
    return choose(x[0], x[0], x[1],
                  [](double a, double, bool near) { return near ? a : std::max(0.0, 0.7 - a); });
  };
  auto one = [](Sizes sizes) { return Inputs{values(sizes).away_from({0.7}), mask(sizes)}; };
  hinge.samples = {one({4}), one({2, 3}), one({}), one({0})};
  hinge.large = one({67, 1051});
  return rows;
}

std::vector<OpCase> rows_of_embeddings() {
  std::vector<OpCase> rows;
  OpCase& alike = rows.emplace_back();
  alike.name = "cosine_embedding_loss";
  alike.call = [](const variable_list& t) {
    return cosine_embedding_loss(t[0], t[1], signs(t[2], t[0]), 0.1, kNone);
  };
  alike.formula = [](const std::vector<Array>& x) {
    Array out({x[0].size(0)});
    for (int64_t i = 0; i < x[0].size(0); ++i) {
      const double c = cosine(x[0], x[1], i);
      out.at({i}) = x[2].at({i}) != 0 ? 1 - c : std::max(0.0, c - 0.1);
    }
    return out;
  };
  alike.samples = {{values({3, 4}), values({3, 4}), mask({3})},
                   {values({0, 4}), values({0, 4}), mask({0})}};
  alike.large = {values({3000, 40}), values({3000, 40}), mask({3000})};
  alike.errors = {error<Error>("1D target tensor expects 2D input tensors",
                               [] { cosine_embedding_loss(zeros({2}), zeros({2}), zeros({2})); })};
  for (bool swap : {false, true}) {
    OpCase& triplet = rows.emplace_back();
    triplet.name = swap ? "triplet_margin_loss.swap" : "triplet_margin_loss";
    const double p = swap ? 3 : 2;
    triplet.call = [=](const variable_list& t) {
      return triplet_margin_loss(t[0], t[1], t[2], 2.5, p, 1e-6, swap, kNone);
    };
    triplet.formula = [=](const std::vector<Array>& x) {
      Array out({x[0].size(0)});
      for (int64_t i = 0; i < x[0].size(0); ++i) {
        double far = distance(x[0], x[2], i, p);
        if (swap) far = std::min(far, distance(x[1], x[2], i, p));
        out.at({i}) = std::max(0.0, distance(x[0], x[1], i, p) - far + 2.5);
      }
      return out;
    };
    triplet.samples = {{values({3, 2}), values({3, 2}), values({3, 2})},
                       {values({0, 4}), values({0, 4}), values({0, 4})}};
    triplet.large = {values({3000, 20}), values({3000, 20}), values({3000, 20})};
  }
  rows.back().errors = {error<Error>("expected margin > 0", [] {
    triplet_margin_loss(zeros({2, 2}), zeros({2, 2}), zeros({2, 2}), 0);
  })};
  for (OpCase& row : rows) row.sums_in_memory_order = true;
  return rows;
}

std::vector<OpCase> classes() {
  std::vector<OpCase> rows;
  for (int p : {1, 2}) {
    OpCase& one = rows.emplace_back();
    one.name = p == 1 ? "multi_margin_loss" : "multi_margin_loss.squares";
    one.call = [=](const variable_list& t) {
      return multi_margin_loss(t[0], t[1], p, 0.75, t.size() > 2 ? t[2] : Tensor(), kNone);
    };
    one.formula = [=](const std::vector<Array>& x) {
      const int64_t n = x[0].size(0), c = x[0].size(1);
      Array out({n});
      for (int64_t i = 0; i < n; ++i) {
        const int64_t y = int64_t(x[1].at({i}));
        for (int64_t k = 0; k < c; ++k) {
          if (k == y) continue;
          const double cost = std::max(0.0, 0.75 - x[0].at({i, y}) + x[0].at({i, k}));
          out.at({i}) += std::pow(cost, p) * (x.size() > 2 ? x[2].at({y}) : 1) / double(c);
        }
      }
      return out;
    };
    one.samples = {{values({3, 4}), indices({3}, 4)},
                   {values({2, 3}), indices({2}, 3), values({3}).between(0.5, 2).no_grad()},
                   {values({0, 3}), indices({0}, 3)}};
    one.large = {values({3000, 20}), indices({3000}, 20)};
    one.errors = {error<Error>("only p == 1 and p == 2 supported", [] {
      multi_margin_loss(zeros({1, 2}), zeros({1}, kLong), 3);
    })};
  }
  OpCase& several = rows.emplace_back();
  several.name = "multilabel_margin_loss";
  several.call = [](const variable_list& t) {
    return multilabel_margin_loss(t[0], t[1] - 1, kNone);
  };
  several.formula = [](const std::vector<Array>& x) {
    const int64_t n = x[0].size(0), c = x[0].size(1);
    Array out({n});
    for (int64_t i = 0; i < n; ++i) {
      std::vector<int64_t> labels;
      for (int64_t k = 0; k < c && x[1].at({i, k}) > 0; ++k) {
        labels.push_back(int64_t(x[1].at({i, k})) - 1);
      }
      for (int64_t label : labels) {
        for (int64_t k = 0; k < c; ++k) {
          if (std::count(labels.begin(), labels.end(), k)) continue;
          out.at({i}) += std::max(0.0, 1 - x[0].at({i, label}) + x[0].at({i, k})) / double(c);
        }
      }
    }
    return out;
  };
  several.samples = {{values({3, 4}), indices({3, 4}, 5)}, {values({0, 3}), indices({0, 3}, 4)}};
  several.large = {values({900, 12}), indices({900, 12}, 13)};
  several.errors = {error<Error>("inconsistent target size", [] {
    multilabel_margin_loss(zeros({1, 2}), zeros({1, 3}, kLong));
  })};
  OpCase& soft = rows.emplace_back();
  soft.name = "multilabel_soft_margin_loss";
  soft.call = [](const variable_list& t) {
    return multilabel_soft_margin_loss(t[0], t[1], t[2], kNone);
  };
  soft.formula = [](const std::vector<Array>& x) {
    auto loss = [](double a, double t, double w) {
      return w * (t * std::log1p(std::exp(-a)) + (1 - t) * std::log1p(std::exp(a)));
    };
    return reduce(map(x[0], x[1], x[2], loss), {-1}, false, [](const std::vector<double>& v) {
      double sum = 0;
      for (double a : v) sum += a;
      return sum / double(v.size());
    });
  };
  const Input weight = values({3}).between(0.5, 2).no_grad();
  soft.samples = {{values({2, 3}), values({2, 3}).between(0, 1), weight},
                  {values({0, 3}), values({0, 3}).between(0, 1), weight}};
  soft.large = {values({20000, 3}), values({20000, 3}).between(0, 1), weight};
  for (OpCase& row : rows) row.sums_in_memory_order = true;
  return rows;
}

}  // namespace

std::vector<OpCase> margin_cases() {
  std::vector<OpCase> rows;
  for (auto part : {pairs_of_elements, rows_of_embeddings, classes}) {
    for (OpCase& row : part()) {
      row.dtypes = {kFloat, kDouble};
      row.ulps = 32;
      row.magnitude = 4;
      row.finite_only = "choices and products with 0 hide what is no number";
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace adjoint::testing
