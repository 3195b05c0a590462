// SPDX-License-Identifier: MIT
// What of a thread's work is recorded: one byte, so that an operation asks once.
#pragma once

#include <cstdint>

namespace adjoint::detail {

enum Mode : uint8_t {
  kGradMode = 1,
  kInferenceMode = 2,
  /// Views made with grad mode off do not remember their base. Set while nodes run backward, whose
  /// views would else keep gradients from being the only users of their memory.
  kUntrackedViews = 4,
};

extern constinit thread_local uint8_t autograd_mode;

/// Whether operations on tensors that require grad are recorded: grad mode is on, inference mode
/// off.
inline bool is_recording() noexcept { return autograd_mode == kGradMode; }

/// The mode that backward runs in: recording with create_graph, else with untracked views.
class BackwardMode {
 public:
  explicit BackwardMode(bool create_graph) noexcept : previous_(autograd_mode) {
    autograd_mode =
        uint8_t((autograd_mode & kInferenceMode) | (create_graph ? kGradMode : kUntrackedViews));
  }
  ~BackwardMode() { autograd_mode = previous_; }
  BackwardMode(const BackwardMode&) = delete;
  BackwardMode& operator=(const BackwardMode&) = delete;

 private:
  uint8_t previous_;
};

}  // namespace adjoint::detail
