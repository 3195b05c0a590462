// SPDX-License-Identifier: MIT
// Rows of sort, argsort and topk.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

/// The first `count` values along `dim` in order, and where they were; NaN is the largest.
std::vector<Array> sorted(const Array& x, int64_t dim, int64_t count, bool descending) {
  if (x.dim() == 0) return {x, Array(Sizes{})};
  const size_t d = size_t(dim < 0 ? dim + x.dim() : dim);
  Sizes sizes = x.sizes;
  sizes[d] = count;
  Array values(sizes), places(sizes);
  Sizes lines = x.sizes;
  lines[d] = 1;
  for_each_index(lines, [&](const Sizes& line) {
    auto value = [&](size_t i) {
      Sizes at = line;
      at[d] = int64_t(i);
      return x.at(at);
    };
    std::vector<size_t> order(size_t(x.sizes[d]));
    std::iota(order.begin(), order.end(), size_t{0});
    auto less = [](double a, double b) { return a < b || (std::isnan(b) && !std::isnan(a)); };
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return descending ? less(value(b), value(a)) : less(value(a), value(b));
    });
    for (int64_t i = 0; i < count; ++i) {
      Sizes to = line;
      to[d] = i;
      values.at(to) = value(order[size_t(i)]);
      places.at(to) = double(order[size_t(i)]);
    }
  });
  return {values, places};
}

OpCase sort_row(const char* name, int64_t dim, bool descending, const Input& like) {
  OpCase row;
  row.name = name;
  row.call = [=](const variable_list& t) { return sort(t[0], dim, descending); };
  row.formula = [=](const std::vector<Array>& x) {
    return sorted(x[0], dim, x[0].dim() == 0 ? 1 : x[0].size(dim), descending);
  };
  for (const Sizes& sizes :
       {Sizes{7}, Sizes{1}, Sizes{3, 5}, Sizes{5, 3, 2}, Sizes{0, 3}, Sizes{3, 0}, Sizes{2, 61}}) {
    Input input = like;
    input.sizes = sizes;
    row.samples.push_back({input});
  }
  row.large = {values({70, 2500}).rounded()};
  row.dtypes = kEveryDtype;
  row.gives = {Gives::Same, Gives::Long};
  return row;
}

}  // namespace

std::vector<OpCase> sort_cases() {
  const Input distinct = values({}).distinct(), ties = values({}).rounded();
  std::vector<OpCase> rows;
  rows.push_back(sort_row("sort", -1, false, distinct));
  rows.back().samples.push_back({values({})});
  rows.back().errors = {error<IndexError>("Dimension out of range", [] { sort(zeros({2}), 1); })};
  rows.push_back(sort_row("sort.first_dim", 0, false, distinct));
  rows.push_back(sort_row("sort.descending", -1, true, distinct));
  rows.push_back(sort_row("sort.ties", -1, false, ties));
  rows.push_back(sort_row("sort.descending_ties", 0, true, ties));
  rows[3].differentiable = rows[4].differentiable = false;

  OpCase& order = rows.emplace_back(sort_row("argsort", 0, true, ties));
  order.covers = {"sort"};
  order.call = [](const variable_list& t) { return argsort(t[0], 0, true); };
  order.formula = [](const std::vector<Array>& x) {
    return sorted(x[0], 0, x[0].size(0), true)[1];
  };
  order.gives = {Gives::Long};
  order.differentiable = false;

  struct {
    const char* name;
    int64_t dim;
    bool largest;
  } const forms[] = {{"topk", -1, true}, {"topk.smallest", 0, false}};
  for (const auto& form : forms) {
    const int64_t dim = form.dim;
    const bool largest = form.largest;
    OpCase& row = rows.emplace_back(sort_row(form.name, dim, largest, distinct));
    row.covers = {"sort"};
    row.call = [=](const variable_list& t) { return topk(t[0], 2, dim, largest); };
    row.formula = [=](const std::vector<Array>& x) { return sorted(x[0], dim, 2, largest); };
    row.samples = {{values({7}).distinct()},
                   {values({3, 5}).distinct()},
                   {values({3, 2, 3}).distinct()},
                   {dim == 0 ? values({3, 0}) : values({0, 3})}};
  }
  rows.back().errors = {
      error<Error>("selected index k out of range", [] { topk(zeros({3}), 4); }),
      error<Error>("selected index k out of range", [] { topk(zeros({3}), -1); }),
      error<IndexError>("Dimension out of range", [] { topk(zeros({3}), 1, 1); })};
  return rows;
}

}  // namespace adjoint::testing
