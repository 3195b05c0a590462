// SPDX-License-Identifier: MIT
// Rows of copies: clones, conversions, and copies and fills in place.
#include <cmath>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

OpCase copy_row(const char* name, Tensor (*call)(const Tensor&)) {
  OpCase row;
  row.name = name;
  row.call = [=](const variable_list& t) { return call(t[0]); };
  row.formula = [](const std::vector<Array>& x) { return x[0]; };
  row.samples = unary_samples(values({}));
  row.large = {values({67, 1051})};
  row.dtypes = kEveryDtype;
  return row;
}

}  // namespace

std::vector<OpCase> copy_cases() {
  std::vector<OpCase> rows{
      copy_row("copy.clone", [](const Tensor& t) { return t.clone(); }),
      copy_row("copy.to_double", [](const Tensor& t) { return t.to(kDouble); }),
      copy_row("copy.to_half_and_back",
               [](const Tensor& t) { return t.to(kHalf, false, true).to(t.dtype()); }),
      copy_row("copy", [](const Tensor& t) { return empty_like(t).copy_(t); }),
  };
  rows[1].gives = {Gives::Double};
  rows[2].dtypes = {kFloat, kBFloat16};
  rows[2].formula = [](const std::vector<Array>& x) {
    return map(x[0], [](double v) { return double(float(Half(float(v)))); });
  };
  // Its steps are wider than a difference quotient's.
  rows[2].differentiable = false;
  rows[3].errors = {error<Error>("must match the size", [] { zeros({2}).copy_(zeros({3})); })};

  OpCase& part = rows.emplace_back();
  part.name = "copy.into_slice";
  part.call = [](const variable_list& t) {
    Tensor out = t[0].clone();
    out.slice(0, 1).copy_(t[1]);
    return out;
  };
  part.formula = [](const std::vector<Array>& x) {
    Array out = x[0];
    for_each_index(out.sizes, [&](const Sizes& i) {
      if (i[0] > 0) out.at(i) = x[1].at({i[1]});
    });
    return out;
  };
  part.samples = {
      {values({3, 2}), values({2})}, {values({1, 2}), values({2})}, {values({3, 0}), values({0})}};
  part.large = {values({300, 240}), values({240})};

  OpCase& fill = rows.emplace_back();
  fill.name = "fill";
  fill.call = [](const variable_list& t) { return t[0].clone().fill_(3); };
  fill.formula = [](const std::vector<Array>& x) { return map(x[0], [](double) { return 3.0; }); };
  fill.samples = unary_samples(values({}));
  fill.large = {values({kManyElements})};
  fill.dtypes = kEveryDtype;
  return rows;
}

}  // namespace adjoint::testing
