// SPDX-License-Identifier: MIT
// Gradients of a node's outputs, gathered until all have come.
#pragma once

#include "adjoint/node.h"

namespace adjoint {

class InputBuffer {
 public:
  /// Adds a gradient that was computed on `producer` to entry `nr`, on `consumer`. Defined gradients
  /// only.
  void add(size_t num_entries, uint32_t nr, Tensor grad, const Stream& producer, const Stream& consumer);
  /// The gradients, one for each output of the node; some may be undefined.
  GradList take(size_t num_entries);
  bool empty() const noexcept { return grads_.empty(); }

 private:
  SmallVector<Tensor, 1> grads_;
};

}  // namespace adjoint
