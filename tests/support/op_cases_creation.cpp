// SPDX-License-Identifier: MIT
// Rows of new tensors of given values. The input only tells the dtype.
#include <algorithm>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

OpCase creation_row(const char* name, Tensor (*call)(const TensorOptions&), Array expected) {
  OpCase row;
  row.name = name;
  row.call = [=](const variable_list& t) { return call(t[0].options()); };
  row.formula = [=](const std::vector<Array>&) { return expected; };
  row.samples = {{values({0}).no_grad()}};
  row.large = {values({0}).no_grad()};
  row.dtypes = kFloatsAndIntegers;
  row.differentiable = false;
  row.finite_only = "the values are constants";
  return row;
}

Array counting(Sizes sizes, double start, double step) {
  Array a(std::move(sizes));
  for (size_t i = 0; i < a.values.size(); ++i) a.values[i] = start + step * double(i);
  return a;
}

}  // namespace

std::vector<OpCase> creation_cases() {
  using O = TensorOptions;
  Array diagonal({3, 2});
  diagonal.at({0, 0}) = diagonal.at({1, 1}) = 1;
  std::vector<OpCase> rows{
      creation_row(
          "arange", [](const O& o) { return arange(2, 11, 3, o); }, counting({3}, 2, 3)),
      creation_row(
          "arange.end", [](const O& o) { return arange(200, o); }, counting({200}, 0, 1)),
      creation_row(
          "empty_arange", [](const O& o) { return arange(3, 3, o); }, Array({0})),
      creation_row(
          "arange.linspace", [](const O& o) { return linspace(1, 3, 5, o); },
          counting({5}, 1, 0.5)),
      creation_row(
          "fill.zeros",
          [](const O& o) {
            return zeros({2, 3}, o);
          },
          Array({2, 3})),
      creation_row(
          "fill.ones",
          [](const O& o) {
            return ones({2, 3}, o);
          },
          Array({2, 3}, 1.0)),
      creation_row(
          "fill.full", [](const O& o) { return full({5}, 7, o); }, Array({5}, 7.0)),
      creation_row(
          "fill.eye", [](const O& o) { return eye(3, 2, o); }, diagonal),
  };
  rows[0].errors = {error<ValueError>("step must be nonzero", [] { arange(0, 3, 0); }),
                    error<ValueError>("upper bound and lower bound inconsistent with step sign",
                                      [] { arange(0, 3, -1); })};
  rows[3].dtypes = {kFloat, kDouble, kHalf, kBFloat16};
  rows[3].errors = {
      error<Error>("number of steps must be non-negative", [] { linspace(0, 1, -1); })};
  rows[4].errors = {error<Error>("Trying to create tensor with negative dimension -1",
                                 [] {
                                   zeros({2, -1});
                                 }),
                    error<ValueError>("Expected all sub-lists to have sizes", [] {
                      tensor({{1., 2.}, {3.}});
                    })};
  return rows;
}

}  // namespace adjoint::testing
