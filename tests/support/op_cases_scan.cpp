// SPDX-License-Identifier: MIT
// Rows of scans along a dimension.
#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

using Line = std::vector<double>;

template <class Step>
Line running(Line x, const Step& step) {
  for (size_t i = 1; i < x.size(); ++i) x[i] = step(x[i - 1], x[i]);
  return x;
}
Line running_sum(const Line& x) {
  return running(x, [](double a, double b) { return a + b; });
}
Line running_product(const Line& x) {
  return running(x, [](double a, double b) { return a * b; });
}
Line running_log_sum(const Line& x) {
  Line out;
  for (size_t n = 1; n <= x.size(); ++n) {
    const double top = *std::max_element(x.begin(), x.begin() + int64_t(n));
    double sum = 0;
    bool has_nan = false;
    for (size_t i = 0; i < n; ++i) {
      sum += std::exp(x[i] - top);
      has_nan |= std::isnan(x[i]);
    }
    out.push_back(has_nan ? std::nan("") : std::isinf(top) ? top : top + std::log(sum));
  }
  return out;
}
/// Where the extremum so far is: the last of equal ones, or the last NaN.
Line running_place(const Line& x, bool largest) {
  Line out;
  size_t best = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const bool better = largest ? x[i] >= x[best] : x[i] <= x[best];
    if (std::isnan(x[i]) || better) best = i;
    out.push_back(double(best));
  }
  return out;
}

template <class F>
Array scanned(const Array& x, int64_t dim, const F& f) {
  return x.dim() == 0 ? x : along(x, dim, f);
}

OpCase scan_row(const char* name, int64_t dim) {
  OpCase row;
  row.name = name;
  row.samples = {{values({6})},     {values({3, 4})},  {values({2, 3, 2})},
                 {values({0, 3})},  {values({3, 0})},  {values({})},
                 {values({2, 40})}, {values({40, 2})}, {values({20, 1, 3})}};
  row.large = {dim == 0 ? values({90, 1200}) : values({1200, 90})};
  return row;
}

}  // namespace

std::vector<OpCase> scan_cases() {
  std::vector<OpCase> rows;
  for (int64_t dim : {-1, 0}) {
    const std::string form = dim == 0 ? ".first_dim" : "";
    OpCase& sum = rows.emplace_back(scan_row("cumsum", dim));
    sum.name += form;
    sum.call = [=](const variable_list& t) { return cumsum(t[0], dim); };
    sum.formula = [=](const std::vector<Array>& x) { return scanned(x[0], dim, running_sum); };
    sum.dtypes = kEveryDtype;
    sum.gives = {Gives::Sum};
    sum.magnitude = 16;

    OpCase& product = rows.emplace_back(scan_row("cumprod", dim));
    product.name += form;
    product.call = [=](const variable_list& t) { return cumprod(t[0], dim); };
    product.formula = [=](const std::vector<Array>& x) {
      return scanned(x[0], dim, running_product);
    };
    for (Inputs& sample : product.samples) sample[0] = sample[0].between(-1.3, 1.3);
    product.large[0] = product.large[0].between(0.9, 1.1);
    product.dtypes = kEveryDtype;
    product.gives = {Gives::Sum};
    product.ulps = 24;
    product.half_ulps = 8;
    product.third_order = dim == 0;

    OpCase& log_sum = rows.emplace_back(scan_row("logcumsumexp", dim));
    log_sum.name += form;
    log_sum.call = [=](const variable_list& t) { return logcumsumexp(t[0], dim); };
    log_sum.formula = [=](const std::vector<Array>& x) {
      return scanned(x[0], dim, running_log_sum);
    };
    log_sum.magnitude = 8;
    log_sum.ulps = 16;

    for (bool largest : {true, false}) {
      OpCase& extremum = rows.emplace_back(scan_row(largest ? "cummax" : "cummin", dim));
      extremum.name += form;
      extremum.call = [=](const variable_list& t) {
        return largest ? cummax(t[0], dim) : cummin(t[0], dim);
      };
      extremum.formula = [=](const std::vector<Array>& x) {
        if (x[0].dim() == 0) return std::vector<Array>{x[0], Array(Sizes{})};
        auto places = [=](const Line& line) { return running_place(line, largest); };
        auto of = [=](const Line& line) {
          Line out = places(line);
          for (double& v : out) v = line[size_t(v)];
          return out;
        };
        return std::vector<Array>{along(x[0], dim, of), along(x[0], dim, places)};
      };
      for (Inputs& sample : extremum.samples) sample[0] = sample[0].distinct();
      extremum.dtypes = kEveryDtype;
      extremum.gives = {Gives::Same, Gives::Long};
    }
  }
  rows[0].errors = {
      error<IndexError>("Dimension out of range (expected to be in range of [-2, 1], but got 3)",
                        [] {
                          cumsum(zeros({2, 2}), 3);
                        }),
      error<NotImplementedError>("logcumsumexp\" not implemented for",
                                 [] { logcumsumexp(ones({2}, kLong), 0); })};
  return rows;
}

}  // namespace adjoint::testing
