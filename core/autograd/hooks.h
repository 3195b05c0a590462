// SPDX-License-Identifier: MIT
// Functions of the user's that see gradients on their way, and gradients of non-leaves that are
// kept.
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

/// Hooks of one kind, in the order in which they were registered; the place of each is its handle.
template <class Hook>
class HookList {
 public:
  bool empty() const noexcept { return hooks_.empty(); }
  unsigned add(Hook* hook) {
    hooks_.emplace_back(hook);
    return unsigned(hooks_.size() - 1);
  }
  /// Whether the handle was ever given.
  bool remove(size_t handle) {
    if (handle >= hooks_.size()) return false;
    hooks_[handle].reset();
    return true;
  }
  /// Calls f(hook, handle). Hooks may be added (they are not called) and removed (they are not
  /// called any more) meanwhile.
  template <class F>
  void for_each(F f) const {
    for (size_t i = 0, n = hooks_.size(); i < n; ++i) {
      if (std::shared_ptr<Hook> hook = hooks_[i]) f(*hook, i);
    }
  }

 private:
  std::vector<std::shared_ptr<Hook>> hooks_;
};

/// The hooks of one tensor.
class TensorHooks : public HookList<TensorHook> {
 public:
  /// What the hooks make of `grad`, which may be undefined. Throws Error if a hook returns a
  /// gradient of another shape, dtype or device.
  void run(Tensor& grad) const;
  /// Calls them with `tensor`.
  void call(const Tensor& tensor) const;
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
  // Each stays where it is while hooks add others.
  std::vector<std::unique_ptr<OutputHooks>> outputs;
  HookList<FunctionPreHook> tensor_pre, pre;
  HookList<FunctionPostHook> post;
  intrusive_ptr<NodeSite> site;  ///< where the node was made, if that was noted

  OutputHooks& of(uint32_t output_nr);
  /// Tensor hooks, then retained gradients.
  void run(GradList& grads) const;
  /// Says that work on `stream` uses the retained gradients.
  void hand_over(const Stream& stream) const;
};

/// node.apply() between the node's pre-hooks and post-hooks.
GradList apply_with_hooks(Node& node, GradList&& grads);

/// Where `tensor` retains its gradient, `node` is what computes it from now on, as output
/// `output_nr`; before, its grad_fn_unchecked() did.
void move_retained_grad(const TensorImpl& tensor, Node& node, uint32_t output_nr);

}  // namespace adjoint::detail
