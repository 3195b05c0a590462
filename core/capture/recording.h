// SPDX-License-Identifier: MIT
// A step that can be done again: its kernel calls, the memory that they work on, and what must not
// have changed.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "adjoint/backend.h"
#include "adjoint/op_registry.h"
#include "adjoint/recorded_call.h"
#include "adjoint/tensor.h"
#include "core/capture/random_states.h"

namespace adjoint {

/// Kernel calls, and the memory that they lie in.
struct CallList {
  std::vector<detail::RecordedCall*> list;
  /// Whether subnormal numbers were zero for the thread that made the call (core/util/denormals.h).
  std::vector<bool> flushes_denormals;

  CallList() = default;
  ~CallList();
  CallList(const CallList&) = delete;
  CallList& operator=(const CallList&) = delete;
  void swap(CallList& other) noexcept;
  void* allocate(size_t nbytes);

 private:
  static constexpr size_t kChunk = 16 * 1024;
  std::vector<std::unique_ptr<std::byte[]>> chunks_;
  size_t used_ = kChunk;
};

/// Sets for a call what the host decides anew in every step (replay_values.h).
class Refresher {
 public:
  virtual ~Refresher() = default;
  /// False where it no longer fits the call; then nothing is to be relied on.
  virtual bool refresh() = 0;
  /// The call has been made.
  virtual void commit() = 0;
};

/// A leaf that backward left a gradient in.
struct LeafGuard {
  Tensor variable;
  bool was_met = false;
  bool had_gradient = false;           // before the step
  bool is_known = false;               // whether had_gradient is
  intrusive_ptr<TensorImpl> added_to;  // the gradient when backward first came; null: none
  Tensor gradient;                     // after the step, or
  const TensorImpl* place = nullptr;   // the gradient's place in a segment, which it then is
};

/// A tensor of the program's that the step works with.
struct TensorGuard {
  intrusive_ptr<TensorImpl> impl;
  const Storage* storage;
  bool requires_grad;
  uint32_t version;  // when first met; in a recording: whether the step changes the tensor
};

/// Memory of the program's that the step works with, and which of the recording's own tensors share
/// it.
struct OutsideMemory {
  intrusive_ptr<Storage> storage;
  std::vector<TensorImpl*> tensors;
  /// Whether nobody but the recording has it any more.
  bool is_left() const;
};

/// Why a recording is of no use any more.
enum class Change : unsigned char {
  None,
  Mode,
  Training,
  Stream,
  Tensors,
  Gradients,
  RequiresGrad,
  Optimizer,
  Inputs,
};
const char* text_of(Change change);

class Recording final : private GraphWork {
 public:
  ~Recording() override;
  /// Has the device do the calls as one launch, where it can.
  void make_graph();
  /// Readies the next replay; Change::None where it may follow.
  Change prepare();
  /// Does the step again, after prepare(). What a kernel throws leaves the step half done.
  void run();

  /// Kernel calls, those in chains (fusion.h) too.
  size_t num_calls() const;
  size_t num_chains() const;
  size_t num_fused() const;
  /// The calls' names, one call or chain a line.
  std::string str() const;

  CallList calls;
  intrusive_ptr<Storage> arena;  // null where nothing is in it
  size_t arena_bytes = 0;
  size_t max_live_bytes = 0;                 // of what is in it, at any one time
  std::vector<intrusive_ptr<Storage>> kept;  // left behind by the step, or constant
  std::vector<OutsideMemory> outside;        // that was there before
  std::vector<TensorGuard> tensors;
  std::vector<VersionCounter*> changed;
  std::vector<LeafGuard> leaves;
  RandomStates random;
  std::vector<std::unique_ptr<Refresher>> refreshers;
  std::vector<Stream> streams;  // that must be current on their devices
  uint8_t mode = 0;
  ScalarType default_dtype = kFloat;
  uint64_t training = 0;

 private:
  size_t num_pieces() const override { return calls.list.size(); }
  void enqueue(size_t piece) override { calls.list[piece]->run(*calls.list[piece]); }
  template <class F>
  void for_each_call(const F& f);
  void run_observed(DispatchObserver& observer);

  std::unique_ptr<Graph> graph_;
};

}  // namespace adjoint
