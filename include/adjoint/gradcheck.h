// SPDX-License-Identifier: MIT
// Checks of gradients against differences of the function itself. Point them at your own functions:
//
//   auto result = adjoint::autograd::gradcheck(
//       [](const Tensor& x, const Tensor& w) { return (x.mm(w)).tanh(); }, {x, w});
//   if (!result) std::puts(result.text().c_str());
#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/tensor_function.h"

namespace adjoint::autograd {

struct GradcheckOptions {
  /// Half the distance of the two points of a central difference.
  double eps = 1e-6;
  /// A gradient fits where |analytic - numeric| <= atol + rtol * |numeric|.
  double atol = 1e-5;
  double rtol = 1e-3;
  /// How far two backward passes through one graph may differ.
  double nondet_tol = 0;
  /// Throw Error with the result's text instead of returning a result that is not ok.
  bool raise_exception = false;
};

/// One element of a Jacobian that does not fit: d output[output_element] / d input[input_element].
/// Elements are counted in row-major order.
struct GradcheckMismatch {
  size_t input = 0;
  int64_t input_element = 0;
  size_t output = 0;
  int64_t output_element = 0;
  double analytic = 0;
  double numeric = 0;
  double difference = 0;
};

struct ADJOINT_API GradcheckResult {
  bool ok = true;
  /// Elements of Jacobians that were compared.
  int64_t num_compared = 0;
  std::vector<GradcheckMismatch> mismatches;
  /// What else is wrong, one sentence each: undefined gradients, differing backward passes.
  std::vector<std::string> problems;
  explicit operator bool() const { return ok; }
  /// For people: the problems, and a table of the mismatches.
  std::string text() const;
};

namespace detail {

ADJOINT_API GradcheckResult gradcheck(TensorFunction& function, const variable_list& inputs,
                                      const GradcheckOptions& options);
ADJOINT_API GradcheckResult gradgradcheck(TensorFunction& function, const variable_list& inputs,
                                          const variable_list& grad_outputs,
                                          const GradcheckOptions& options);

}  // namespace detail

/// Compares the gradients of `function` at `inputs` with central differences, element by element.
/// `function` takes a variable_list or one, two or three tensors and returns a tensor or a
/// variable_list; it must be deterministic. Every input that requires grad is checked: each must be
/// of dtype kDouble and without elements that share memory. The inputs are not changed. Throws
/// ValueError for unfit inputs.
template <class F>
GradcheckResult gradcheck(F&& function, const variable_list& inputs,
                          const GradcheckOptions& options = {}) {
  detail::TensorFunctionOf<std::remove_reference_t<F>> erased(function);
  return detail::gradcheck(erased, inputs, options);
}

/// As gradcheck, for the gradients of the gradients of `function`, weighted by `grad_outputs`, one
/// for each output that requires grad; random ones (the same in every call) where empty.
template <class F>
GradcheckResult gradgradcheck(F&& function, const variable_list& inputs,
                              const variable_list& grad_outputs = {},
                              const GradcheckOptions& options = {}) {
  detail::TensorFunctionOf<std::remove_reference_t<F>> erased(function);
  return detail::gradgradcheck(erased, inputs, grad_outputs, options);
}

}  // namespace adjoint::autograd
