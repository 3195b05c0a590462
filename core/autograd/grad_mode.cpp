// SPDX-License-Identifier: MIT
#include "adjoint/autograd.h"
#include "core/autograd/mode.h"

namespace adjoint {

constinit thread_local uint8_t detail::autograd_mode = detail::kGradMode;

using detail::autograd_mode;
using detail::kGradMode;
using detail::kInferenceMode;
using detail::kUntrackedViews;

bool GradMode::is_enabled() noexcept { return (autograd_mode & kGradMode) != 0; }

void GradMode::set_enabled(bool enabled) noexcept { exchange(enabled); }

uint8_t GradMode::exchange(bool enabled) noexcept {
  uint8_t previous = autograd_mode;
  autograd_mode =
      enabled ? uint8_t((previous | kGradMode) & ~kUntrackedViews) : uint8_t(previous & ~kGradMode);
  return previous;
}

void GradMode::restore(uint8_t previous) noexcept { autograd_mode = previous; }

InferenceMode::InferenceMode(bool enabled) noexcept : previous_(autograd_mode) {
  autograd_mode = enabled ? kInferenceMode : kGradMode;
}
InferenceMode::~InferenceMode() { autograd_mode = previous_; }
bool InferenceMode::is_enabled() noexcept { return (autograd_mode & kInferenceMode) != 0; }

}  // namespace adjoint
