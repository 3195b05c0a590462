// SPDX-License-Identifier: MIT
// What a step does, on its way into a Recording (recording.h).
//
// Note [Recording a step]
// A step is recorded while it runs eagerly: each kernel call that passes an Op is kept with copies
// of its arguments. The tensors that the step makes and lets go again are told by their storages,
// which say when they come and go; their memory will lie in an arena of the recording. All other
// memory that its calls touch stays where it is, and the recording keeps it alive: what was there
// before (inputs, parameters, the state of optimizers), and what is left behind (gradients,
// losses).
//
// What the host decides anew in every step is not in the arguments of kernels, so those who decide
// tell the recorder: a generator's numbers (reserved), an optimizer's settings and counts
// (refresh_call). What a replay could not do, such as to read a value on the host, is refused
// (refuse_capture).
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "adjoint/op_registry.h"
#include "adjoint/recorded_call.h"
#include "adjoint/tensor.h"
#include "core/capture/fusion.h"
#include "core/capture/memory_plan.h"
#include "core/capture/recording.h"
#include "core/util/call_site.h"

namespace adjoint {

class Recorder final : public detail::CallRecorder {
 public:
  /// Records what this thread does until the end of its life. `leaves`: those that the step before
  /// left gradients in, as far as is known.
  explicit Recorder(std::vector<Tensor> leaves);
  ~Recorder() override;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void* allocate(size_t nbytes) override { return calls_.allocate(nbytes); }
  void add(detail::RecordedCall& call) override;
  void argument(Tensor& t) override;
  void argument(void*& data, const TensorImpl& of) override;
  void argument(PhiloxArgs& numbers) override;
  [[noreturn]] void refuse_arguments(const OpDef& op) override;

  /// A storage was made.
  void allocated(Storage& storage);
  /// A generator gave `n` numbers from `state` on.
  void reserved(Generator& generator, uint64_t n, PhiloxState state);
  /// The program's tensor is not to be held: whether somebody does decides what backward does.
  void leave_unheld(const TensorImpl& impl) { outside_.insert(&impl); }
  /// The step works with the tensor, if only as a part of a larger one.
  void uses(const Tensor& t) { note_outside(*t.impl()); }
  /// Backward is about to add to a leaf's gradient.
  void leaf(const Tensor& variable);
  /// The host wrote the tensor's values, which are those of every replay.
  void constant(const Tensor& t);
  /// The call recorded last.
  detail::RecordedCall& last_call() { return *calls_.list.back(); }
  /// Has the call recorded last take its settings from `refresher` in every replay.
  void refresh_call(std::unique_ptr<Refresher> refresher) {
    refreshers_.push_back(std::move(refresher));
  }
  /// An optimizer's step begins, whose every update comes with a refresher.
  void begin_update() { ++num_updates_; }
  void end_update() { --num_updates_; }
  /// The step did what it does but once, such as to make an optimizer's state: it is not to be
  /// replayed.
  void do_not_replay() { is_replayable_ = false; }
  [[noreturn]] void refuse(const std::string& what, const std::string& why);

  /// The recording of a step that has returned; null where it is not to be replayed, or the leaves
  /// were not known. Throws Error for a step that cannot be replayed.
  std::unique_ptr<Recording> finish();
  /// The leaves that have been met.
  std::vector<Tensor> leaves() const;

 private:
  /// Memory that calls touch.
  struct Buffer {
    Storage* storage;             // as long as it lives
    intrusive_ptr<Storage> held;  // of what is not in the arena
    size_t nbytes;
    int first_use = -1, last_use = -1;  // numbers of calls
    bool is_own = false;                // made by the step
    CallSite site;                      // of the first use of what was there before
  };
  /// Where a call keeps an address.
  struct Operand {
    Tensor* tensor;  // or
    void** address;
    int buffer;
    size_t offset;
  };
  static void released(void* recorder, void* data) noexcept;
  int buffer_of(const TensorImpl& impl);
  void note_outside(const TensorImpl& impl);
  void let_go_of_hooks() noexcept;
  void check_host_work();
  void take_outside(Recording& recording);
  void find_operands_of_iterators();
  std::vector<Chain> chains_of(const Recording& recording) const;
  MemoryPlan plan_arena(const std::vector<Chain>& chains);
  std::vector<Chain> lay_out_memory(Recording& recording);
  void fuse(const std::vector<Chain>& chains, Recording& recording, char* arena);
  void point_operands(Recording& recording, char* arena);

  std::mutex mutex_;  // other threads may let go of tensors
  CallList calls_;
  std::vector<Buffer> buffers_;
  std::unordered_map<void*, int> living_;  // buffers by their storages' memory
  std::vector<Operand> operands_;
  std::vector<ChainCall> chain_calls_;
  std::vector<size_t> arena_offsets_;    // of buffers
  std::vector<size_t> scratch_offsets_;  // of chains
  std::vector<Reservation> reservations_;
  std::vector<std::unique_ptr<Refresher>> refreshers_;
  std::vector<LeafGuard> leaves_;
  std::unordered_set<const TensorImpl*> outside_;
  std::vector<TensorGuard> tensors_;
  int num_updates_ = 0;
  bool is_replayable_ = true;
  detail::CallRecorder* previous_;
};

/// This thread's recorder; null where it has none.
inline Recorder* recorder_of_thread() noexcept {
  if (detail::num_dispatch_observers.relaxed() == 0) [[likely]]
    return nullptr;
  return static_cast<Recorder*>(detail::call_recorder());
}

inline constexpr const char* kHostRead = "the host waits for a value, which a replay does not do";
/// Where this thread's work is recorded: throws Error, saying that `what` cannot be captured, why,
/// and where in the program it was called.
inline void refuse_capture(const char* what, const char* why) {
  if (Recorder* recorder = recorder_of_thread()) [[unlikely]]
    recorder->refuse(what, why);
}
/// The host has written the tensor's values.
inline void note_constant(const Tensor& t) {
  if (Recorder* recorder = recorder_of_thread()) [[unlikely]]
    recorder->constant(t);
}

}  // namespace adjoint
