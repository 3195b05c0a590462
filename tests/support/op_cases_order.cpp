// SPDX-License-Identifier: MIT
// Rows of order statistics, sets, histograms.
#include <algorithm>
#include <cmath>
#include <map>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

using Line = std::vector<double>;
using Arrays = std::vector<Array>;

bool is_less(double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); }
Line sorted(Line line) {
  std::stable_sort(line.begin(), line.end(), is_less);
  return line;
}
bool is_same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
double first_place(const Line& line, double value) {
  size_t i = 0;
  while (!is_same(line[i], value)) ++i;
  return double(i);
}
double median_of(const Line& line) {
  for (double v : line) {
    if (std::isnan(v)) return v;
  }
  return sorted(line)[(line.size() - 1) / 2];
}
double mode_of(const Line& line) {
  double best = 0;
  int64_t most = 0;
  for (double v : sorted(line)) {
    const int64_t n = std::count(line.begin(), line.end(), v);
    if (n > most) {
      most = n;
      best = v;
    }
  }
  return most == 0 ? std::nan("") : best;
}

template <class Value, class Place>
Formula of_lines(int64_t dim, const Value& value, const Place& place) {
  return [=](const Arrays& x) {
    if (x[0].dim() == 0) return Arrays{x[0], Array(Sizes{})};
    return Arrays{reduce(x[0], {dim}, false, value),
                  reduce(x[0], {dim}, false, [=](const Line& l) { return place(l, value(l)); })};
  };
}

}  // namespace

std::vector<OpCase> order_cases() {
  std::vector<OpCase> rows;
  auto add = [&](const char* name) -> OpCase& {
    OpCase& row = rows.emplace_back();
    row.name = name;
    row.samples = {{values({3, 7}).distinct()},
                   {values({2, 6, 2}).distinct()},
                   {values({})},
                   {values({0, 3})}};
    row.large = {values({300, 140})};
    row.dtypes = kFloatsAndIntegers;
    row.gives = {Gives::Same, Gives::Long};
    return row;
  };
  OpCase& median_row = add("median.dim");
  median_row.call = [](const variable_list& t) { return median(t[0], t[0].dim() == 0 ? 0 : 1); };
  median_row.formula = of_lines(1, median_of, first_place);
  median_row.dtypes = kFloats;
  median_row.errors = {error<IndexError>("median(): Expected reduction dim 0 to have non-zero size",
                                         [] {
                                           median(zeros({0, 2}), 0);
                                         }),
                       error<Error>("selected number k out of range for dimension 0", [] {
                         kthvalue(zeros({3, 4}), 9, 0);
                       })};
  OpCase& whole = add("median");
  whole.call = [](const variable_list& t) { return median(t[0]); };
  whole.formula = [](const Arrays& x) {
    Array out(Sizes{}, std::nan(""));
    if (x[0].numel() != 0) out.values[0] = median_of(x[0].values);
    return out;
  };
  whole.dtypes = kFloats;
  whole.gives = {Gives::Same};
  OpCase& kth = add("kthvalue");
  kth.call = [](const variable_list& t) {
    return kthvalue(t[0], t[0].dim() == 0 ? 1 : 2, t[0].dim() == 0 ? 0 : 1);
  };
  kth.formula = of_lines(
      1, [](const Line& l) { return sorted(l)[1]; }, first_place);
  kth.dtypes = kFloats;
  OpCase& most = add("mode");
  most.call = [](const variable_list& t) { return mode(t[0], t[0].dim() == 0 ? 0 : 1); };
  auto last_place = [](const Line& line, double value) {
    size_t i = line.size() - 1;
    while (!is_same(line[i], value)) --i;
    return double(i);
  };
  most.formula = of_lines(1, mode_of, last_place);
  most.samples = {{values({3, 7}).rounded()}, {values({2, 9, 2}).rounded()}, {values({0, 3})}};
  most.finite_only = "NaNs are no value that could be the most frequent";
  most.differentiable = false;

  OpCase& different = add("_unique2");
  different.call = [](const variable_list& t) {
    auto [v, inverse, counts] = _unique2(t[0], true, true, true);
    return variable_list{v, inverse, counts};
  };
  different.formula = [](const Arrays& x) {
    std::map<double, double> found;
    for (double v : x[0].values) ++found[v];
    Line v, counts;
    for (const auto& [value, n] : found) {
      v.push_back(value);
      counts.push_back(n);
    }
    Array inverse = map(x[0], [&](double value) {
      return double(std::find(v.begin(), v.end(), value) - v.begin());
    });
    const Sizes sizes = {int64_t(v.size())};
    return Arrays{Array(sizes, v), inverse, Array(sizes, counts)};
  };
  different.samples = {{values({3, 7}).rounded()}, {values({20}).rounded()}, {values({0, 3})}};
  different.dtypes = kEveryDtype;
  different.gives = {Gives::Same, Gives::Long, Gives::Long};
  different.differentiable = false;
  different.finite_only = "a NaN equals nothing, not itself either";

  OpCase& slices = add("unique_dim");
  slices.call = [](const variable_list& t) {
    auto [v, inverse, counts] = unique_dim(t[0], 1, true, true, true);
    return variable_list{v, inverse, counts};
  };
  slices.formula = [](const Arrays& x) {
    std::vector<Line> columns;
    for (int64_t c = 0; c < x[0].sizes[1]; ++c) {
      Line column;
      for (int64_t r = 0; r < x[0].sizes[0]; ++r) column.push_back(x[0].at({r, c}));
      columns.push_back(column);
    }
    std::map<Line, double> found;
    for (const Line& column : columns) ++found[column];
    std::vector<Line> v;
    Line counts;
    for (const auto& [column, n] : found) {
      v.push_back(column);
      counts.push_back(n);
    }
    const int64_t count = int64_t(v.size());
    Array out({x[0].sizes[0], count}), inverse({x[0].sizes[1]});
    for_each_index(out.sizes,
                   [&](const Sizes& at) { out.at(at) = v[size_t(at[1])][size_t(at[0])]; });
    for (size_t c = 0; c < columns.size(); ++c) {
      inverse.values[c] = double(std::find(v.begin(), v.end(), columns[c]) - v.begin());
    }
    return Arrays{out, inverse, Array({count}, counts)};
  };
  slices.samples = {{values({2, 9}).rounded()}, {values({1, 6}).rounded()}, {values({2, 0})}};
  slices.large = {values({3, 3000}).rounded()};
  slices.dtypes = kEveryDtype;
  slices.gives = {Gives::Same, Gives::Long, Gives::Long};
  slices.differentiable = false;
  slices.finite_only = "a NaN equals nothing, not itself either";

  for (bool right : {false, true}) {
    OpCase& search = add(right ? "searchsorted.right" : "searchsorted");
    search.call = [=](const variable_list& t) {
      return searchsorted(std::get<0>(sort(t[0])), t[1], false, right);
    };
    search.formula = [=](const Arrays& x) {
      Array out(x[1].sizes);
      for_each_index(x[1].sizes, [&](const Sizes& at) {
        Line line = x[0].values;
        if (x[0].dim() == 2)
          line.assign(x[0].values.begin() + at[0] * x[0].sizes[1],
                      x[0].values.begin() + (at[0] + 1) * x[0].sizes[1]);
        line = sorted(line);
        const double v = x[1].at(at);
        auto place = right ? std::upper_bound(line.begin(), line.end(), v, is_less)
                           : std::lower_bound(line.begin(), line.end(), v, is_less);
        out.at(at) = double(place - line.begin());
      });
      return out;
    };
    search.samples = {{values({7}).rounded(), values({2, 5}).rounded()},
                      {values({2, 6}).rounded(), values({2, 3}).rounded()},
                      {values({1}), values({})},
                      {values({0}), values({3})},
                      {values({4}), values({0})}};
    search.large = {values({3000}), values({300, 140})};
    search.gives = {Gives::Long};
    search.differentiable = false;
  }
  rows.back().errors = {
      error<Error>("boundaries tensor should be 1 dimension or the first N-1 dimensions",
                   [] {
                     searchsorted(zeros({2, 3}), zeros({3, 2}));
                   }),
      error<Error>("boundaries tensor must be 1 dimension, but got dim(2)", [] {
        bucketize(zeros({2}), zeros({1, 3}));
      })};

  OpCase& member = add("isin");
  member.call = [](const variable_list& t) { return isin(t[0], t[1]); };
  member.formula = [](const Arrays& x) {
    return map(x[0], [&](double v) {
      return double(std::count(x[1].values.begin(), x[1].values.end(), v) > 0);
    });
  };
  member.samples = {{values({3, 7}).rounded(), values({4}).rounded()},
                    {values({3}), values({0})},
                    {values({0}), values({3})}};
  member.large = {values({300, 140}).rounded(), values({100}).rounded()};
  member.gives = {Gives::Bool};
  member.differentiable = false;

  OpCase& counted = add("bincount");
  counted.call = [](const variable_list& t) { return bincount(t[0], t[1], 3); };
  counted.formula = [](const Arrays& x) {
    int64_t n = 3;
    for (double v : x[0].values) n = std::max(n, int64_t(v) + 1);
    Array out({n});
    for (size_t i = 0; i < x[0].values.size(); ++i) {
      out.values[size_t(x[0].values[i])] += x[1].values[i];
    }
    return out;
  };
  counted.samples = {{indices({12}, 6), values({12}).no_grad()},
                     {indices({0}, 6), values({0}).no_grad()}};
  counted.large = {indices({70000}, 60), values({70000}).no_grad()};
  counted.dtypes = {kFloat, kDouble};
  counted.gives = {Gives::Same};
  counted.magnitude = 8;
  counted.differentiable = false;
  counted.errors = {
      error<Error>("bincount only supports 1-d non-negative integral inputs",
                   [] { bincount(tensor({-1})); }),
      error<Error>("weights should be 1-d and have the same length as input",
                   [] { bincount(tensor({1}), zeros({2})); }),
      error<Error>("bins must be > 0", [] { histc(zeros({3}), 0); }),
      error<Error>("max must be larger than min", [] { histc(zeros({3}), 3, 2, 1); })};

  OpCase& histogram = add("histc");
  histogram.call = [](const variable_list& t) { return histc(t[0], 4, -1, 1); };
  histogram.formula = [](const Arrays& x) {
    Array out({4});
    for (double v : x[0].values) {
      if (v >= -1 && v <= 1) ++out.values[size_t(std::min(3.0, (v + 1) * 2))];
    }
    return out;
  };
  histogram.samples = {{values({3, 7}).rounded()}, {values({30}).rounded()}, {values({0})}};
  histogram.dtypes = kFloats;
  histogram.gives = {Gives::Same};
  histogram.magnitude = 16;
  histogram.differentiable = false;
  return rows;
}

}  // namespace adjoint::testing
