// SPDX-License-Identifier: MIT
// Rows of what is not zero: nonzero, count_nonzero, masked_select, masked_scatter.
#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

Array nonzero_of(const Array& x) {
  std::vector<double> found;
  int64_t count = 0;
  for_each_index(x.sizes, [&](const Sizes& at) {
    if (x.at(at) == 0) return;
    ++count;
    found.insert(found.end(), at.begin(), at.end());
  });
  return Array({count, x.dim()}, found);
}

}  // namespace

std::vector<OpCase> masked_cases() {
  std::vector<OpCase> rows;
  OpCase& where = rows.emplace_back();
  where.name = "nonzero";
  where.call = [](const variable_list& t) { return nonzero(t[0]); };
  where.formula = [](const std::vector<Array>& x) { return nonzero_of(x[0]); };
  where.samples = {{values({4, 3}).rounded()},
                   {values({})},
                   {values({7}).rounded()},
                   {values({2, 3, 2}).rounded()},
                   {values({0, 3})}};
  where.large = {values({300, 240}).rounded()};
  where.dtypes = kEveryDtype;
  where.gives = {Gives::Long};
  where.differentiable = false;

  OpCase& count = rows.emplace_back();
  count.name = "count_nonzero";
  count.call = [](const variable_list& t) { return count_nonzero(t[0], 0); };
  count.formula = [](const std::vector<Array>& x) {
    return reduce(x[0], {0}, false, [](const std::vector<double>& line) {
      double n = 0;
      for (double v : line) n += v != 0;
      return n;
    });
  };
  count.samples = {{values({4, 3}).rounded()}, {values({0, 3})}};
  count.large = {values({300, 240}).rounded()};
  count.dtypes = kEveryDtype;
  count.gives = {Gives::Long};
  count.differentiable = false;

  OpCase& select = rows.emplace_back();
  select.name = "masked_select";
  select.covers = {"nonzero"};
  select.call = [](const variable_list& t) { return masked_select(t[0], t[1]); };
  select.formula = [](const std::vector<Array>& x) {
    const Sizes sizes = broadcast(x[0].sizes, x[1].sizes);
    const Array a = broadcast_to(x[0], sizes), m = broadcast_to(x[1], sizes);
    std::vector<double> kept;
    for (size_t i = 0; i < a.values.size(); ++i) {
      if (m.values[i] != 0) kept.push_back(a.values[i]);
    }
    return Array({int64_t(kept.size())}, kept);
  };
  select.samples = {{values({4, 3}), mask({4, 3})},
                    {values({3}), mask({4, 1})},
                    {values({2, 3}), mask({3})},
                    {values({0, 3}), mask({3})}};
  select.large = {values({300, 240}), mask({300, 240})};
  select.dtypes = kEveryDtype;
  select.errors = {error<Error>("masked_select: expected BoolTensor for mask",
                                [] { masked_select(zeros({3}), zeros({3})); }),
                   error<Error>("must match the size of tensor b",
                                [] { masked_select(zeros({3}), ones({4}, kBool)); })};

  OpCase& scatter = rows.emplace_back();
  scatter.name = "masked_scatter";
  scatter.covers = {"nonzero"};
  scatter.call = [](const variable_list& t) { return masked_scatter(t[0], t[1], t[2]); };
  scatter.formula = [](const std::vector<Array>& x) {
    const Sizes sizes = broadcast(x[0].sizes, x[1].sizes);
    Array out = broadcast_to(x[0], sizes);
    const Array m = broadcast_to(x[1], sizes);
    size_t next = 0;
    for (size_t i = 0; i < out.values.size(); ++i) {
      if (m.values[i] != 0) out.values[i] = x[2].values[next++];
    }
    return out;
  };
  scatter.samples = {{values({4, 3}), mask({4, 3}), values({3, 5})},
                     {values({3}), mask({2, 3}), values({6})},
                     {values({0, 3}), mask({3}), values({0})}};
  scatter.large = {values({300, 240}), mask({300, 240}), values({300, 240})};
  scatter.dtypes = kEveryDtype;
  scatter.errors = {error<Error>("Number of elements of source < number of ones in mask",
                                 [] { masked_scatter(zeros({3}), ones({3}, kBool), zeros({2})); })};
  return rows;
}

}  // namespace adjoint::testing
