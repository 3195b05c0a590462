// SPDX-License-Identifier: MIT
// What few tensors carry beside their place in the graph: a gradient and hooks.
#pragma once

#include "adjoint/atomic.h"
#include "adjoint/node.h"
#include "adjoint/tensor.h"
#include "core/autograd/flat_parameters.h"
#include "core/autograd/hooks.h"

namespace adjoint::detail {

struct AutogradMeta {
  Tensor grad;
  /// Of a parameter that lies in a segment: Note [Flat parameters].
  std::unique_ptr<FlatSlot> flat;
  /// The node that accumulates into `grad`. It holds the tensor, the tensor does not hold it. Under
  /// `lock`.
  Node* accumulator = nullptr;
  SpinLock lock;
  /// Where backward leaves the gradient of a non-leaf that asked for it.
  intrusive_ptr<RetainedGrad> retained;
  /// Hooks of a leaf; those of another tensor live at its grad_fn.
  TensorHooks hooks;
  /// Run when `grad` was added to.
  TensorHooks post_accumulate;

  /// Deletes it. One that goes while another is being deleted on this thread waits in a list for
  /// its turn, as nodes do: hooks may hold tensors with hooks.
  static void destroy(AutogradMeta* meta) noexcept;
  AutogradMeta* next_dead = nullptr;
};

}  // namespace adjoint::detail
