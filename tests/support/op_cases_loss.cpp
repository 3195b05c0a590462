// SPDX-License-Identifier: MIT
// Rows of the losses.
#include <cmath>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

double total(const std::vector<double>& v) {
  double sum = 0;
  for (double x : v) sum += x;
  return sum;
}

Array reduced(const Array& losses, Reduction reduction, double weight) {
  if (reduction == Reduction::None) return losses;
  double sum = total(losses.values);
  return Array({}, {reduction == Reduction::Mean ? sum / weight : sum});
}

const char* name_of(Reduction reduction) {
  return reduction == Reduction::None ? "none" : reduction == Reduction::Mean ? "mean" : "sum";
}

constexpr Reduction kReductions[] = {Reduction::Mean, Reduction::Sum, Reduction::None};

Array log_softmax_by_class(const Array& x) {
  return along(x, x.dim() == 1 ? 0 : 1, [](const std::vector<double>& v) {
    double high = -INFINITY, sum = 0;
    for (double a : v) high = std::isnan(a) || a > high ? a : high;
    for (double a : v) sum += std::exp(a - high);
    std::vector<double> out;
    for (double a : v) out.push_back(a - high - std::log(sum));
    return out;
  });
}

struct Classes {
  Reduction reduction = Reduction::Mean;
  const Array* weight = nullptr;
  int64_t ignored = -100;
  double smoothing = 0;
};

/// For log-probabilities [n, c, *] (or [c]) and classes [n, *] (or one).
Array class_loss(const Array& log_probs, const Array& target, const Classes& options) {
  int64_t dim = log_probs.dim() == 1 ? 0 : 1, c = log_probs.size(dim);
  Array losses(target.sizes);
  double weights = 0;
  for_each_index(target.sizes, [&](const Sizes& at) {
    int64_t label = int64_t(target.at(at));
    if (label == options.ignored) return;
    Sizes from = at;
    from.insert(from.begin() + dim, label);
    auto weight_of = [&](int64_t k) {
      return options.weight ? options.weight->values[size_t(k)] : 1;
    };
    double loss = -(1 - options.smoothing) * weight_of(label) * log_probs.at(from);
    for (int64_t k = 0; options.smoothing != 0 && k < c; ++k) {
      from[size_t(dim)] = k;
      loss -= options.smoothing / double(c) * weight_of(k) * log_probs.at(from);
    }
    losses.at(at) = loss;
    weights += weight_of(label);
  });
  return reduced(losses, options.reduction, weights);
}

std::vector<OpCase> squared_cases() {
  std::vector<OpCase> rows;
  for (Reduction reduction : kReductions) {
    OpCase& row = rows.emplace_back();
    row.name = std::string("mse_loss") + (reduction == Reduction::Mean ? "" : ".") +
               (reduction == Reduction::Mean ? "" : name_of(reduction));
    row.call = [=](const variable_list& t) { return mse_loss(t[0], t[1], reduction); };
    row.formula = [=](const std::vector<Array>& x) {
      Array losses = map(x[0], x[1], [](double a, double b) { return (a - b) * (a - b); });
      return reduced(losses, reduction, double(losses.numel()));
    };
    row.samples = {{values({3, 2}), values({3, 2})},
                   {values({}), values({})},
                   {values({0}), values({0})},
                   {values({7, 9}), values({7, 9})}};
    row.large = {values({67, 1051}), values({67, 1051})};
    row.ulps = 8;
    row.half_ulps = 4;
    row.magnitude = reduction == Reduction::Sum ? 64 : 16;
    row.sums_in_memory_order = reduction != Reduction::None;
  }
  rows[0].errors = {error<Error>("must match", [] { mse_loss(zeros({2}), zeros({3})); })};
  return rows;
}

std::vector<OpCase> class_cases() {
  std::vector<OpCase> rows;
  for (bool logits : {false, true}) {
    for (Reduction reduction : kReductions) {
      OpCase& row = rows.emplace_back();
      row.name = std::string(logits ? "cross_entropy" : "nll_loss") +
                 (reduction == Reduction::Mean ? "" : "." + std::string(name_of(reduction)));
      row.call = [=](const variable_list& t) {
        return logits ? cross_entropy(t[0], t[1], {}, reduction)
                      : nll_loss(t[0], t[1], {}, reduction);
      };
      row.formula = [=](const std::vector<Array>& x) {
        return class_loss(logits ? log_softmax_by_class(x[0]) : x[0], x[1], {reduction});
      };
      row.samples = {{values({3, 4}), indices({3}, 4)},
                     {values({5}), indices({}, 5)},
                     {values({2, 3, 2}), indices({2, 2}, 3)},
                     {values({0, 3}), indices({0}, 3)},
                     {values({32, 10}), indices({32}, 10)}};
      row.large = {values({900, 90}), indices({900}, 90)};
      row.ulps = 8;
      row.half_ulps = 4;
      row.magnitude = reduction == Reduction::Sum ? 64 : 8;
    }
  }
  auto bad_target = [](int64_t label) { return tensor({label, int64_t(0)}); };
  rows[0].errors = {error<IndexError>("Target 3 is out of bounds",
                                      [=] {
                                        nll_loss(zeros({2, 3}), bad_target(3));
                                      }),
                    error<IndexError>("Target -1 is out of bounds",
                                      [=] {
                                        nll_loss(zeros({2, 3}), bad_target(-1));
                                      }),
                    error<Error>("",
                                 [=] {
                                   nll_loss(zeros({3, 3}), bad_target(0));
                                 }),
                    error<Error>("", [=] {
                      nll_loss(zeros({2, 3}), bad_target(0), zeros({2}));
                    })};
  rows[3].errors = {error<IndexError>("out of bounds",
                                      [=] {
                                        cross_entropy(zeros({2, 3}), bad_target(3));
                                      }),
                    error<Error>("label_smoothing", [=] {
                      cross_entropy(zeros({2, 3}), bad_target(0), {}, Reduction::Mean, -100, 1.5);
                    })};

  // Class weights and a class that counts nothing.
  const Input weight = values({4}).between(0.5, 2).no_grad();
  for (bool logits : {false, true}) {
    OpCase& row = rows.emplace_back();
    row.name = logits ? "cross_entropy.weighted" : "nll_loss.weighted";
    row.call = [=](const variable_list& t) {
      return logits ? cross_entropy(t[0], t[1], t[2], Reduction::Mean, 1)
                    : nll_loss(t[0], t[1], t[2], Reduction::Mean, 1);
    };
    row.formula = [=](const std::vector<Array>& x) {
      return class_loss(logits ? log_softmax_by_class(x[0]) : x[0], x[1],
                        {Reduction::Mean, &x[2], 1});
    };
    row.samples = {{values({9, 4}), indices({9}, 4), weight},
                   {values({3, 4, 2}), indices({3, 2}, 4), weight},
                   {values({0, 4}), indices({0}, 4), weight}};
    row.large = {values({9000, 4}), indices({9000}, 4), weight};
    row.ulps = 8;
    row.half_ulps = 4;
    row.magnitude = 8;
  }
  OpCase& smooth = rows.emplace_back(rows.back());
  smooth.name = "cross_entropy.smoothed";
  smooth.call = [](const variable_list& t) {
    return cross_entropy(t[0], t[1], t[2], Reduction::Mean, -100, 0.1);
  };
  smooth.formula = [](const std::vector<Array>& x) {
    return class_loss(log_softmax_by_class(x[0]), x[1], {Reduction::Mean, &x[2], -100, 0.1});
  };
  OpCase& soft = rows.emplace_back();
  soft.name = "soft_cross_entropy";
  soft.call = [](const variable_list& t) { return cross_entropy(t[0], t[1]); };
  soft.formula = [](const std::vector<Array>& x) {
    Array products =
        map(log_softmax_by_class(x[0]), x[1], [](double a, double p) { return -a * p; });
    return Array({}, {total(products.values) / double(x[0].sizes[0])});
  };
  soft.samples = {{values({3, 4}), values({3, 4}).between(0, 1)},
                  {values({0, 4}), values({0, 4}).between(0, 1)}};
  soft.large = {values({900, 90}), values({900, 90}).between(0, 1)};
  soft.ulps = 8;
  soft.half_ulps = 6;
  soft.magnitude = 16;
  return rows;
}

std::vector<OpCase> binary_cross_entropy_cases() {
  std::vector<OpCase> rows;
  auto loss = [](double x, double t, double positive) {
    auto softplus = [](double v) { return std::fmax(v, 0) + std::log1p(std::exp(-std::abs(v))); };
    return positive * t * softplus(-x) + (1 - t) * softplus(x);
  };
  for (Reduction reduction : kReductions) {
    OpCase& row = rows.emplace_back();
    row.name = std::string("binary_cross_entropy_with_logits") +
               (reduction == Reduction::Mean ? "" : "." + std::string(name_of(reduction)));
    row.call = [=](const variable_list& t) {
      return binary_cross_entropy_with_logits(t[0], t[1], {}, {}, reduction);
    };
    row.formula = [=](const std::vector<Array>& x) {
      Array losses = map(x[0], x[1], [=](double a, double t) { return loss(a, t, 1); });
      return reduced(losses, reduction, double(losses.numel()));
    };
    const Input target = values({}).between(0, 1);
    for (const Sizes& sizes : {Sizes{3, 2}, Sizes{}, Sizes{0}, Sizes{7, 9}}) {
      Inputs sample{values(sizes), target};
      sample[1].sizes = sizes;
      row.samples.push_back(sample);
    }
    row.large = {values({67, 1051}), values({67, 1051}).between(0, 1)};
    row.ulps = 8;
    row.half_ulps = 4;
    row.magnitude = reduction == Reduction::Sum ? 64 : 8;
    row.finite_only =
        "the sum of two infinite terms, which the forms of the formula add differently";
  }
  rows[0].errors = {
      error<Error>("", [] { binary_cross_entropy_with_logits(zeros({2}), zeros({3})); })};
  OpCase& weighted = rows.emplace_back(rows[0]);
  weighted.name = "binary_cross_entropy_with_logits.weighted";
  weighted.call = [](const variable_list& t) {
    return binary_cross_entropy_with_logits(t[0], t[1], t[2], t[3]);
  };
  weighted.formula = [=](const std::vector<Array>& x) {
    Array losses = map(x[0], x[1], x[3], loss);
    losses = map(losses, x[2], [](double l, double w) { return l * w; });
    return reduced(losses, Reduction::Mean, double(losses.numel()));
  };
  const Input weight = values({3}).between(0.5, 2).no_grad();
  weighted.samples = {{values({2, 3}), values({2, 3}).between(0, 1), weight, weight},
                      {values({0, 3}), values({0, 3}).between(0, 1), weight, weight}};
  weighted.large = {values({24'000, 3}), values({24'000, 3}).between(0, 1), weight, weight};
  weighted.errors.clear();
  return rows;
}

}  // namespace

std::vector<OpCase> loss_cases() {
  std::vector<OpCase> rows = squared_cases();
  for (auto part : {class_cases, binary_cross_entropy_cases}) {
    for (OpCase& row : part()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace adjoint::testing
