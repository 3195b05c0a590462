// SPDX-License-Identifier: MIT
// Operations that are composed of others and go by one name in the graph, and operations in place
// that are made of those out of place.
#pragma once

#include "core/autograd/record.h"

namespace adjoint {

/// Hands its gradient on to the first `passed_on_` of its inputs, which the result was composed of.
/// The others, which do not change it, get zeros.
struct ComposedBackward final : Node {
  const char* name_ = "";
  size_t passed_on_ = 1;
  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    GradList out(num_outputs());
    for (size_t i = passed_on_; i < num_outputs(); ++i) {
      const Edge& edge = next_edge(i);
      if (!task_should_compute_output(i)) continue;
      const InputMetadata& input = edge.function->input_metadata(edge.input_nr);
      out[i] = zeros(input.sizes, TensorOptions(input.dtype).device(input.stream.device()));
    }
    if (passed_on_ == 1) out[0] = std::move(grads[0]);
    return out;
  }
};

/// `result`, whose grad_fn is a node of this name in front of those that it was composed of, and
/// of the inputs `flat`, whose gradient is zero.
template <class... Tensors>
Tensor under_name(const char* name, const Tensor& result, const Tensors&... flat) {
  if (!needs_grad(result, flat...)) return result;
  auto node = make_node<ComposedBackward>(result, flat...);
  node->name_ = name;
  Tensor out = result.detach();
  set_history(out, node);
  return out;
}

/// `result`, which is constant between the jumps of a function of `inputs`: they get zeros.
template <class... Tensors>
Tensor constant_under_name(const char* name, const Tensor& result, const Tensors&... inputs) {
  if (!needs_grad(inputs...)) return result;
  auto node = make_node<ComposedBackward>(inputs...);
  node->name_ = name;
  node->passed_on_ = 0;
  Tensor out = result.detach();
  set_history(out, node);
  return out;
}

/// `self` changed in place to `result`, what the operation out of place makes of `self` as its
/// first input: its values, in self's dtype, and its node. Throws what check_inplace throws, and
/// Error where the sizes differ. A result without a node leaves self's history as it is.
Tensor& become(const Tensor& self, const Tensor& result);

/// `self` before a change by an operation whose backward needs it: a copy at self's place in the
/// graph where the operation on it and `others` is recorded, else `self`.
template <class... Tensors>
Tensor before_change(const Tensor& self, const Tensors&... others) {
  if (!needs_grad(self, others...)) return self;
  Tensor kept = self.detach().clone();
  Edge edge = gradient_edge(self);
  if (edge.function) kept.impl()->set_grad_fn(std::move(edge.function), edge.input_nr);
  return kept;
}

/// An operand of a change of `self`: where it is self or a view of it, an alias at the operand's
/// place in the graph as that is before. A node that saved the operand itself would keep self, and
/// self its node, for ever.
inline Tensor operand_of_change(const Tensor& self, const Tensor& operand) {
  if (!operand.defined() || !self.defined()) return operand;
  if (operand.impl()->storage() != self.impl()->storage()) return operand;
  Tensor alias = operand.detach();
  Edge edge = gradient_edge(operand);
  if (edge.function) alias.impl()->set_grad_fn(std::move(edge.function), edge.input_nr);
  return alias;
}

}  // namespace adjoint
