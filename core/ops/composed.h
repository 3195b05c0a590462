// SPDX-License-Identifier: MIT
// Operations that are composed of others and go by one name in the graph.
#pragma once

#include "core/autograd/record.h"

namespace adjoint {

/// Hands its gradient on to what the result was composed of.
struct ComposedBackward final : Node {
  const char* name_ = "";
  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override { return std::move(grads); }
};

/// `result`, whose grad_fn is a node of this name in front of those that it was composed of.
inline Tensor under_name(const char* name, const Tensor& result) {
  if (!needs_grad(result)) return result;
  auto node = make_node<ComposedBackward>(result);
  node->name_ = name;
  Tensor out = result.detach();
  set_history(out, node);
  return out;
}

}  // namespace adjoint
