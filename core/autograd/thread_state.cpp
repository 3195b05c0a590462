// SPDX-License-Identifier: MIT
#include "core/autograd/thread_state.h"

#include "core/autograd/mode.h"
#include "core/device/builtin_backends.h"

namespace adjoint {

constinit thread_local uint64_t detail::next_sequence_nr = 0;
constinit thread_local const void* detail::first_thread = nullptr;

ThreadState::ThreadState()
    : autograd_mode_(detail::autograd_mode),
      unwanted_outputs_(unwanted_outputs),
      observer_(detail::dispatch_observer()),
      recorder_(detail::call_recorder()),
      warning_handler_(WarningUtils::get_warning_handler()),
      module_scope_(nn::ModuleScope::current()),
      saved_tensor_hooks_(saved_tensor_hooks_state()),
      generator_(&default_generator()),
      running_node_(RunningNode::current()),
      next_sequence_nr_(detail::next_sequence_nr),
      first_thread_(chain_of_calls()) {
  for (size_t type = 0; type < kNumDeviceTypes; ++type) {
    Backend* backend = backend_in_use(DeviceType(type));
    if (!backend) continue;
    if (auto state = backend->thread_state()) backends_.push_back(std::move(state));
  }
}
ThreadState::~ThreadState() = default;

void ThreadState::take_over() {
  detail::autograd_mode = autograd_mode_;
  unwanted_outputs = unwanted_outputs_;
  set_dispatch_observer(observer_);
  detail::set_call_recorder(recorder_);
  WarningUtils::set_warning_handler(warning_handler_);
  nn::ModuleScope::set_current(module_scope_);
  set_saved_tensor_hooks_state(saved_tensor_hooks_);
  generator_guard_.emplace(generator_);
  running_node_guard_.emplace(running_node_);
  detail::next_sequence_nr = next_sequence_nr_;
  detail::first_thread = first_thread_;
  for (const auto& state : backends_) state->take_over();
}

void ThreadState::hand_back() {
  running_node_guard_.reset();
  generator_guard_.reset();
  next_sequence_nr_ = detail::next_sequence_nr;
  set_dispatch_observer(nullptr);  // of a thread that ends
  detail::set_call_recorder(nullptr);
}

void ThreadState::go_on() const { detail::next_sequence_nr = next_sequence_nr_; }

}  // namespace adjoint
