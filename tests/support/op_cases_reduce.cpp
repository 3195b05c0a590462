// SPDX-License-Identifier: MIT
// Rows of reductions: over everything, over some dimensions, with and without keepdim.
#include <algorithm>
#include <cmath>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

using Values = std::vector<double>;

double total(const Values& v) {
  double sum = 0;
  for (double x : v) sum += x;
  return sum;
}
double product(const Values& v) {
  double out = 1;
  for (double x : v) out *= x;
  return out;
}
double average(const Values& v) { return total(v) / double(v.size()); }
double first_nan_or(const Values& v, double otherwise) {
  for (double x : v) {
    if (std::isnan(x)) return x;
  }
  return otherwise;
}
double largest(const Values& v) { return first_nan_or(v, *std::max_element(v.begin(), v.end())); }
double smallest(const Values& v) { return first_nan_or(v, *std::min_element(v.begin(), v.end())); }
double position(const Values& v, double of) {
  for (size_t i = 0; i < v.size(); ++i) {
    if (v[i] == of || (std::isnan(of) && std::isnan(v[i]))) return double(i);
  }
  return -1;
}
double index_of_largest(const Values& v) { return position(v, largest(v)); }
double index_of_smallest(const Values& v) { return position(v, smallest(v)); }
double log_sum_exp(const Values& v) {
  if (v.empty()) return -INFINITY;
  double high = largest(v), sum = 0;
  if (std::isinf(high)) return high;
  for (double x : v) sum += std::exp(x - high);
  return high + std::log(sum);
}
std::function<double(const Values&)> norm_of(double p) {
  return [p](const Values& v) {
    double sum = 0;
    for (double x : v) {
      if (p == INFINITY) {
        sum = std::isnan(sum) || std::isnan(x) ? NAN : std::max(sum, std::abs(x));
      } else {
        sum += p == 0 ? double(x != 0) : std::pow(std::abs(x), p);
      }
    }
    return p == 0 || p == INFINITY ? sum : std::pow(sum, 1 / p);
  };
}

const Sizes kSomeDims{0, -1};

/// Over all dimensions.
OpCase full_row(const char* name, Tensor (*call)(const Tensor&),
                std::function<double(const Values&)> f, const Input& like = values({})) {
  OpCase row{
      .name = name,
      .call = [=](const variable_list& t) { return call(t[0]); },
      .formula =
          [=](const std::vector<Array>& x) { return reduce(x[0], all_dims(x[0]), false, f); },
      .samples = unary_samples(like),
      .ulps = 8};
  Input large = like;
  large.sizes = {33, 2131};
  row.large = {large};
  return row;
}

/// Over some: `call(t, dims, keepdim)`.
template <class F>
OpCase dims_row(const char* name, F call, std::function<double(const Values&)> f, Sizes dims,
                bool keepdim, const Input& like = values({})) {
  OpCase row{.name = name,
             .call = [=](const variable_list& t) { return call(t[0], dims, keepdim); },
             .formula = [=](const std::vector<Array>& x) { return reduce(x[0], dims, keepdim, f); },
             .ulps = 8};
  for (const Sizes& sizes : {Sizes{2, 3}, Sizes{4, 2, 3}, Sizes{2, 3, 2, 2}, Sizes{2, 0, 3},
                             Sizes{1, 5}, Sizes{17, 9}}) {
    Input input = like;
    input.sizes = sizes;
    row.samples.push_back({input});
  }
  Input large = like;
  large.sizes = {35, 2, 1021};
  row.large = {large};
  return row;
}

void without_empty(OpCase& row, const char* reason) {
  row.never_empty = reason;
  std::erase_if(row.samples, [](const Inputs& sample) { return numel_of(sample[0].sizes) == 0; });
}

std::vector<OpCase> sum_cases() {
  std::vector<OpCase> rows;
  rows.push_back(full_row(
      "sum", [](const Tensor& t) { return sum(t); }, total));
  rows.back().dtypes = kEveryDtype;
  rows.back().gives = {Gives::Sum};
  rows.back().magnitude = 16;
  rows.back().third_order = true;
  auto sum_dims = [](const Tensor& t, const Sizes& dims, bool keepdim) {
    return sum(t, dims, keepdim);
  };
  rows.push_back(dims_row("sum.dims", sum_dims, total, kSomeDims, false));
  rows.back().magnitude = 16;
  rows.back().errors = {
      error<IndexError>("Dimension out of range (expected to be in range of [-2, 1], but got 2)",
                        [] {
                          sum(zeros({2, 3}), {2});
                        }),
      error<Error>("dim 0 appears multiple times in the list of dims", [] {
        sum(zeros({2, 3}), {0, -2});
      })};
  rows.push_back(dims_row("sum.keepdim", sum_dims, total, {1}, true));
  rows.back().magnitude = 16;
  rows.push_back(dims_row("sum.first", sum_dims, total, {0}, false));
  rows.back().magnitude = 16;
  rows.push_back(full_row(
      "sum.dtype", [](const Tensor& t) { return sum(t, kDouble); }, total));
  rows.back().gives = {Gives::Double};

  rows.push_back(dims_row(
      "nansum", [](const Tensor& t, const Sizes& d, bool k) { return nansum(t, d, k); },
      [](const Values& v) {
        double sum = 0;
        for (double x : v) sum += std::isnan(x) ? 0 : x;
        return sum;
      },
      {1}, true));
  rows.back().magnitude = 16;
  OpCase& moments = rows.emplace_back(full_row(
      "var_mean", [](const Tensor& t) { return t; }, average));
  moments.call = [](const variable_list& t) { return var_mean(t[0], false); };
  moments.formula = [](const std::vector<Array>& x) {
    auto variance = [](const Values& v) {
      const double middle = average(v);
      double sum = 0;
      for (double y : v) sum += (y - middle) * (y - middle);
      return sum / double(v.size());
    };
    return std::vector<Array>{reduce(x[0], all_dims(x[0]), false, variance),
                              reduce(x[0], all_dims(x[0]), false, average)};
  };
  moments.magnitude = 8;
  moments.half_ulps = 4;
  without_empty(moments, "the mean of nothing is no number");

  rows.push_back(full_row(
      "mean", [](const Tensor& t) { return mean(t); }, average));
  rows.back().errors = {
      error<TypeError>("mean(): could not infer output dtype", [] { mean(zeros({2}, kLong)); })};
  auto mean_dims = [](const Tensor& t, const Sizes& dims, bool keepdim) {
    return mean(t, dims, keepdim);
  };
  rows.push_back(dims_row("mean.dims", mean_dims, average, kSomeDims, false));
  rows.push_back(dims_row("mean.keepdim", mean_dims, average, {1}, true));

  const Input near_one = values({}).between(0.6, 1.5);
  rows.push_back(full_row(
      "prod", [](const Tensor& t) { return prod(t); }, product, near_one));
  rows.back().dtypes = kFloatsAndIntegers;
  rows.back().gives = {Gives::Sum};
  rows.back().magnitude = 16;
  rows.push_back(dims_row(
      "prod.dim", [](const Tensor& t, const Sizes& d, bool k) { return prod(t, d[0], k); }, product,
      {1}, true, near_one));
  rows.back().magnitude = 16;
  // Some elements are zero.
  rows.push_back(dims_row(
      "prod.zeros", [](const Tensor& t, const Sizes& d, bool k) { return prod(t * 2, d[0], k); },
      [](const Values& v) { return product(v) * std::pow(2, double(v.size())); }, {0}, false,
      values({}).between(-0.6, 1.2).rounded()));
  rows.back().magnitude = 16;

  rows.push_back(full_row(
      "all", [](const Tensor& t) { return all(t); },
      [](const Values& v) {
        return double(std::all_of(v.begin(), v.end(), [](double x) { return x != 0; }));
      }));
  rows.push_back(full_row(
      "any", [](const Tensor& t) { return any(t); },
      [](const Values& v) {
        return double(std::any_of(v.begin(), v.end(), [](double x) { return x != 0; }));
      }));
  rows.push_back(dims_row(
      "all.dim", [](const Tensor& t, const Sizes& d, bool k) { return all(t, d[0], k); },
      [](const Values& v) {
        return double(std::all_of(v.begin(), v.end(), [](double x) { return x != 0; }));
      },
      {1}, true, values({}).rounded()));
  rows.push_back(dims_row(
      "any.dim", [](const Tensor& t, const Sizes& d, bool k) { return any(t, d[0], k); },
      [](const Values& v) {
        return double(std::any_of(v.begin(), v.end(), [](double x) { return x != 0; }));
      },
      {-1}, false, values({}).rounded()));
  for (size_t i = rows.size() - 4; i < rows.size(); ++i) {
    rows[i].dtypes = kEveryDtype;
    rows[i].gives = {Gives::Truth};
    rows[i].differentiable = false;
  }
  return rows;
}

using ExtremumByDim = std::tuple<Tensor, Tensor> (*)(const Tensor&, int64_t, bool);
OpCase extremum_by_dim(const char* name, ExtremumByDim call, double (*f)(const Values&),
                       double (*index)(const Values&), int64_t dim, bool keepdim) {
  OpCase row = dims_row(
      name, [](const Tensor& t, const Sizes&, bool) { return t; }, f, {dim}, keepdim,
      values({}).distinct());
  row.call = [=](const variable_list& t) { return call(t[0], dim, keepdim); };
  row.formula = [=](const std::vector<Array>& x) {
    return std::vector<Array>{reduce(x[0], {dim}, keepdim, f), reduce(x[0], {dim}, keepdim, index)};
  };
  row.gives = {Gives::Same, Gives::Long};
  row.dtypes = kEveryDtype;
  row.samples.push_back({values({0, 4})});
  std::erase_if(row.samples, [=](const Inputs& sample) {
    const Sizes& s = sample[0].sizes;
    return s[size_t(dim < 0 ? dim + int64_t(s.size()) : dim)] == 0;
  });
  if (dim == 0) row.samples.push_back({values({3, 0})});
  row.errors = {error<IndexError>("to have non-zero size",
                                  [=] {
                                    Sizes sizes{2, 2};
                                    sizes[dim == 0 ? 0 : 1] = 0;
                                    call(zeros(sizes), dim, false);
                                  }),
                error<IndexError>("Dimension out of range", [=] {
                  call(zeros({2, 3}), 2, false);
                })};
  return row;
}

std::vector<OpCase> extremum_cases() {
  std::vector<OpCase> rows;
  const Input distinct = values({}).distinct();
  const char* no_neutral = "there is no extremum of nothing";
  rows.push_back(full_row(
      "max", [](const Tensor& t) { return max(t); }, largest, distinct));
  rows.back().dtypes = kEveryDtype;
  rows.back().errors = {error<Error>("", [] { max(zeros({0})); })};
  without_empty(rows.back(), no_neutral);
  rows.push_back(full_row(
      "min", [](const Tensor& t) { return min(t); }, smallest, distinct));
  rows.back().dtypes = kEveryDtype;
  rows.back().errors = {error<Error>("", [] { min(zeros({0})); })};
  without_empty(rows.back(), no_neutral);
  rows.push_back(extremum_by_dim("max_dim", max, largest, index_of_largest, 1, false));
  rows.push_back(extremum_by_dim("max_dim.keepdim", max, largest, index_of_largest, 0, true));
  rows.push_back(extremum_by_dim("min_dim", min, smallest, index_of_smallest, -1, false));
  rows.push_back(extremum_by_dim("min_dim.keepdim", min, smallest, index_of_smallest, 0, true));

  auto over = [](auto f) {
    return [f](const Tensor& t, const Sizes& d, bool k) { return f(t, d, k); };
  };
  rows.push_back(dims_row("max.amax", over(amax), largest, kSomeDims, true, distinct));
  rows.push_back(dims_row("max.amax_last", over(amax), largest, {-1}, false, distinct));
  rows.push_back(dims_row("min.amin", over(amin), smallest, kSomeDims, false, distinct));
  for (size_t i = rows.size() - 3; i < rows.size(); ++i) {
    rows[i].dtypes = kEveryDtype;
    rows[i].errors = {
        error<Error>("amax(): Expected reduction dim to be specified for input.numel() == 0",
                     [] { amax(zeros({0})); }),
        error<IndexError>("amin(): Expected reduction dim 0 to have non-zero size",
                          [] {
                            amin(zeros({0, 2}), 0);
                          }),
        error<Error>("aminmax(): cannot compute aminmax over an empty dimension",
                     [] { aminmax(zeros({0})); })};
  }
  OpCase& both = rows.emplace_back(full_row(
      "aminmax", [](const Tensor& t) { return t; }, largest, distinct));
  both.call = [](const variable_list& t) { return aminmax(t[0]); };
  both.formula = [](const std::vector<Array>& x) {
    return std::vector<Array>{reduce(x[0], all_dims(x[0]), false, smallest),
                              reduce(x[0], all_dims(x[0]), false, largest)};
  };
  without_empty(both, no_neutral);

  const Input ties = values({}).rounded();
  rows.push_back(full_row(
      "argmax", [](const Tensor& t) { return argmax(t); }, index_of_largest, ties));
  without_empty(rows.back(), no_neutral);
  rows.push_back(full_row(
      "argmin", [](const Tensor& t) { return argmin(t); }, index_of_smallest, ties));
  without_empty(rows.back(), no_neutral);
  rows.push_back(dims_row(
      "argmax.dim", [](const Tensor& t, const Sizes& d, bool k) { return argmax(t, d[0], k); },
      index_of_largest, {1}, true, ties));
  without_empty(rows.back(), no_neutral);
  rows.push_back(dims_row(
      "argmin.dim", [](const Tensor& t, const Sizes& d, bool k) { return argmin(t, d[0], k); },
      index_of_smallest, {0}, false, ties));
  without_empty(rows.back(), no_neutral);
  for (size_t i = rows.size() - 4; i < rows.size(); ++i) {
    rows[i].dtypes = kFloatsAndIntegers;
    rows[i].gives = {Gives::Long};
    rows[i].differentiable = false;
  }
  return rows;
}

std::vector<OpCase> norm_cases() {
  std::vector<OpCase> rows;
  // Not around 0, where norms have a kink: alone, a value is in the middle.
  const Input apart = values({}).between(-1.5, 2).distinct();
  rows.push_back(full_row(
      "norm", [](const Tensor& t) { return norm(t); }, norm_of(2), apart));
  rows.back().magnitude = 16;
  struct {
    const char* name;
    double p;
  } const orders[] = {{"norm.1", 1}, {"norm.3", 3}, {"norm.inf", INFINITY}, {"norm.0", 0}};
  for (const auto& order : orders) {
    double p = order.p;
    // Distinct magnitudes too: the infinity norm has a kink where two are equal.
    rows.push_back(dims_row(
        order.name, [=](const Tensor& t, const Sizes& d, bool k) { return norm(t, p, d, k); },
        norm_of(p), {1}, p == 1, values({}).between(0.1, 4).distinct()));
    rows.back().magnitude = 32;
    if (p == INFINITY) without_empty(rows.back(), "the largest of nothing");
  }
  rows.push_back(dims_row(
      "norm.dims", [](const Tensor& t, const Sizes& d, bool k) { return norm(t, 2, d, k); },
      norm_of(2), kSomeDims, false, apart));
  rows.back().magnitude = 16;

  auto by_dims = [](const Tensor& t, const Sizes& d, bool k) { return logsumexp(t, d, k); };
  rows.push_back(dims_row("logsumexp", by_dims, log_sum_exp, {1}, false));
  rows.back().third_order = true;
  rows.push_back(dims_row("logsumexp.keepdim", by_dims, log_sum_exp, {-1}, true));
  rows.push_back(dims_row("logsumexp.dims", by_dims, log_sum_exp, kSomeDims, false));
  for (size_t i = rows.size() - 3; i < rows.size(); ++i) {
    rows[i].half_ulps = 4;
    rows[i].magnitude = 4;
  }

  OpCase& fold = rows.emplace_back();
  fold.name = "sum.to_size";
  fold.call = [](const variable_list& t) { return sum_to_size(t[0], {3, 1}); };
  fold.formula = [](const std::vector<Array>& x) {
    Array kept = reduce(x[0], {-1}, true, total);
    while (kept.dim() > 2) kept = reduce(kept, {0}, false, total);
    return kept;
  };
  fold.samples = {{values({3, 4})}, {values({2, 3, 4})}, {values({3, 0})}, {values({2, 2, 3, 2})}};
  fold.large = {values({70, 3, 400})};
  fold.magnitude = 16;
  fold.errors = {error<Error>("expandable", [] { sum_to_size(zeros({2, 3}), {2, 2}); })};
  return rows;
}

}  // namespace

std::vector<OpCase> reduce_cases() {
  std::vector<OpCase> rows = sum_cases();
  for (auto part : {extremum_cases, norm_cases}) {
    for (OpCase& row : part()) rows.push_back(std::move(row));
  }
  for (OpCase& row : rows) {
    row.sums_in_memory_order = row.op() == "sum" || row.op() == "nansum" ||
                               row.op() == "var_mean" || row.op() == "prod" || row.op() == "mean" ||
                               row.op() == "norm";
  }
  return rows;
}

}  // namespace adjoint::testing
