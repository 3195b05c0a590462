// SPDX-License-Identifier: MIT
// Where the gradient of a leaf arrives.
#pragma once

#include <mutex>

#include "adjoint/node.h"
#include "core/autograd/turn_lock.h"

namespace adjoint {

// Note [Gradient buffers]
// A leaf's gradient stays in one buffer on its device. The first gradient that arrives becomes the
// buffer ("is stolen") if nothing else refers to it, is contiguous and of the leaf's shape; else it
// is copied. The first one of a flattened parameter is written into its place in a segment instead
// (Note [Flat parameters]). Later ones are added in place. With create_graph the sum is recorded,
// so it is made anew. Several backward calls may end in one leaf at once: they take turns.
class AccumulateGrad final : public Node {
 public:
  explicit AccumulateGrad(const Tensor& variable);
  ~AccumulateGrad() override;
  const char* name() const override { return "AccumulateGrad"; }
  GradList apply(GradList&& grads) override;
  void run_hooks(GradList& grads) override;
  /// Says that work on `stream` will use the gradient too.
  void hand_over(const Stream& stream);
  const Tensor& variable() const noexcept { return variable_; }

 private:
  Tensor variable_;
  std::mutex mutex_;
  TurnLock turn_;  ///< of post-accumulate-grad hooks, which may run backward themselves
};

/// Adds `grad` to the tensor's grad(): stolen, added in place or recorded as the Note says.
void accumulate_grad(const Tensor& variable, Tensor grad);

}  // namespace adjoint
