// SPDX-License-Identifier: MIT
// Gradients of a node's outputs, gathered until all have come.
#pragma once

#include "adjoint/node.h"

namespace adjoint {

class InputBuffer {
 public:
  /// Adds a gradient that was computed on `producer` to entry `nr`, on `consumer`. Defined
  /// gradients only.
  void add(size_t num_entries, uint32_t nr, Tensor grad, const Stream& producer,
           const Stream& consumer);
  /// The gradients: none before the first has come, then one for each output of the node, some of
  /// which may be undefined.
  GradList& grads() noexcept { return grads_; }

 private:
  GradList grads_;
};

}  // namespace adjoint
