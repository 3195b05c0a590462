// SPDX-License-Identifier: MIT
// Functions of the user's that see gradients on their way, and gradients of non-leaves that are kept.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "adjoint/intrusive_ptr.h"
#include "adjoint/node.h"
#include "adjoint/tensor.h"
#include "core/autograd/anomaly.h"

namespace adjoint::detail {

/// The hooks of one tensor, in the order in which they were registered.
class TensorHooks {
 public:
  unsigned add(TensorHook* hook);
  bool remove(unsigned handle);
  bool empty() const noexcept { return hooks_.empty(); }
  /// Throws Error if a hook returns a gradient of another shape.
  void run(Tensor& grad) const;

 private:
  std::vector<std::pair<unsigned, std::shared_ptr<TensorHook>>> hooks_;
};

/// Shared by a tensor that retains its gradient and the node that will compute it: a reference to
/// the tensor itself would make a cycle.
struct RetainedGrad {
  RefCount ref;
  Tensor grad;
  void retain() noexcept { ref.add(); }
  void release() noexcept {
    if (ref.drop()) delete this;
  }
};

/// What a node has to do with the gradient of one of its outputs before it uses it.
struct OutputHooks {
  uint32_t output_nr;
  TensorHooks hooks;
  intrusive_ptr<RetainedGrad> retained;
};

struct NodeHooks {
  std::vector<OutputHooks> outputs;
  intrusive_ptr<NodeSite> site;  ///< where the node was made, if that was noted
  OutputHooks& of(uint32_t output_nr);
  void run(GradList& grads) const;
};

}  // namespace adjoint::detail
