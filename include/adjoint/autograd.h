// SPDX-License-Identifier: MIT
// Gradients: grad modes, backward and grad.
#pragma once

#include <cstdint>
#include <optional>

#include "adjoint/export.h"
#include "adjoint/node.h"
#include "adjoint/tensor.h"

namespace adjoint {

/// Whether operations of this thread are recorded for backward; on at start.
class ADJOINT_API GradMode {
 public:
  static bool is_enabled() noexcept;
  static void set_enabled(bool enabled) noexcept;

 private:
  friend class AutoGradMode;
  /// Returns what restore() goes back to.
  static uint8_t exchange(bool enabled) noexcept;
  static void restore(uint8_t previous) noexcept;
};

/// Sets the grad mode of this thread and restores it at the end of the scope.
class ADJOINT_API AutoGradMode {
 public:
  explicit AutoGradMode(bool enabled) : previous_(GradMode::exchange(enabled)) {}
  ~AutoGradMode() { GradMode::restore(previous_); }
  AutoGradMode(const AutoGradMode&) = delete;
  AutoGradMode& operator=(const AutoGradMode&) = delete;

 private:
  uint8_t previous_;
};

/// Nothing is recorded in its scope.
struct NoGradGuard : AutoGradMode {
  NoGradGuard() : AutoGradMode(false) {}
};
/// Everything is recorded in its scope, also inside of a NoGradGuard's.
struct enable_grad : AutoGradMode {
  enable_grad() : AutoGradMode(true) {}
};
using no_grad = NoGradGuard;

/// Inference mode in its scope: no_grad for good, and with no book-keeping for in-place changes.
/// Tensors made in it are inference tensors for ever (Tensor::is_inference; views and detach()
/// are what their source is): they have no version, backward cannot save them, and they change in
/// place in inference mode only; clone() outside gives a normal tensor. Normal tensors may be
/// changed in place in it, which is counted and not recorded. With `false`, normal mode in its
/// scope.
class ADJOINT_API InferenceMode {
 public:
  InferenceMode(bool enabled = true) noexcept;
  ~InferenceMode();
  InferenceMode(const InferenceMode&) = delete;
  InferenceMode& operator=(const InferenceMode&) = delete;
  static bool is_enabled() noexcept;

 private:
  uint8_t previous_;
};

namespace autograd {

using adjoint::CreationMeta;
using adjoint::Edge;
using adjoint::FunctionPostHook;
using adjoint::FunctionPreHook;
using adjoint::Node;
using adjoint::Tensor;
using adjoint::variable_list;
using Variable = Tensor;

/// Accumulates into leaves the gradient of the sum of `tensors`, each weighted by the tensor in
/// `grad_tensors` (of its shape; may be undefined, or the list empty, for one-element tensors).
/// `retain_graph` keeps what is needed for another call (default: create_graph); with
/// `create_graph` the gradients can be differentiated. `inputs`: where not empty, only these
/// receive gradients. Throws Error for tensors that need no gradient, gradients of wrong shape, and
/// a graph that an earlier call has freed.
ADJOINT_API void backward(const variable_list& tensors, const variable_list& grad_tensors = {},
                          std::optional<bool> retain_graph = std::nullopt,
                          bool create_graph = false, const variable_list& inputs = {});

/// The gradients of the sum of `outputs` (weighted as in backward) with respect to `inputs`, one
/// each; no tensor's grad() changes. Throws Error for an input that no output depends on, unless
/// `allow_unused`: its gradient is then undefined.
ADJOINT_API variable_list grad(const variable_list& outputs, const variable_list& inputs,
                               const variable_list& grad_outputs = {},
                               std::optional<bool> retain_graph = std::nullopt,
                               bool create_graph = false, bool allow_unused = false);

}  // namespace autograd
}  // namespace adjoint
