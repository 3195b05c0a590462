// SPDX-License-Identifier: MIT
// Rows of functions of angles and of the hyperbola.
#include <cmath>

#include "tests/support/op_rows.h"

namespace adjoint::testing {

std::vector<OpCase> trigonometric_cases() {
  std::vector<OpCase> rows;
  using Unary = double (*)(double);
  auto add_row = [&](const char* name, Tensor (*function)(const Tensor&), Unary formula,
                     const Input& domain = values({})) {
    OpCase& row = rows.emplace_back(unary_row(name, function, formula, domain));
    row.dtypes = kFloatsAndIntegers;
    row.gives = {Gives::Floating};
    row.third_order = true;
  };
  const Input inside = values({}).between(-0.8, 0.8);
  add_row("tan", tan, std::tan, values({}).between(-1.2, 1.2));
  add_row("asin", asin, std::asin, inside);
  add_row("acos", acos, std::acos, inside);
  add_row("atan", atan, std::atan);
  add_row("sinh", sinh, std::sinh);
  add_row("cosh", cosh, std::cosh);
  add_row("asinh", asinh, std::asinh);
  add_row("acosh", acosh, std::acosh, values({}).between(1.3, 4));
  add_row("atanh", atanh, std::atanh, inside);

  using Binary = Tensor (*)(const Tensor&, const Tensor&);
  const Input side = values({}).between(0.4, 2);
  OpCase& angle = rows.emplace_back(binary_row(
      "atan2", Binary(atan2), [](double y, double x) { return std::atan2(y, x); }, side,
      values({}).away_from({0})));
  angle.dtypes = kFloatsAndIntegers;
  angle.gives = {Gives::Floating};
  angle.third_order = true;
  angle.errors = {shape_mismatch(atan2)};
  OpCase& length = rows.emplace_back(binary_row(
      "hypot", Binary(hypot), [](double a, double b) { return std::hypot(a, b); }, side));
  length.third_order = true;
  length.errors = {error<NotImplementedError>("\"hypot\" not implemented for 'Long'",
                                              [] { hypot(ones({2}, kLong), ones({2}, kLong)); })};
  return rows;
}

}  // namespace adjoint::testing
