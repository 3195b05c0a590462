// SPDX-License-Identifier: MIT
// Derivatives of functions as a whole: Jacobians, Hessians, and their products with vectors.
//
//   using namespace adjoint::autograd;
//   Tensor j = functional::jacobian([](const Tensor& x) { return x.exp(); }, x);
//   auto [value, hv] = functional::hvp([](const Tensor& x) { return (x * x * x).sum(); }, x, v);
//
// Each takes a function of a variable_list or of one, two or three tensors, which returns a tensor
// or a variable_list, and its inputs, floating point: a tensor or a variable_list. Results have a
// tensor for a tensor and a list for a list. The function sees tensors of its own with the inputs'
// values, never the inputs themselves; nobody's grad() changes.
//
// create_graph: the results can be differentiated with respect to inputs (and vectors v) that
// require grad; else they have no history. strict: an Error where a result does not depend on an
// input; else zeros stand there. All throw Error for inputs, vectors and results that are undefined
// or of the wrong number or shape.
#pragma once

#include <utility>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/tensor_function.h"

namespace adjoint::autograd::functional {

namespace detail {

using autograd::detail::ResultOf;
using autograd::detail::TensorFunction;
using autograd::detail::TensorFunctionOf;
using Pair = std::pair<variable_list, variable_list>;

/// What the functions below have in common.
struct Request {
  variable_list inputs;
  bool create_graph;
  bool strict;
};

/// [output][input]
ADJOINT_API std::vector<variable_list> jacobian(TensorFunction& function, const Request& request);
/// [input][input]
ADJOINT_API std::vector<variable_list> hessian(TensorFunction& function, const Request& request,
                                               bool returns_list);
// An empty `v`: none was given.
ADJOINT_API Pair vjp(TensorFunction& function, const Request& request, const variable_list& v,
                     bool returns_list);
ADJOINT_API Pair jvp(TensorFunction& function, const Request& request, const variable_list& v,
                     bool takes_list);
ADJOINT_API Pair vhp(TensorFunction& function, const Request& request, const variable_list& v,
                     bool takes_list, bool returns_list);
ADJOINT_API Pair hvp(TensorFunction& function, const Request& request, const variable_list& v,
                     bool takes_list, bool returns_list);

template <class T>
inline constexpr bool is_list = std::is_same_v<T, variable_list>;

inline variable_list list_of(const variable_list& list) { return list; }
inline variable_list list_of(const Tensor& t) {
  return t.defined() ? variable_list{t} : variable_list{};
}
/// A list as the T that the caller is to see.
template <class T>
T as(variable_list list) {
  if constexpr (is_list<T>) {
    return list;
  } else {
    return std::move(list.at(0));
  }
}
template <class First, class Second>
std::pair<First, Second> as_pair(Pair pair) {
  return {as<First>(std::move(pair.first)), as<Second>(std::move(pair.second))};
}

/// A matrix of tensors without the dimensions that are no lists.
template <class Outer, class Inner>
auto as_matrix(std::vector<variable_list> rows) {
  if constexpr (!is_list<Outer>) {
    return as<Inner>(std::move(rows.at(0)));
  } else if constexpr (is_list<Inner>) {
    return rows;
  } else {
    variable_list column;
    for (variable_list& row : rows) column.push_back(std::move(row.at(0)));
    return column;
  }
}

}  // namespace detail

/// The Jacobian: of one output and one input, a tensor of the sizes of the output followed by those
/// of the input. A list of outputs gives a list, a list of inputs gives a list for each output.
template <class F>
auto jacobian(F&& function, const Tensor& input, bool create_graph = false, bool strict = false) {
  detail::TensorFunctionOf erased(function);
  return detail::as_matrix<detail::ResultOf<F>, Tensor>(
      detail::jacobian(erased, {{input}, create_graph, strict}));
}
template <class F>
auto jacobian(F&& function, const variable_list& inputs, bool create_graph = false,
              bool strict = false) {
  detail::TensorFunctionOf erased(function);
  return detail::as_matrix<detail::ResultOf<F>, variable_list>(
      detail::jacobian(erased, {inputs, create_graph, strict}));
}

/// The Hessian of a function of one element: for one input, a tensor of the input's sizes twice;
/// for a list, hessian(...)[i][j] has the sizes of input i followed by those of input j.
template <class F>
Tensor hessian(F&& function, const Tensor& input, bool create_graph = false, bool strict = false) {
  detail::TensorFunctionOf erased(function);
  return detail::hessian(erased, {{input}, create_graph, strict},
                         detail::is_list<detail::ResultOf<F>>)[0][0];
}
template <class F>
std::vector<variable_list> hessian(F&& function, const variable_list& inputs,
                                   bool create_graph = false, bool strict = false) {
  detail::TensorFunctionOf erased(function);
  return detail::hessian(erased, {inputs, create_graph, strict},
                         detail::is_list<detail::ResultOf<F>>);
}

/// The function's outputs, and v^T J: of the inputs' sizes. `v` has the sizes of the outputs; it
/// may be left out (undefined, empty) where the output is one element.
template <class F>
std::pair<detail::ResultOf<F>, Tensor> vjp(F&& function, const Tensor& input,
                                           const detail::ResultOf<F>& v = {},
                                           bool create_graph = false, bool strict = false) {
  detail::TensorFunctionOf erased(function);
  return detail::as_pair<detail::ResultOf<F>, Tensor>(
      detail::vjp(erased, {{input}, create_graph, strict}, detail::list_of(v),
                  detail::is_list<detail::ResultOf<F>>));
}
template <class F>
std::pair<detail::ResultOf<F>, variable_list> vjp(F&& function, const variable_list& inputs,
                                                  const detail::ResultOf<F>& v = {},
                                                  bool create_graph = false, bool strict = false) {
  detail::TensorFunctionOf erased(function);
  return detail::as_pair<detail::ResultOf<F>, variable_list>(
      detail::vjp(erased, {inputs, create_graph, strict}, detail::list_of(v),
                  detail::is_list<detail::ResultOf<F>>));
}

/// The function's outputs, and J v: of the outputs' sizes. `v` has the sizes of the inputs; it may
/// be left out where the input is one element. Computed by two backward passes.
template <class F>
std::pair<detail::ResultOf<F>, detail::ResultOf<F>> jvp(F&& function, const Tensor& input,
                                                        const Tensor& v = {},
                                                        bool create_graph = false,
                                                        bool strict = false) {
  detail::TensorFunctionOf erased(function);
  return detail::as_pair<detail::ResultOf<F>, detail::ResultOf<F>>(
      detail::jvp(erased, {{input}, create_graph, strict}, detail::list_of(v), false));
}
template <class F>
std::pair<detail::ResultOf<F>, detail::ResultOf<F>> jvp(F&& function, const variable_list& inputs,
                                                        const variable_list& v = {},
                                                        bool create_graph = false,
                                                        bool strict = false) {
  detail::TensorFunctionOf erased(function);
  return detail::as_pair<detail::ResultOf<F>, detail::ResultOf<F>>(
      detail::jvp(erased, {inputs, create_graph, strict}, v, true));
}

/// The value of a function of one element, and v^T H: of the inputs' sizes, as `v`, which may be
/// left out where the input is one element.
template <class F>
std::pair<Tensor, Tensor> vhp(F&& function, const Tensor& input, const Tensor& v = {},
                              bool create_graph = false, bool strict = false) {
  detail::TensorFunctionOf erased(function);
  return detail::as_pair<Tensor, Tensor>(detail::vhp(erased, {{input}, create_graph, strict},
                                                     detail::list_of(v), false,
                                                     detail::is_list<detail::ResultOf<F>>));
}
template <class F>
std::pair<Tensor, variable_list> vhp(F&& function, const variable_list& inputs,
                                     const variable_list& v = {}, bool create_graph = false,
                                     bool strict = false) {
  detail::TensorFunctionOf erased(function);
  return detail::as_pair<Tensor, variable_list>(detail::vhp(
      erased, {inputs, create_graph, strict}, v, true, detail::is_list<detail::ResultOf<F>>));
}

/// The value of a function of one element, and H v. The same numbers as vhp's where the Hessian is
/// symmetric, but through one more backward pass: prefer vhp.
template <class F>
std::pair<Tensor, Tensor> hvp(F&& function, const Tensor& input, const Tensor& v = {},
                              bool create_graph = false, bool strict = false) {
  detail::TensorFunctionOf erased(function);
  return detail::as_pair<Tensor, Tensor>(detail::hvp(erased, {{input}, create_graph, strict},
                                                     detail::list_of(v), false,
                                                     detail::is_list<detail::ResultOf<F>>));
}
template <class F>
std::pair<Tensor, variable_list> hvp(F&& function, const variable_list& inputs,
                                     const variable_list& v = {}, bool create_graph = false,
                                     bool strict = false) {
  detail::TensorFunctionOf erased(function);
  return detail::as_pair<Tensor, variable_list>(detail::hvp(
      erased, {inputs, create_graph, strict}, v, true, detail::is_list<detail::ResultOf<F>>));
}

}  // namespace adjoint::autograd::functional
