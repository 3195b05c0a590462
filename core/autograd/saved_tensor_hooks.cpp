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

namespace {

struct ToCpu {
  std::pair<Tensor, Device> operator()(const Tensor& t) const {
    return {t.to(Device(kCPU), false, /*copy=*/true), t.device()};
  }
};
struct FromCpu {
  Tensor operator()(const std::pair<Tensor, Device>& packed) const {
    return packed.first.to(packed.second);
  }
};

}  // namespace

struct save_on_cpu::Hooks {
  saved_tensors_hooks<ToCpu, FromCpu> scope{ToCpu{}, FromCpu{}};
};
save_on_cpu::save_on_cpu() : hooks_(new Hooks) {}
save_on_cpu::~save_on_cpu() { delete hooks_; }

}  // namespace autograd
}  // namespace adjoint
