// SPDX-License-Identifier: MIT
// A function of tensors with its type forgotten: what gradcheck.h and autograd_functional.h take.
#pragma once

#include <type_traits>
#include <utility>

#include "adjoint/node.h"
#include "adjoint/tensor.h"

namespace adjoint::autograd::detail {

class ADJOINT_API TensorFunction {
 public:
  virtual ~TensorFunction();
  virtual variable_list call(const variable_list& inputs) = 0;
};

/// Calls an F, of a variable_list or of one, two or three tensors, with the tensors in `t`.
template <class F>
decltype(auto) call_with(F& function, const variable_list& t) {
  using T = const Tensor&;
  if constexpr (std::is_invocable_v<F&, const variable_list&>) {
    return function(t);
  } else if constexpr (std::is_invocable_v<F&, T>) {
    return function(t.at(0));
  } else if constexpr (std::is_invocable_v<F&, T, T>) {
    return function(t.at(0), t.at(1));
  } else {
    return function(t.at(0), t.at(1), t.at(2));
  }
}

/// Tensor or variable_list: what F returns.
template <class F>
using ResultOf = std::decay_t<decltype(call_with(std::declval<std::remove_reference_t<F>&>(),
                                                 std::declval<const variable_list&>()))>;

template <class F>
class TensorFunctionOf final : public TensorFunction {
 public:
  explicit TensorFunctionOf(F& function) : function_(function) {}
  variable_list call(const variable_list& t) override { return list(call_with(function_, t)); }

 private:
  static variable_list list(Tensor t) { return {std::move(t)}; }
  static variable_list list(variable_list t) { return t; }
  F& function_;
};

}  // namespace adjoint::autograd::detail
