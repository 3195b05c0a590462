// SPDX-License-Identifier: MIT
// What operations read of the thread that they run on, to go on with on another.
//
// Note [Thread state]
// A deeply nested backward goes on on a thread made for it (Note [Deep nesting], engine.cpp), while
// the one that called it waits. Operations there must do what they would have done here, so
// everything thread-local that they read is listed in ThreadState: whoever adds a thread-local mode
// adds it there. What a backend keeps for each thread it hands over itself (Backend::thread_state).
// Not listed is what only saves work: pools, caches, scratch memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "adjoint/backend.h"
#include "adjoint/nn/module_scope.h"
#include "adjoint/op_registry.h"
#include "adjoint/warning.h"
#include "core/autograd/anomaly.h"
#include "core/autograd/saved_tensor_hooks.h"
#include "core/autograd/unwanted_outputs.h"
#include "core/tensor/default_generator.h"

namespace adjoint {

namespace detail {
/// Of the node that is made next. Per thread: a node's inputs were made before it on its own
/// thread, or by a thread that handed them over; ties between threads do not matter, since
/// dependencies order the nodes.
extern constinit thread_local uint64_t next_sequence_nr;
/// The thread that began the calls that this one goes on with; null for one that goes on with none.
extern constinit thread_local const void* first_thread;
}  // namespace detail

/// One value for this thread and all that go on with what it does.
inline const void* chain_of_calls() noexcept {
  return detail::first_thread ? detail::first_thread : &detail::first_thread;
}

class ThreadState {
 public:
  /// That of this thread.
  ThreadState();
  ~ThreadState();
  ThreadState(const ThreadState&) = delete;
  ThreadState& operator=(const ThreadState&) = delete;

  /// Gives it to this thread, which is new.
  void take_over();
  /// At the end of the new thread, which has taken it over: what it leaves to the first.
  void hand_back();
  /// On the first thread, when the other has ended.
  void go_on() const;

 private:
  uint8_t autograd_mode_;
  UnwantedOutputs unwanted_outputs_;
  DispatchObserver* observer_;
  detail::CallRecorder* recorder_;
  WarningHandler* warning_handler_;
  nn::ModuleScope* module_scope_;
  SavedTensorHooksState saved_tensor_hooks_;
  Generator* generator_;
  Node* running_node_;
  uint64_t next_sequence_nr_;
  const void* first_thread_;
  std::vector<std::unique_ptr<Backend::ThreadState>> backends_;
  // From take_over() to hand_back().
  std::optional<DefaultGeneratorGuard> generator_guard_;
  std::optional<RunningNode> running_node_guard_;
};

}  // namespace adjoint
