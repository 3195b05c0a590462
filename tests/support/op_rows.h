// SPDX-License-Identifier: MIT
// Rows of element-wise operations, from how to call one and a formula for an element.
#pragma once

#include "tests/support/op_cases.h"

namespace adjoint::testing {

template <class F>
OpCase unary_row(const char* name, Tensor (*function)(const Tensor&), F formula,
                 const Input& domain = values({})) {
  Input large = domain;
  large.sizes = {kManyElements};
  return {.name = name,
          .call = [=](const variable_list& t) { return function(t[0]); },
          .formula = [=](const std::vector<Array>& a) { return map(a[0], formula); },
          .samples = unary_samples(domain),
          .large = {large}};
}

template <class F, class G>
OpCase binary_row(const char* name, F call, G formula, const Input& a = values({}),
                  const Input& b = values({})) {
  Input large_a = a, large_b = b;
  large_a.sizes = {67, 1051};
  large_b.sizes = {1051};
  return {.name = name,
          .call = [=](const variable_list& t) { return call(t[0], t[1]); },
          .formula = [=](const std::vector<Array>& x) { return map(x[0], x[1], formula); },
          .samples = binary_samples(a, b),
          .large = {large_a, large_b}};
}

/// With a number for the other operand.
template <class F, class G>
OpCase scalar_row(const char* name, F call, G formula, const Input& domain = values({})) {
  Input large = domain;
  large.sizes = {kManyElements};
  return {.name = name,
          .call = [=](const variable_list& t) { return call(t[0]); },
          .formula = [=](const std::vector<Array>& x) { return map(x[0], formula); },
          .samples = unary_samples(domain),
          .large = {large}};
}

inline ErrorCase shape_mismatch(Tensor (*call)(const Tensor&, const Tensor&)) {
  return error<Error>("The size of tensor a (2) must match the size of tensor b (3)",
                      [=] { call(zeros({2}), zeros({3})); });
}

}  // namespace adjoint::testing
