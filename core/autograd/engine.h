// SPDX-License-Identifier: MIT
// Runs a graph backward.
#pragma once

#include <span>

#include "adjoint/node.h"

namespace adjoint {

/// Sees the gradients of a pass.
class NodeObserver {
 public:
  /// What a node was given, after its hooks have seen it.
  virtual void received(const Node& node, const GradList& grads) = 0;
  /// What it made of that; called right after.
  virtual void returned(const Node& node, const GradList& results) = 0;

 protected:
  ~NodeObserver() = default;
};

class Engine {
 public:
  struct Options {
    bool keep_graph = false;
    bool create_graph = false;
    /// Where not empty, only what leads to these is run; of leaves only these accumulate, and those
    /// only where nothing is captured.
    std::span<const Edge> inputs;
    /// Where not empty, the gradients of `inputs` go here, one each; entries that no gradient comes
    /// for stay.
    std::span<Tensor> captured;
    /// The gradient of the only root is 1 and was not made: the node takes_undefined_for_one().
    bool root_is_one = false;
    /// Where it is not null, NaN is left to it.
    NodeObserver* observer = nullptr;
  };

  /// Sends `grads` (validated, defined but for root_is_one; moved from) into `roots` and runs all
  /// nodes that they reach, on the calling thread (but see Note [Deep nesting]), without recursion;
  /// throws what a node throws.
  static void run(std::span<const Edge> roots, std::span<Tensor> grads, const Options& options);
};

/// Makes `grad` fit the forward output that `metadata` describes: sums what broadcasting had
/// stretched and converts the dtype. Throws Error, naming `source`, where the shape cannot fit.
void validate_grad(Tensor& grad, const InputMetadata& metadata, const char* source, size_t index);

/// Whether apply() runs where no gradient has come at all: that of a Function, whose backward sees
/// zeros.
bool runs_without_gradient(const Node& node);

}  // namespace adjoint
