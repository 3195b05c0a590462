// SPDX-License-Identifier: MIT
// Rows of comparisons, truth values and what is made of them.
#include <cmath>

#include "tests/support/op_cases.h"

namespace adjoint::testing {
namespace {

using Binary = Tensor (*)(const Tensor&, const Tensor&);
using WithScalar = Tensor (*)(const Tensor&, const Scalar&);

OpCase comparison_row(const char* name, Binary call, bool (*formula)(double, double)) {
  const Input operand = values({}).rounded().no_grad();
  Input large = operand;
  large.sizes = {67, 1051};
  return {.name = name,
          .call = [=](const variable_list& t) { return call(t[0], t[1]); },
          .formula =
              [=](const std::vector<Array>& x) {
                return map(x[0], x[1], [=](double a, double b) { return double(formula(a, b)); });
              },
          .samples = binary_samples(operand, operand),
          .large = {large, large},
          .dtypes = kEveryDtype,
          .gives = {Gives::Bool},
          .differentiable = false,
          .errors = {error<Error>("The size of tensor a (2) must match the size of tensor b (3)",
                                  [=] { call(zeros({2}), zeros({3})); })}};
}

OpCase scalar_row(const char* name, WithScalar call, bool (*formula)(double, double)) {
  const Input operand = values({}).rounded().no_grad();
  Input large = operand;
  large.sizes = {kManyElements};
  return {.name = name,
          .call = [=](const variable_list& t) { return call(t[0], 1); },
          .formula =
              [=](const std::vector<Array>& x) {
                return map(x[0], [=](double a) { return double(formula(a, 1)); });
              },
          .samples = unary_samples(operand),
          .large = {large},
          .dtypes = kEveryDtype,
          .gives = {Gives::Bool},
          .differentiable = false};
}

OpCase truth_row(const char* name, Tensor (*call)(const Tensor&), double (*formula)(double)) {
  const Input operand = values({}).rounded().no_grad();
  Input large = operand;
  large.sizes = {kManyElements};
  return {.name = name,
          .call = [=](const variable_list& t) { return call(t[0]); },
          .formula = [=](const std::vector<Array>& x) { return map(x[0], formula); },
          .samples = unary_samples(operand),
          .large = {large},
          .dtypes = kEveryDtype,
          .gives = {Gives::Bool},
          .differentiable = false};
}

/// Of bits, as the dtype has them.
OpCase bits_row(const char* name, Binary call, int64_t (*formula)(int64_t, int64_t)) {
  const Input operand = values({}).between(-100, 100).no_grad();
  Input large = operand;
  large.sizes = {67, 1051};
  return {.name = name,
          .call = [=](const variable_list& t) { return call(t[0], t[1]); },
          .formula =
              [=](const std::vector<Array>& x) {
                return map(x[0], x[1], [=](double a, double b) {
                  return double(formula(int64_t(a), int64_t(b)));
                });
              },
          .samples = binary_samples(operand, operand),
          .large = {large, large},
          .dtypes = {kLong, kInt, kByte, kBool},
          .differentiable = false,
          .errors = {error<NotImplementedError>("not implemented for 'Float'",
                                                [=] { call(zeros({2}), zeros({2})); })}};
}
OpCase inverted_bits_row() {
  OpCase row = truth_row("bitwise_not", bitwise_not, [](double a) { return double(~int64_t(a)); });
  row.dtypes = {kLong, kInt, kByte};
  row.gives = {Gives::Same};
  return row;
}
OpCase bits_and_number_row(const char* name, WithScalar call,
                           int64_t (*formula)(int64_t, int64_t)) {
  OpCase row = truth_row(
      name, [](const Tensor& t) { return t; }, nullptr);
  row.call = [=](const variable_list& t) { return call(t[0], 6); };
  row.formula = [=](const std::vector<Array>& x) {
    return map(x[0], [=](double a) { return double(formula(int64_t(a), 6)); });
  };
  row.dtypes = {kLong, kInt, kByte};
  row.gives = {Gives::Same};
  return row;
}

}  // namespace

std::vector<OpCase> compare_cases() {
  std::vector<OpCase> rows{
      comparison_row("eq", eq, [](double a, double b) { return a == b; }),
      comparison_row("ne", ne, [](double a, double b) { return a != b; }),
      comparison_row("lt", lt, [](double a, double b) { return a < b; }),
      comparison_row("le", le, [](double a, double b) { return a <= b; }),
      comparison_row("gt", gt, [](double a, double b) { return a > b; }),
      comparison_row("ge", ge, [](double a, double b) { return a >= b; }),
      comparison_row("logical_and", logical_and,
                     [](double a, double b) { return a != 0 && b != 0; }),
      comparison_row("logical_or", logical_or, [](double a, double b) { return a != 0 || b != 0; }),
      comparison_row("logical_xor", logical_xor,
                     [](double a, double b) { return (a != 0) != (b != 0); }),
      scalar_row("eq.scalar", eq, [](double a, double b) { return a == b; }),
      scalar_row("ne.scalar", ne, [](double a, double b) { return a != b; }),
      scalar_row("lt.scalar", lt, [](double a, double b) { return a < b; }),
      scalar_row("le.scalar", le, [](double a, double b) { return a <= b; }),
      scalar_row("gt.scalar", gt, [](double a, double b) { return a > b; }),
      scalar_row("ge.scalar", ge, [](double a, double b) { return a >= b; }),
      truth_row("logical_not", logical_not, [](double a) { return double(a == 0); }),
      bits_row("bitwise_and", bitwise_and, [](int64_t a, int64_t b) { return a & b; }),
      bits_row("bitwise_or", bitwise_or, [](int64_t a, int64_t b) { return a | b; }),
      bits_row("bitwise_xor", bitwise_xor, [](int64_t a, int64_t b) { return a ^ b; }),
      bits_and_number_row("bitwise_and.number", bitwise_and,
                          [](int64_t a, int64_t b) { return a & b; }),
      bits_and_number_row("bitwise_or.number", bitwise_or,
                          [](int64_t a, int64_t b) { return a | b; }),
      bits_and_number_row("bitwise_xor.number", bitwise_xor,
                          [](int64_t a, int64_t b) { return a ^ b; }),
      inverted_bits_row(),
      truth_row(
          "bitwise_not.bool", [](const Tensor& a) { return ~a.to(kBool); },
          [](double a) { return double(a == 0); }),
      truth_row("isnan", isnan, [](double a) { return double(std::isnan(a)); }),
  };
  return rows;
}

}  // namespace adjoint::testing
