// SPDX-License-Identifier: MIT
// Whether an optimizer's step is to be taken, as the device finds out.
#pragma once

#include "adjoint/tensor.h"

namespace adjoint {

/// In its scope, updates of this thread that are recorded are left out by every replay that finds
/// `found_inf` (kFloat, one element, kept by the caller's program) to be other than 0.
class FoundInfScope {
 public:
  explicit FoundInfScope(const Tensor& found_inf) noexcept
      : found_inf_(found_inf), previous_(current_) {
    current_ = this;
  }
  ~FoundInfScope() { current_ = previous_; }
  FoundInfScope(const FoundInfScope&) = delete;
  FoundInfScope& operator=(const FoundInfScope&) = delete;

  /// For an update; null where there is no scope.
  static const Tensor* use() noexcept {
    if (!current_) return nullptr;
    current_->was_used_ = true;
    return &current_->found_inf_;
  }
  bool was_used() const noexcept { return was_used_; }

 private:
  static thread_local FoundInfScope* current_;
  const Tensor& found_inf_;
  FoundInfScope* const previous_;
  bool was_used_ = false;
};

}  // namespace adjoint
