// SPDX-License-Identifier: MIT
// Whether this thread has hooks for what it saves.
#pragma once

#include <memory>

#include "adjoint/saved_tensor_hooks.h"

namespace adjoint {

bool has_saved_tensor_hooks() noexcept;
/// Those of the innermost scope, for one more tensor. Only where there is one.
std::unique_ptr<autograd::SavedVariableHooks> make_saved_tensor_hooks();

/// What a thread has, to give it to another.
struct SavedTensorHooksState {
  autograd::detail::SavedTensorHooksFactory* factory;
  const std::string* disabled_message;
};
SavedTensorHooksState saved_tensor_hooks_state() noexcept;
void set_saved_tensor_hooks_state(const SavedTensorHooksState& state) noexcept;

}  // namespace adjoint
