// SPDX-License-Identifier: MIT
// Rows of joining tensors, and of selecting and adding by index.
#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

Array joined(const std::vector<Array>& parts, size_t dim) {
  Sizes sizes = parts[0].sizes;
  sizes[dim] = 0;
  for (const Array& part : parts) sizes[dim] += part.sizes[dim];
  Array out(sizes);
  int64_t at = 0;
  for (const Array& part : parts) {
    for_each_index(part.sizes, [&](const Sizes& index) {
      Sizes to = index;
      to[dim] += at;
      out.at(to) = part.at(index);
    });
    at += part.sizes[dim];
  }
  return out;
}

Array selected(const Array& a, size_t dim, const Array& index) {
  Sizes sizes = a.sizes;
  sizes[dim] = index.numel();
  Array out(sizes);
  for_each_index(sizes, [&](const Sizes& to) {
    Sizes from = to;
    from[dim] = int64_t(index.values[size_t(to[dim])]);
    out.at(to) = a.at(from);
  });
  return out;
}

Array gathered(const Array& a, size_t dim, const Array& index) {
  Array out(index.sizes);
  for_each_index(index.sizes, [&](const Sizes& to) {
    Sizes from = to;
    from[dim] = int64_t(index.at(to));
    out.at(to) = a.at(from);
  });
  return out;
}

Array scattered(Array a, size_t dim, const Array& index, const Array& source) {
  for_each_index(index.sizes, [&](const Sizes& from) {
    Sizes to = from;
    to[dim] = int64_t(index.at(from));
    a.at(to) += source.at(from);
  });
  return a;
}

Array added(Array a, size_t dim, const Array& index, const Array& source) {
  for_each_index(source.sizes, [&](const Sizes& from) {
    Sizes to = from;
    to[dim] = int64_t(index.values[size_t(from[dim])]);
    a.at(to) += source.at(from);
  });
  return a;
}

Array embedded(const Array& weight, const Array& index) {
  Sizes sizes = index.sizes;
  sizes.push_back(weight.sizes[1]);
  Array out = selected(weight, 0, index);
  out.sizes = sizes;
  return out;
}

std::vector<OpCase> join_cases() {
  std::vector<OpCase> rows;
  OpCase& front = rows.emplace_back();
  front.name = "cat";
  front.call = [](const variable_list& t) { return cat(t, 0); };
  front.formula = [](const std::vector<Array>& x) { return joined(x, 0); };
  front.samples = {{values({2, 3}), values({1, 3}), values({4, 3})},
                   {values({3}), values({2})},
                   {values({0, 3}), values({2, 3})},
                   {values({0}), values({0})},
                   {values({2, 2})}};
  front.large = {values({300, 100}), values({1, 100}), values({420, 100})};
  front.dtypes = kEveryDtype;
  front.errors = {error<Error>("non-empty", [] { cat({}); }),
                  error<Error>("zero-dimensional",
                               [] {
                                 cat({zeros({}), zeros({})});
                               }),
                  error<Error>("Sizes of tensors must match except in dimension 0",
                               [] {
                                 cat({zeros({2, 3}), zeros({2, 4})});
                               }),
                  error<IndexError>("Dimension out of range", [] { cat({zeros({2})}, 1); })};
  OpCase& last = rows.emplace_back(front);
  last.name = "cat.last";
  last.call = [](const variable_list& t) { return cat(t, -1); };
  last.formula = [](const std::vector<Array>& x) { return joined(x, x[0].sizes.size() - 1); };
  last.samples = {{values({2, 3}), values({2, 1})},
                  {values({2, 2, 2}), values({2, 2, 3}), values({2, 2, 1})},
                  {values({2, 0}), values({2, 2})}};
  last.large = {values({300, 100}), values({300, 133})};
  last.errors.clear();
  OpCase& stacked = rows.emplace_back(OpCase(rows[0]));
  stacked.name = "stack";
  stacked.call = [](const variable_list& t) { return stack(t, 1); };
  stacked.formula = [](std::vector<Array> x) {
    for (Array& a : x) a.sizes.insert(a.sizes.begin() + 1, 1);
    return joined(x, 1);
  };
  stacked.samples = {{values({2, 3}), values({2, 3})},
                     {values({3}), values({3}), values({3})},
                     {values({2, 0}), values({2, 0})}};
  stacked.large = {values({300, 100}), values({300, 100}), values({300, 100})};
  stacked.errors = {error<Error>("stack expects each tensor to be equal size", [] {
    stack({zeros({2}), zeros({3})});
  })};
  return rows;
}

std::vector<OpCase> select_cases() {
  std::vector<OpCase> rows;
  OpCase& select = rows.emplace_back();
  select.name = "index_select";
  select.call = [](const variable_list& t) { return index_select(t[0], 0, t[1]); };
  select.formula = [](const std::vector<Array>& x) { return selected(x[0], 0, x[1]); };
  select.samples = {{values({4, 3}), indices({6}, 4)},
                    {values({5}), indices({3}, 5)},
                    {values({3, 2, 2}), indices({0}, 3)},
                    {values({3, 0}), indices({2}, 3)}};
  select.large = {values({300, 120}), indices({700}, 300)};
  select.dtypes = kEveryDtype;
  auto index_of = [](int64_t i) { return tensor({i}); };
  select.errors = {error<IndexError>("", [=] { index_select(zeros({3}), 0, index_of(3)); }),
                   error<IndexError>("", [=] { index_select(zeros({3}), 0, index_of(-1)); }),
                   error<Error>("", [] { index_select(zeros({3}), 0, zeros({1})); })};
  OpCase& inner = rows.emplace_back(select);
  inner.name = "index_select.last_dim";
  inner.call = [](const variable_list& t) { return index_select(t[0], -1, t[1]); };
  inner.formula = [](const std::vector<Array>& x) {
    return selected(x[0], x[0].sizes.size() - 1, x[1]);
  };
  inner.samples = {{values({3, 4}), indices({6}, 4)},
                   {values({2, 2, 3}), indices({2}, 3)},
                   {values({2, 3}), indices({0}, 3)}};
  inner.large = {values({300, 120}), indices({250}, 120)};
  inner.errors.clear();

  OpCase& pick = rows.emplace_back();
  pick.name = "gather";
  pick.call = [](const variable_list& t) { return gather(t[0], 0, t[1]); };
  pick.formula = [](const std::vector<Array>& x) { return gathered(x[0], 0, x[1]); };
  pick.samples = {{values({4, 3}), indices({5, 3}, 4)},
                  {values({4, 3}), indices({2, 2}, 4)},
                  {values({5}), indices({7}, 5)},
                  {values({4, 3}), indices({0, 3}, 4)}};
  pick.large = {values({300, 240}), indices({290, 240}, 300)};
  pick.dtypes = kEveryDtype;
  pick.errors = {error<IndexError>("", [=] { gather(zeros({3}), 0, index_of(3)); }),
                 error<Error>("",
                              [] {
                                gather(zeros({3}), 0, zeros({1, 1}, kLong));
                              }),
                 error<Error>("", [] {
                   gather(zeros({3, 2}), 0, zeros({1, 3}, kLong));
                 })};
  OpCase& along_last = rows.emplace_back(pick);
  along_last.name = "gather.last_dim";
  along_last.call = [](const variable_list& t) { return gather(t[0], 1, t[1]); };
  along_last.formula = [](const std::vector<Array>& x) { return gathered(x[0], 1, x[1]); };
  along_last.samples = {{values({3, 4}), indices({3, 6}, 4)}, {values({3, 4}), indices({3, 0}, 4)}};
  along_last.large = {values({300, 240}), indices({300, 233}, 240)};
  along_last.errors.clear();

  OpCase& lookup = rows.emplace_back();
  lookup.name = "embedding";
  lookup.call = [](const variable_list& t) { return embedding(t[0], t[1]); };
  lookup.formula = [](const std::vector<Array>& x) { return embedded(x[0], x[1]); };
  lookup.samples = {{values({5, 3}), indices({7}, 5)},
                    {values({4, 2}), indices({2, 3}, 4)},
                    {values({4, 2}), indices({}, 4)},
                    {values({4, 2}), indices({0}, 4)}};
  lookup.large = {values({500, 96}), indices({40, 25}, 500)};
  lookup.dtypes = kEveryDtype;
  lookup.errors = {error<IndexError>("",
                                     [=] {
                                       embedding(zeros({3, 2}), index_of(3));
                                     }),
                   error<Error>("", [=] { embedding(zeros({3}), index_of(1)); })};
  return rows;
}

std::vector<OpCase> add_cases() {
  std::vector<OpCase> rows;
  OpCase& scatter = rows.emplace_back();
  scatter.name = "scatter_add";
  scatter.call = [](const variable_list& t) { return scatter_add(t[0], 0, t[1], t[2]); };
  scatter.formula = [](const std::vector<Array>& x) { return scattered(x[0], 0, x[1], x[2]); };
  scatter.samples = {{values({4, 3}), indices({5, 3}, 4), values({5, 3})},
                     {values({4, 3}), indices({2, 2}, 4), values({3, 3})},
                     {values({3}), indices({6}, 3), values({6})},
                     {values({3}), indices({0}, 3), values({0})}};
  scatter.large = {values({300, 240}), indices({500, 240}, 300), values({500, 240})};
  scatter.dtypes = kEveryDtype;
  scatter.magnitude = 16;
  scatter.half_ulps = 6;
  scatter.errors = {
      error<IndexError>("", [] { scatter_add(zeros({3}), 0, tensor({5}), zeros({1})); })};
  OpCase& inner = rows.emplace_back(scatter);
  inner.name = "scatter_add.last_dim";
  inner.call = [](const variable_list& t) { return scatter_add(t[0], 1, t[1], t[2]); };
  inner.formula = [](const std::vector<Array>& x) { return scattered(x[0], 1, x[1], x[2]); };
  inner.samples = {{values({3, 4}), indices({3, 5}, 4), values({3, 5})},
                   {values({3, 0}), indices({3, 0}, 4), values({3, 0})}};
  inner.large = {values({300, 240}), indices({300, 260}, 240), values({300, 260})};
  inner.errors.clear();

  OpCase& slices = rows.emplace_back();
  slices.name = "index_add";
  slices.call = [](const variable_list& t) { return index_add(t[0], 0, t[1], t[2]); };
  slices.formula = [](const std::vector<Array>& x) { return added(x[0], 0, x[1], x[2]); };
  slices.samples = {{values({4, 3}), indices({6}, 4), values({6, 3})},
                    {values({3}), indices({5}, 3), values({5})},
                    {values({3, 2}), indices({0}, 3), values({0, 2})}};
  slices.large = {values({300, 240}), indices({500}, 300), values({500, 240})};
  slices.dtypes = kEveryDtype;
  slices.magnitude = 16;
  slices.half_ulps = 6;
  slices.errors = {error<IndexError>("", [] { index_add(zeros({3}), 0, tensor({5}), zeros({1})); }),
                   error<Error>("", [] {
                     index_add(zeros({3, 2}), 0, tensor({1}), zeros({1, 3}));
                   })};
  OpCase& last = rows.emplace_back(slices);
  last.name = "index_add.last_dim";
  last.call = [](const variable_list& t) { return index_add(t[0], 1, t[1], t[2]); };
  last.formula = [](const std::vector<Array>& x) { return added(x[0], 1, x[1], x[2]); };
  last.samples = {{values({3, 4}), indices({6}, 4), values({3, 6})},
                  {values({3, 4}), indices({0}, 4), values({3, 0})}};
  last.large = {values({300, 240}), indices({260}, 240), values({300, 260})};
  last.errors.clear();
  return rows;
}

}  // namespace

std::vector<OpCase> index_cases() {
  std::vector<OpCase> rows = join_cases();
  for (auto part : {select_cases, add_cases}) {
    for (OpCase& row : part()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace adjoint::testing
