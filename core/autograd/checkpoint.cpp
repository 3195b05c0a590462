// SPDX-License-Identifier: MIT
// Note [Checkpoints]
// While the checkpointed function runs, hooks take every tensor that it saves and keep only its
// metadata: a slot of the frame, by the order of saving. The frame holds the function, its
// arguments (saved too, for the hooks of a checkpoint around this one), and where the random
// numbers stood. When backward asks for a slot that is empty, the function runs again under hooks
// that put what it saves, in the same order, into the slots that a node still waits for. Backward
// takes a tensor out of its slot and so frees it after use; one who asks again runs the function
// again. A recomputation fills its own list first: one that fails, or that another thread is ahead
// of, leaves no trace.
#include "adjoint/checkpoint.h"

#include <deque>
#include <mutex>

#include "adjoint/generator.h"
#include "core/autograd/saved_tensor.h"
#include "core/math/philox_state.h"
#include "core/tensor/default_generator.h"

namespace adjoint::autograd {
namespace {

/// Ends a recomputation that has all it needs.
struct StopRecomputation {};

std::string text_of(const InputMetadata& m) {
  return adjoint::detail::str("sizes ", IntArrayRef(m.sizes), ", dtype ", m.dtype, ", device ",
                              m.stream.device());
}

/// The current streams of this thread on the devices of `tensors`, that of the current device last.
SmallVector<Stream, 2> streams_of(const variable_list& tensors) {
  SmallVector<Stream, 2> streams;
  auto add = [&](Device device) {
    Stream stream = current_stream(device);
    for (const Stream& s : streams) {
      if (s == stream) return;
    }
    streams.push_back(stream);
  };
  for (const Tensor& t : tensors) {
    if (t.defined() && !t.device().is_cpu()) add(t.device());
  }
  if (!streams.empty()) {
    DeviceType type = streams[0].device().type();
    Stream current = current_stream(Device(type));
    add(current.device());
    for (Stream& s : streams) {
      if (s == current) std::swap(s, streams[streams.size() - 1]);
    }
  }
  return streams;
}

/// Makes streams current, and restores those before, the last one first.
class StreamGuards {
 public:
  explicit StreamGuards(const SmallVector<Stream, 2>& streams) {
    for (const Stream& stream : streams) guards_.emplace_back(stream);
  }
  ~StreamGuards() {
    while (!guards_.empty()) guards_.pop_back();
  }
  StreamGuards(const StreamGuards&) = delete;
  StreamGuards& operator=(const StreamGuards&) = delete;

 private:
  std::deque<StreamGuard> guards_;
};

class Frame {
 public:
  Frame(std::unique_ptr<detail::CheckpointedCall> call, const variable_list& tensors,
        const CheckpointOptions& options)
      : call_(std::move(call)),
        arguments_(tensors.size()),
        options_(options),
        random_(default_generator().philox_state()),
        streams_(streams_of(tensors)) {
    for (size_t i = 0; i < tensors.size(); ++i) arguments_[i].save(tensors[i]);
  }

  /// The first run saves a tensor: it gets the next slot.
  size_t add(const Tensor& t) {
    std::lock_guard lock(mutex_);
    slots_.push_back({InputMetadata(t), true, {}});
    return slots_.size() - 1;
  }
  void note_first_run_done() {
    std::lock_guard lock(mutex_);
    first_run_is_done_ = true;
  }
  Tensor take(size_t index);
  /// Nobody will ask for the slot any more.
  void drop(size_t index) noexcept {
    SavedTensor freed;
    std::lock_guard lock(mutex_);
    slots_[index].is_needed = false;
    std::swap(freed, slots_[index].recomputed);
  }

 private:
  struct Slot {
    InputMetadata metadata;
    bool is_needed = true;
    SavedTensor recomputed;
  };
  class Recomputation;

  std::mutex mutex_;
  std::deque<Slot> slots_;
  bool first_run_is_done_ = false;
  const std::unique_ptr<detail::CheckpointedCall> call_;
  std::vector<SavedTensor> arguments_;
  const CheckpointOptions options_;
  const PhiloxState random_;
  const SmallVector<Stream, 2> streams_;
};

/// Runs the function of a frame again, and collects what it saves.
class Frame::Recomputation final : public detail::SavedTensorHooksFactory {
 public:
  explicit Recomputation(Frame& frame) : frame_(frame) {
    std::lock_guard lock(frame.mutex_);
    may_stop_ = frame.options_.early_stop() || !frame.first_run_is_done_;
    for (const Slot& slot : frame.slots_) {
      expected_.push_back(slot.metadata);
      is_needed_.push_back(slot.is_needed);
      if (slot.is_needed) num_needed_ = expected_.size();
    }
    found_.resize(expected_.size());
  }

  std::vector<SavedTensor> run() {
    InferenceMode normal(false);
    enable_grad record;
    variable_list arguments;
    for (const SavedTensor& t : frame_.arguments_) arguments.push_back(t.unpack());
    Generator same_numbers;
    same_numbers.set_philox_state(frame_.random_);
    DefaultGeneratorGuard random(frame_.options_.preserve_rng_state() ? &same_numbers : nullptr);
    StreamGuards streams(frame_.streams_);
    detail::SavedTensorHooksScope hooks(this);
    try {
      frame_.call_->run(arguments);
    } catch (const StopRecomputation&) {
    }
    check();
    return std::move(found_);
  }

  std::unique_ptr<SavedVariableHooks> make() override { return std::make_unique<Hooks>(*this); }

 private:
  /// The graph of the recomputation keeps its tensors as if there were no hooks: the function may
  /// run a backward of its own.
  struct Hooks final : SavedVariableHooks {
    explicit Hooks(Recomputation& r) : owner(r) {}
    void call_pack_hook(const Tensor& t) override {
      tensor = t;
      owner.add(t);
    }
    Tensor call_unpack_hook() override { return tensor; }
    Recomputation& owner;
    Tensor tensor;
  };

  void add(const Tensor& t) {
    size_t index = num_saved_++;
    if (index < found_.size() && is_needed_[index]) {
      InputMetadata metadata(t);
      ADJOINT_CHECK(metadata.sizes == expected_[index].sizes &&
                        metadata.dtype == expected_[index].dtype &&
                        metadata.stream.device() == expected_[index].stream.device(),
                    "checkpoint: Recomputed values for the following tensors have different "
                    "metadata than during "
                    "the forward pass.\ntensor at position ",
                    index, ":\nsaved metadata: ", text_of(expected_[index]),
                    "\nrecomputed metadata: ", text_of(metadata));
      detail::SavedTensorHooksScope none(nullptr);
      found_[index].save(t);
    }
    if (may_stop_ && num_saved_ >= num_needed_) throw StopRecomputation{};
  }

  void check() const {
    bool fits = may_stop_ ? num_saved_ >= num_needed_ : num_saved_ == expected_.size();
    ADJOINT_CHECK(
        fits,
        "checkpoint: A different number of tensors was saved during the original forward and "
        "recomputation.\nNumber of tensors saved during forward: ",
        expected_.size(), ".\nNumber of tensors saved during recomputation: ", num_saved_, ".");
  }

  Frame& frame_;
  bool may_stop_ = true;
  size_t num_needed_ = 0;  // up to the last one that is
  size_t num_saved_ = 0;
  std::vector<InputMetadata> expected_;
  std::vector<bool> is_needed_;
  std::vector<SavedTensor> found_;
};

Tensor Frame::take(size_t index) {
  std::vector<SavedTensor> found;
  std::unique_lock lock(mutex_);
  if (!slots_[index].recomputed.defined()) {
    lock.unlock();
    found = Recomputation(*this).run();
    lock.lock();
    for (size_t i = 0; i < found.size(); ++i) {
      if (slots_[i].is_needed && !slots_[i].recomputed.defined())
        std::swap(slots_[i].recomputed, found[i]);
    }
  }
  SavedTensor taken;
  std::swap(taken, slots_[index].recomputed);
  lock.unlock();
  return taken.unpack();
}

struct PackedSlot final : SavedVariableHooks {
  explicit PackedSlot(std::shared_ptr<Frame> f) : frame(std::move(f)) {}
  ~PackedSlot() override {
    if (is_packed) frame->drop(index);
  }
  void call_pack_hook(const Tensor& t) override {
    index = frame->add(t);
    is_packed = true;
  }
  Tensor call_unpack_hook() override { return frame->take(index); }
  std::shared_ptr<Frame> frame;
  size_t index = 0;
  bool is_packed = false;
};

struct FrameHooks final : detail::SavedTensorHooksFactory {
  explicit FrameHooks(std::shared_ptr<Frame> f) : frame(std::move(f)) {}
  std::unique_ptr<SavedVariableHooks> make() override {
    return std::make_unique<PackedSlot>(frame);
  }
  std::shared_ptr<Frame> frame;
};

}  // namespace

namespace detail {

CheckpointedCall::~CheckpointedCall() = default;

struct CheckpointScope::State {
  explicit State(std::shared_ptr<Frame> frame) : hooks(std::move(frame)), scope(&hooks) {}
  FrameHooks hooks;
  SavedTensorHooksScope scope;
};

CheckpointScope::CheckpointScope(std::unique_ptr<CheckpointedCall> call,
                                 const variable_list& tensors, const CheckpointOptions& options)
    : state_(std::make_unique<State>(std::make_shared<Frame>(std::move(call), tensors, options))) {}
CheckpointScope::~CheckpointScope() { state_->hooks.frame->note_first_run_done(); }

}  // namespace detail
}  // namespace adjoint::autograd
