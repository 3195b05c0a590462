// SPDX-License-Identifier: MIT
#include "adjoint/nn/module_scope.h"

#include "adjoint/nn/module.h"

namespace adjoint {

static constinit thread_local detail::ModuleCallObserver* observer_of_thread = nullptr;

detail::ModuleCallObserver* detail::set_module_call_observer(
    ModuleCallObserver* observer) noexcept {
  ModuleCallObserver* previous = std::exchange(observer_of_thread, observer);
  if (observer && !previous) watch.add_relaxed(Watch::kModuleCalls);
  if (!observer && previous) watch.subtract(Watch::kModuleCalls);
  return previous;
}

namespace nn {
namespace {

constinit thread_local ModuleScope* current_scope = nullptr;

/// "block.fc1" where `module` is somewhere in `root`; empty where it is not.
std::string name_within(const Module& root, const Module& module) {
  const auto children = root.named_children();
  for (const auto& child : children) {
    if (child.value().get() == &module) return child.key();
  }
  for (const auto& child : children) {
    std::string below = name_within(*child.value(), module);
    if (!below.empty()) return child.key() + "." + below;
  }
  return {};
}

std::string name_alone(const Module& module) {
  return module.registered_name().empty() ? module.name() : module.registered_name();
}

}  // namespace

ModuleScope* ModuleScope::current() noexcept { return current_scope; }
void ModuleScope::set_current(ModuleScope* scope) noexcept { current_scope = scope; }

void ModuleScope::enter() noexcept {
  entered_ = true;
  outer_ = std::exchange(current_scope, this);
}
void ModuleScope::leave() noexcept { current_scope = outer_; }

const intrusive_ptr<detail::ModulePath>& ModuleScope::path() {
  if (path_) return path_;
  // A module that opens a scope of its own in a call that has one is the same call.
  if (outer_ && outer_->module_ == module_) return path_ = outer_->path();
  path_ = intrusive_ptr<detail::ModulePath>::adopt(new detail::ModulePath());
  if (!outer_) {
    path_->text = name_alone(*module_);
  } else {
    const std::string below = name_within(*outer_->module_, *module_);
    path_->text = outer_->path()->text + "." + (below.empty() ? name_alone(*module_) : below);
  }
  return path_;
}

void ModuleScope::note_output(const Tensor& output) const {
  if (observer_of_thread) observer_of_thread->returned(*module_, output);
}

}  // namespace nn
}  // namespace adjoint
