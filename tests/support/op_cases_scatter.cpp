// SPDX-License-Identifier: MIT
// Rows of writing at indices: scatter and its kin, index_copy, index_fill, indexing by tensors.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

/// Numbers whose order gives an index in which nothing is twice, in any dtype under test.
Input order_of(Sizes sizes) {
  Input input = values(std::move(sizes)).distinct().no_grad();
  input.dtype = kFloat;
  return input;
}
Tensor places(const Tensor& t) { return argsort(t, 0); }
Array places(const Array& a) {
  return along(a, 0, [](const std::vector<double>& line) {
    std::vector<double> order(line.size());
    std::iota(order.begin(), order.end(), 0.0);
    std::stable_sort(order.begin(), order.end(), [&](double i, double j) {
      const double x = line[size_t(i)], y = line[size_t(j)];
      return x < y || (std::isnan(y) && !std::isnan(x));
    });
    return order;
  });
}

/// f(a's element, source's) becomes a's element.
template <class F>
Array scattered(Array a, size_t dim, const Array& index, const Array& source, const F& f) {
  for_each_index(index.sizes, [&](const Sizes& from) {
    Sizes to = from;
    to[dim] = int64_t(index.at(from));
    a.at(to) = f(a.at(to), source.at(from));
  });
  return a;
}
double second(double, double b) { return b; }
double sum_of(double a, double b) { return a + b; }
double product_of(double a, double b) { return a * b; }
double larger(double a, double b) { return std::isnan(a) || a > b ? a : b; }
double smaller(double a, double b) { return std::isnan(a) || a < b ? a : b; }

template <class F>
Array written(Array a, const Array& index, const Array& source, const F& f) {
  for_each_index(source.sizes, [&](const Sizes& from) {
    Sizes to = from;
    to[0] = int64_t(index.values[size_t(from[0])]);
    a.at(to) = f(a.at(to), source.at(from));
  });
  return a;
}

Array filled_rows(Array a, const Array& index, double value) {
  for_each_index(a.sizes, [&](const Sizes& at) {
    for (double i : index.values) {
      if (at[0] == int64_t(i)) a.at(at) = value;
    }
  });
  return a;
}

std::vector<OpCase> scatter_rows() {
  std::vector<OpCase> rows;
  OpCase& last = rows.emplace_back();
  last.name = "scatter";
  last.call = [](const variable_list& t) { return scatter(t[0], 0, places(t[1]), t[2]); };
  last.formula = [](const std::vector<Array>& x) {
    return scattered(x[0], 0, places(x[1]), x[2], second);
  };
  last.samples = {{values({4, 3}), order_of({3, 3}), values({3, 3})},
                  {values({5}), order_of({4}), values({6})},
                  {values({40, 2}), order_of({40, 2}), values({40, 2})},
                  {values({3}), order_of({0}), values({0})}};
  last.large = {values({500, 240}), order_of({300, 240}), values({300, 240})};
  last.dtypes = kEveryDtype;
  last.errors = {
      error<Error>("Expected self.dtype to be equal to src.dtype",
                   [] { scatter(zeros({3}), 0, tensor({0}), zeros({1}, kDouble)); }),
      error<Error>("reduce argument must be either sum, prod, mean, amax or amin, got foo",
                   [] { scatter_reduce(zeros({3}), 0, tensor({0}), zeros({1}), "foo"); }),
      error<IndexError>("index 3 is out of bounds for dimension 0 with size 3", [] {
        scatter(zeros({3}), 0, tensor({3}), 1);
        settle_test_device();
      })};

  OpCase& number = rows.emplace_back();
  number.name = "scatter.number";
  number.call = [](const variable_list& t) { return scatter(t[0], 1, t[1], 1); };
  number.formula = [](const std::vector<Array>& x) {
    return scattered(x[0], 1, x[1], Array(x[1].sizes, 1), second);
  };
  number.samples = {{values({3, 4}), indices({3, 5}, 4)}, {values({3, 0}), indices({3, 0}, 4)}};
  number.large = {values({300, 240}), indices({300, 260}, 240)};
  number.dtypes = kEveryDtype;

  struct {
    const char* name;
    const char* reduce;
    double (*f)(double, double);
    bool include_self;
  } const forms[] = {
      {"scatter_prod", "prod", product_of, true},
      {"scatter_amax", "amax", larger, true},
      {"scatter_amin", "amin", smaller, true},
      {"scatter_add.reduce", "sum", sum_of, true},
      {"scatter_add.without_self", "sum", sum_of, false},
      {"scatter_prod.without_self", "prod", product_of, false},
      {"scatter_amax.without_self", "amax", larger, false},
      {"scatter_add.mean", "mean", nullptr, true},
      {"scatter_add.mean_without_self", "mean", nullptr, false},
  };
  for (const auto& form : forms) {
    OpCase& row = rows.emplace_back();
    row.name = form.name;
    row.call = [=](const variable_list& t) {
      return scatter_reduce(t[0], 0, t[1], t[2], form.reduce, form.include_self);
    };
    row.formula = [=](const std::vector<Array>& x) {
      Array start = x[0], count(x[0].sizes, 1);
      const double neutral = form.f == product_of ? 1
                             : form.f == larger   ? -std::numeric_limits<double>::infinity()
                                                  : 0;
      const Array ones(x[1].sizes, 1);
      if (!form.include_self) {
        start = scattered(start, 0, x[1], Array(x[1].sizes, neutral), second);
        count = scattered(count, 0, x[1], Array(x[1].sizes, 0), second);
      }
      if (form.f) return scattered(start, 0, x[1], x[2], form.f);
      count = scattered(count, 0, x[1], ones, sum_of);
      return map(scattered(start, 0, x[1], x[2], sum_of), count,
                 [](double s, double n) { return s / n; });
    };
    const Input source = values({}).distinct();
    auto sized = [&](Sizes sizes) {
      Input input = source;
      input.sizes = std::move(sizes);
      return input;
    };
    row.samples = {{values({4, 3}), indices({5, 3}, 4), sized({5, 3})},
                   {values({3}), indices({40}, 3), sized({40})},
                   {values({3}), indices({0}, 3), values({0})}};
    if (form.f == product_of) row.samples[1] = {values({3}), indices({6}, 3), sized({6})};
    row.large = {values({300, 240}), indices({500, 240}, 300), values({500, 240})};
    row.dtypes = form.f ? kFloatsAndIntegers : kFloats;
    row.magnitude = 24;
    row.half_ulps = 6;
  }
  return rows;
}

std::vector<OpCase> slice_rows() {
  std::vector<OpCase> rows;
  OpCase& copy = rows.emplace_back();
  copy.name = "index_copy";
  copy.call = [](const variable_list& t) { return index_copy(t[0], 0, places(t[1]), t[2]); };
  copy.formula = [](const std::vector<Array>& x) {
    return written(x[0], places(x[1]), x[2], second);
  };
  copy.samples = {{values({4, 3}), order_of({3}), values({3, 3})},
                  {values({3}), order_of({3}), values({3})},
                  {values({3, 2}), order_of({0}), values({0, 2})}};
  copy.large = {values({500, 240}), order_of({300}), values({300, 240})};
  copy.dtypes = kEveryDtype;
  copy.errors = {
      error<Error>("Expected a long tensor for index, but got",
                   [] { index_copy(zeros({3}), 0, tensor({0}).to(kInt), zeros({1})); }),
      error<Error>("should be equal to source.size(dim)",
                   [] {
                     index_copy(zeros({3}), 0, tensor({0, 1}), zeros({1}));
                   }),
      error<IndexError>("Expected dtype int64 for index",
                        [] { index_fill(zeros({3}), 0, zeros({1}), 1); }),
      error<Error>("index_fill_ only supports a 0-dimensional value tensor, but got tensor with 1",
                   [] { index_fill(zeros({3}), 0, tensor({1}), ones({1})); })};

  OpCase& fill = rows.emplace_back();
  fill.name = "index_copy.fill";
  fill.call = [](const variable_list& t) { return index_fill(t[0], 0, t[1], t[2]); };
  fill.formula = [](const std::vector<Array>& x) {
    return filled_rows(x[0], x[1], x[2].values[0]);
  };
  fill.samples = {{values({4, 3}), indices({2}, 4), values({})},
                  {values({3}), indices({0}, 3), values({})}};
  fill.large = {values({300, 240}), indices({40}, 300), values({})};
  fill.dtypes = kEveryDtype;
  return rows;
}

std::vector<OpCase> advanced_rows() {
  using indexing::Slice;
  std::vector<OpCase> rows;
  OpCase& one = rows.emplace_back();
  one.name = "index";
  one.covers = {"linear_index"};
  one.call = [](const variable_list& t) { return t[0].index({t[1]}); };
  one.formula = [](const std::vector<Array>& x) {
    Sizes sizes = x[1].sizes;
    sizes.insert(sizes.end(), x[0].sizes.begin() + 1, x[0].sizes.end());
    Array out(sizes);
    const size_t n = x[1].sizes.size();
    for_each_index(sizes, [&](const Sizes& to) {
      Sizes from(to.begin() + int64_t(n), to.end());
      from.insert(from.begin(), int64_t(x[1].at(Sizes(to.begin(), to.begin() + int64_t(n)))));
      out.at(to) = x[0].at(from);
    });
    return out;
  };
  one.samples = {{values({4, 3}), indices({5}, 4)},
                 {values({5}), indices({2, 3}, 5)},
                 {values({3, 2, 2}), indices({0}, 3)},
                 {values({3, 0}), indices({2}, 3)}};
  one.large = {values({300, 120}), indices({700}, 300)};
  one.dtypes = kEveryDtype;
  one.third_order = true;

  OpCase& apart = rows.emplace_back();
  apart.name = "index.apart";
  apart.call = [](const variable_list& t) { return t[0].index({t[1], Slice(), t[2]}); };
  apart.formula = [](const std::vector<Array>& x) {
    const Sizes common = broadcast(x[1].sizes, x[2].sizes);
    const Array i = broadcast_to(x[1], common), k = broadcast_to(x[2], common);
    Sizes sizes = common;
    sizes.push_back(x[0].sizes[1]);
    Array out(sizes);
    for_each_index(sizes, [&](const Sizes& to) {
      const Sizes at(to.begin(), to.end() - 1);
      out.at(to) = x[0].at({int64_t(i.at(at)), to.back(), int64_t(k.at(at))});
    });
    return out;
  };
  apart.samples = {{values({3, 2, 4}), indices({2, 1}, 3), indices({3}, 4)},
                   {values({3, 2, 4}), indices({0}, 3), indices({1}, 4)}};
  apart.large = {values({50, 30, 40}), indices({300}, 50), indices({20, 1}, 40)};
  apart.dtypes = kEveryDtype;

  OpCase& chosen = rows.emplace_back();
  chosen.name = "index.mask";
  chosen.call = [](const variable_list& t) { return t[0].index({t[1]}); };
  chosen.formula = [](const std::vector<Array>& x) {
    std::vector<double> kept;
    const int64_t inner = x[1].numel() == 0 ? 0 : x[0].numel() / x[1].numel();
    int64_t count = 0;
    for (size_t i = 0; i < x[1].values.size(); ++i) {
      if (x[1].values[i] == 0) continue;
      ++count;
      for (int64_t k = 0; k < inner; ++k)
        kept.push_back(x[0].values[i * size_t(inner) + size_t(k)]);
    }
    Sizes sizes = {count};
    sizes.insert(sizes.end(), x[0].sizes.begin() + x[1].dim(), x[0].sizes.end());
    return Array(sizes, kept);
  };
  chosen.samples = {
      {values({4, 3}), mask({4, 3})}, {values({4, 3}), mask({4})}, {values({0, 3}), mask({0, 3})}};
  chosen.large = {values({300, 240}), mask({300, 240})};
  chosen.dtypes = kEveryDtype;

  OpCase& put = rows.emplace_back();
  put.name = "index_put";
  put.covers = {"index_copy", "linear_index"};
  put.call = [](const variable_list& t) { return t[0].index_put({places(t[1])}, t[2]); };
  put.formula = [](const std::vector<Array>& x) {
    return written(x[0], places(x[1]), broadcast_to(x[2], {x[1].numel(), x[0].sizes[1]}), second);
  };
  put.samples = {{values({4, 3}), order_of({3}), values({3, 3})},
                 {values({4, 3}), order_of({3}), values({3})},
                 {values({4, 3}), order_of({2}), values({2, 1})},
                 {values({3, 2}), order_of({0}), values({0, 2})}};
  put.large = {values({500, 240}), order_of({300}), values({300, 240})};
  put.dtypes = kEveryDtype;

  OpCase& accumulated = rows.emplace_back();
  accumulated.name = "index_put.accumulate";
  accumulated.covers = {"index_add", "linear_index"};
  accumulated.call = [](const variable_list& t) {
    return index_put(t[0], {Tensor(), t[1]}, t[2], true);
  };
  accumulated.formula = [](std::vector<Array> x) {
    const Array source = broadcast_to(x[2], {x[0].sizes[0], x[1].numel()});
    for_each_index(source.sizes, [&](const Sizes& from) {
      x[0].at({from[0], int64_t(x[1].values[size_t(from[1])])}) += source.at(from);
    });
    return x[0];
  };
  accumulated.samples = {{values({3, 4}), indices({6}, 4), values({3, 6})},
                         {values({3, 4}), indices({6}, 4), values({6})},
                         {values({3, 4}), indices({0}, 4), values({3, 0})}};
  accumulated.large = {values({300, 240}), indices({260}, 240), values({300, 260})};
  accumulated.dtypes = kEveryDtype;
  accumulated.magnitude = 16;
  accumulated.half_ulps = 6;

  OpCase& taken = rows.emplace_back();
  taken.name = "take";
  taken.covers = {"linear_index", "index_select"};
  taken.call = [](const variable_list& t) { return take(t[0], t[1]); };
  taken.formula = [](const std::vector<Array>& x) {
    return map(x[1], [&](double i) { return x[0].values[size_t(i)]; });
  };
  taken.samples = {{values({4, 3}), indices({2, 3}, 12)}, {values({5}), indices({0}, 5)}};
  taken.large = {values({300, 120}), indices({70000}, 36000)};
  taken.dtypes = kEveryDtype;
  taken.errors = {error<Error>("take(): Expected a long tensor for index",
                               [] { take(zeros({3}), zeros({1})); })};

  OpCase& lines = rows.emplace_back();
  lines.name = "take_along_dim";
  lines.covers = {"gather"};
  lines.call = [](const variable_list& t) { return take_along_dim(t[0], t[1], 1); };
  lines.formula = [](const std::vector<Array>& x) {
    Array out({x[0].sizes[0], x[1].sizes[1]});
    const Array index = broadcast_to(x[1], out.sizes);
    for_each_index(out.sizes, [&](const Sizes& at) {
      out.at(at) = x[0].at({at[0], int64_t(index.at(at))});
    });
    return out;
  };
  lines.samples = {{values({3, 4}), indices({1, 5}, 4)}, {values({3, 4}), indices({3, 0}, 4)}};
  lines.large = {values({300, 240}), indices({1, 260}, 240)};
  lines.dtypes = kEveryDtype;
  lines.errors = {error<Error>("input and indices should have the same number of dimensions",
                               [] {
                                 take_along_dim(zeros({3, 4}), tensor({1}), 0);
                               }),
                  error<Error>("dtype of indices should be Long",
                               [] { take_along_dim(zeros({3}), zeros({3}), 0); })};
  return rows;
}

}  // namespace

std::vector<OpCase> scatter_cases() {
  std::vector<OpCase> rows = scatter_rows();
  for (auto part : {slice_rows, advanced_rows}) {
    for (OpCase& row : part()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace adjoint::testing
