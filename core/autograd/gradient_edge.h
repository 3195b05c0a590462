// SPDX-License-Identifier: MIT
// Where the gradient of a tensor goes, and the view's part in it.
#pragma once

#include "adjoint/node.h"

namespace adjoint {

/// The grad_fn of a non-leaf, the AccumulateGrad of a leaf that requires grad, else no edge.
Edge gradient_edge(const Tensor& t);

/// The node that accumulates into t.grad(): made on first need, alive while a graph uses it.
intrusive_ptr<Node> grad_accumulator(const Tensor& t);

}  // namespace adjoint
