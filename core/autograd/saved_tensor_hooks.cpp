// SPDX-License-Identifier: MIT
#include "core/autograd/saved_tensor_hooks.h"

namespace adjoint {
namespace {

constinit thread_local autograd::detail::SavedTensorHooksFactory* hooks_factory = nullptr;
constinit thread_local const std::string* disabled_message = nullptr;

}  // namespace

SavedTensorHooksState saved_tensor_hooks_state() noexcept {
  return {hooks_factory, disabled_message};
}
void set_saved_tensor_hooks_state(const SavedTensorHooksState& state) noexcept {
  hooks_factory = state.factory;
  disabled_message = state.disabled_message;
}

bool has_saved_tensor_hooks() noexcept { return hooks_factory != nullptr; }
std::unique_ptr<autograd::SavedVariableHooks> make_saved_tensor_hooks() {
  return hooks_factory->make();
}

namespace autograd {

SavedVariableHooks::~SavedVariableHooks() = default;

namespace detail {

SavedTensorHooksFactory::~SavedTensorHooksFactory() = default;

SavedTensorHooksScope::SavedTensorHooksScope(SavedTensorHooksFactory* factory)
    : previous_(hooks_factory) {
  ADJOINT_CHECK(!factory || !disabled_message, *disabled_message);
  hooks_factory = factory;
}
SavedTensorHooksScope::~SavedTensorHooksScope() { hooks_factory = previous_; }

}  // namespace detail

disable_saved_tensors_hooks::disable_saved_tensors_hooks(std::string message)
    : message_(std::move(message)), previous_(disabled_message) {
  ADJOINT_CHECK(!hooks_factory, message_);
  disabled_message = &message_;
}
disable_saved_tensors_hooks::~disable_saved_tensors_hooks() { disabled_message = previous_; }

std::pair<Tensor, Device> save_on_cpu::Pack::operator()(const Tensor& t) const {
  return {t.to(Device(kCPU), false, /*copy=*/true), t.device()};
}
Tensor save_on_cpu::Unpack::operator()(const std::pair<Tensor, Device>& packed) const {
  return packed.first.to(packed.second);
}
save_on_cpu::save_on_cpu() : hooks_(Pack{}, Unpack{}) {}

}  // namespace autograd
}  // namespace adjoint
