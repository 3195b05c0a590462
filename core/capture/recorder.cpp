// SPDX-License-Identifier: MIT
#include "core/capture/recorder.h"

#include <algorithm>

#include "adjoint/backend.h"
#include "adjoint/nn/module.h"
#include "adjoint/ops.h"
#include "core/autograd/flat_parameters.h"
#include "core/autograd/mode.h"
#include "core/device/builtin_backends.h"
#include "core/tensor/tensor_iterator.h"
#include "core/util/denormals.h"

namespace adjoint {
namespace {

std::string where(const CallSite& site) {
  const auto frames = Symbolizer().frames(site);
  return frames.empty() ? "" : " (" + frames.front().str() + ")";
}

/// A tensor of the same geometry at another address, which owns nothing.
Tensor at_address(const TensorImpl& like, void* data, const Stream& stream) {
  const size_t element = elementSize(like.dtype());
  auto storage = Storage::wrap(data, size_t(like.numel()) * element, stream, nullptr, nullptr);
  return Tensor(intrusive_ptr<TensorImpl>::adopt(
      new TensorImpl(std::move(storage), like.dtype(), like.sizes(), like.strides(), 0)));
}

}  // namespace

Recorder::Recorder(std::vector<Tensor> leaves) : previous_(detail::call_recorder()) {
  for (Tensor& leaf : leaves) {
    LeafGuard& guard = leaves_.emplace_back();
    guard.had_gradient = leaf.grad().defined();
    guard.is_known = true;
    guard.variable = std::move(leaf);
  }
  detail::set_call_recorder(this);
}

Recorder::~Recorder() {
  detail::set_call_recorder(previous_);
  let_go_of_hooks();
}

void Recorder::let_go_of_hooks() noexcept {
  std::lock_guard lock(mutex_);
  for (const auto& [data, buffer] : living_) {
    if (buffers_[size_t(buffer)].is_own)
      buffers_[size_t(buffer)].storage->set_release_hook(nullptr, nullptr);
  }
  living_.clear();
}

void Recorder::refuse(const std::string& what, const std::string& why) {
  CallSite site;
  capture(site);
  detail::fail<Error>("capture: ", what, " cannot be captured: ", why, where(site));
}

void Recorder::refuse_arguments(const OpDef& op) {
  refuse(op.name(), "its kernel has an argument of a kind that cannot be kept");
}

// ---- Calls and their arguments

void Recorder::add(detail::RecordedCall& call) {
  calls_.list.push_back(&call);
  calls_.flushes_denormals.push_back(flushes_denormals());
}

int Recorder::buffer_of(const TensorImpl& impl) {
  Storage& storage = *impl.storage();
  const int call = int(calls_.list.size()) - 1;
  std::lock_guard lock(mutex_);
  auto [found, is_new] = living_.try_emplace(storage.data(), int(buffers_.size()));
  if (is_new) {
    Buffer& buffer = buffers_.emplace_back();
    buffer.storage = &storage;
    buffer.held = intrusive_ptr<Storage>::share(&storage);
    buffer.nbytes = storage.nbytes();
    capture(buffer.site);
  }
  Buffer& buffer = buffers_[size_t(found->second)];
  if (buffer.first_use < 0) buffer.first_use = call;
  buffer.last_use = call;
  return found->second;
}

void Recorder::note_outside(const TensorImpl& impl) {
  const TensorImpl& of = impl.view_base() ? *impl.view_base() : impl;
  if (of.grad_fn_unchecked() || !outside_.insert(&of).second) return;
  auto held = intrusive_ptr<TensorImpl>::share(const_cast<TensorImpl*>(&of));
  tensors_.push_back(
      {std::move(held), of.storage().get(), of.requires_grad(), of.version().current()});
}

void Recorder::argument(void*& data, const TensorImpl& of) {
  if (!data || !of.storage()->data()) return;
  const int buffer = buffer_of(of);
  if (!buffers_[size_t(buffer)].is_own) note_outside(of);
  const size_t offset = size_t(static_cast<char*>(data) - static_cast<char*>(of.storage()->data()));
  operands_.push_back({nullptr, &data, buffer, offset});
}

void Recorder::argument(Tensor& t) {
  if (!t.defined()) return;
  const TensorImpl& impl = *t.impl();
  void* data = impl.data();
  if (data && impl.storage()->data()) {
    const int buffer = buffer_of(impl);
    if (!buffers_[size_t(buffer)].is_own) note_outside(impl);
    const size_t offset =
        size_t(static_cast<char*>(data) - static_cast<char*>(impl.storage()->data()));
    operands_.push_back({&t, nullptr, buffer, offset});
  }
  // The call must not keep the tensor: whether anybody else does decides what backward does.
  t = at_address(impl, data, impl.stream());
}

void Recorder::argument(PhiloxArgs& numbers) {
  for (Reservation& r : reservations_) {
    if (r.state == numbers.state) {
      r.users.push_back(&numbers);
      return;
    }
  }
  refuse(last_call().op->name(),
         "its random numbers are of a state that no generator gave in the step");
}

// ---- What others tell

void Recorder::allocated(Storage& storage) {
  storage.set_release_hook(released, this);
  std::lock_guard lock(mutex_);
  living_[storage.data()] = int(buffers_.size());
  Buffer& buffer = buffers_.emplace_back();
  buffer.storage = &storage;
  buffer.nbytes = storage.nbytes();
  buffer.is_own = true;
}

void Recorder::released(void* recorder, void* data) noexcept {
  auto& self = *static_cast<Recorder*>(recorder);
  std::lock_guard lock(self.mutex_);
  auto found = self.living_.find(data);
  if (found == self.living_.end()) return;
  self.buffers_[size_t(found->second)].storage = nullptr;
  self.living_.erase(found);
}

void Recorder::constant(const Tensor& t) {
  if (t.numel() == 0) return;
  Buffer& buffer = buffers_[size_t(buffer_of(*t.impl()))];
  buffer.held = t.impl()->storage();  // so that it gets no place in the arena
}

void Recorder::reserved(Generator& generator, uint64_t n, PhiloxState state) {
  for (const Reservation& r : reservations_) {
    // A checkpoint that is computed again draws the same numbers again, from a generator of its
    // own.
    if (r.state == state) return;
  }
  reservations_.push_back({&generator, n, state, {}});
}

void Recorder::leaf(const Tensor& variable) {
  auto found = std::find_if(leaves_.begin(), leaves_.end(), [&](const LeafGuard& guard) {
    return guard.variable.is_same(variable);
  });
  if (found == leaves_.end()) {
    found = leaves_.emplace(leaves_.end());
    found->variable = variable;
  }
  if (found->was_met) return;
  found->was_met = true;
  found->added_to = variable.grad().impl_ptr();
}

std::vector<Tensor> Recorder::leaves() const {
  std::vector<Tensor> out;
  for (const LeafGuard& leaf : leaves_) {
    if (leaf.was_met) out.push_back(leaf.variable);
  }
  return out;
}

// ---- The recording

void Recorder::check_host_work() {
  if (num_updates_ != 0) {
    detail::fail<Error>(
        "capture: the step of this optimizer cannot be captured: a replay would repeat its "
        "learning rate and its count of steps. Those of SGD, Adam, AdamW, RMSprop and Adagrad can");
  }
  for (const Reservation& r : reservations_) {
    if (r.users.empty())
      refuse("drawing random numbers on the host", "a replay runs nothing there");
  }
}

/// The memory that was there before, and what shares it.
void Recorder::take_outside(Recording& recording) {
  std::unordered_map<const Storage*, size_t> known;
  std::vector<const CallSite*> sites;
  for (Buffer& b : buffers_) {
    if (b.is_own) continue;
    known.emplace(b.held.get(), recording.outside.size());
    recording.outside.push_back({std::move(b.held), {}});
    sites.push_back(&b.site);
  }
  for (const TensorGuard& t : tensors_) {
    if (auto found = known.find(t.storage); found != known.end()) {
      recording.outside[found->second].tensors.push_back(t.impl.get());
    }
  }
  for (size_t i = 0; i < sites.size(); ++i) {
    if (!recording.outside[i].is_left()) continue;
    detail::fail<Error>(
        "capture: the step let go of a tensor that it had used and that was there before: the next "
        "step would find another one, a replay the same. Write the new value into the old tensor "
        "by copy_",
        where(*sites[i]));
  }
}

/// Element-wise calls that follow each other, where the host itself does the calls.
std::vector<Chain> Recorder::chains_of(const Recording& recording) const {
  if (recording.streams.empty()) return {};
  if (!get_backend(recording.streams[0].device().type()).single_stream()) return {};
  std::vector<ChainBuffer> buffers;
  for (const Buffer& b : buffers_) {
    buffers.push_back(
        {b.held ? static_cast<char*>(b.held->data()) : nullptr, b.first_use, b.last_use});
  }
  return find_chains(chain_calls_, buffers, get_num_threads());
}

void Recorder::find_operands_of_iterators() {
  std::unordered_map<void* const*, const Operand*> operands;
  for (const Operand& o : operands_) {
    if (o.address) operands.emplace(o.address, &o);
  }
  for (detail::RecordedCall* call : calls_.list) {
    const size_t at = chain_calls_.size();
    ChainCall& found = chain_calls_.emplace_back(ChainCall{call, calls_.flushes_denormals[at], {}});
    for (int op = 0; call->iterator && op < call->iterator->num_operands; ++op) {
      if (auto o = operands.find(&call->iterator->pointer(op)); o != operands.end())
        found.operands[op] = {o->second->buffer, o->second->offset};
    }
  }
}

/// Where the buffers lie that are in nobody's hands, and the scratches of chains behind them.
MemoryPlan Recorder::plan_arena(const std::vector<Chain>& chains) {
  // A chain's calls are made at one time.
  std::vector<int> times(calls_.list.size());
  std::vector<bool> is_local(buffers_.size());
  int time = 0;
  size_t next = 0;
  for (size_t call = 0; call < times.size(); ++call, ++time) {
    times[call] = time;
    if (next == chains.size() || chains[next].begin != call) continue;
    for (; call + 1 < chains[next].end; ++call) times[call + 1] = time;
    for (int b : chains[next].local) is_local[size_t(b)] = true;
    ++next;
  }
  std::vector<Lifetime> lifetimes;
  std::vector<size_t> buffers;
  for (size_t i = 0; i < buffers_.size(); ++i) {
    const Buffer& b = buffers_[i];
    if (b.held || b.first_use < 0 || is_local[i]) continue;
    lifetimes.push_back({b.nbytes, times[size_t(b.first_use)], times[size_t(b.last_use)]});
    buffers.push_back(i);
  }
  for (const Chain& chain : chains) {
    const int at = times[chain.begin];
    lifetimes.push_back({chain.all_scratch_bytes(), at, at});
  }
  MemoryPlan plan = plan_memory(lifetimes);
  arena_offsets_.assign(buffers_.size(), SIZE_MAX);
  for (size_t i = 0; i < buffers.size(); ++i) arena_offsets_[buffers[i]] = plan.offsets[i];
  plan.offsets.erase(plan.offsets.begin(), plan.offsets.begin() + ptrdiff_t(buffers.size()));
  return plan;
}

std::vector<Chain> Recorder::lay_out_memory(Recording& recording) {
  for (Buffer& b : buffers_) {
    if (b.is_own && b.storage && !b.held) b.held = intrusive_ptr<Storage>::share(b.storage);
    if (b.is_own && b.held) recording.kept.push_back(b.held);
  }
  find_operands_of_iterators();
  std::vector<Chain> chains = chains_of(recording);
  const MemoryPlan unfused = plan_arena({});
  MemoryPlan plan = chains.empty() ? unfused : plan_arena(chains);
  // What a chain takes and gives up lives at one time with it. Where that costs memory instead of
  // saving it, the calls are made as they were.
  if (!chains.empty() && plan.nbytes * 10 > unfused.nbytes * 11) {
    chains.clear();
    plan = plan_arena({});
  }
  recording.arena_bytes = plan.nbytes;
  recording.max_live_bytes = plan.max_live;
  scratch_offsets_ = std::move(plan.offsets);
  return chains;
}

void Recorder::fuse(const std::vector<Chain>& chains, Recording& recording, char* arena) {
  std::vector<detail::RecordedCall*> fused;
  std::vector<bool> flushes;
  size_t next = 0;
  for (size_t i = 0; i < calls_.list.size(); ++i) {
    flushes.push_back(calls_.flushes_denormals[i]);
    if (next == chains.size() || chains[next].begin != i) {
      fused.push_back(calls_.list[i]);
      continue;
    }
    const Chain& chain = chains[next];
    Backend& backend = get_backend(recording.streams[0].device().type());
    fused.push_back(new (calls_.allocate(sizeof(FusedChain))) FusedChain(
        chain, &chain_calls_[i], backend, arena + scratch_offsets_[next]));
    i = chain.end - 1;
    ++next;
  }
  calls_.list = std::move(fused);
  calls_.flushes_denormals = std::move(flushes);
}

void Recorder::point_operands(Recording& recording, char* arena) {
  for (const Operand& operand : operands_) {
    const size_t offset = arena_offsets_[size_t(operand.buffer)];
    if (offset == SIZE_MAX) continue;
    void* address = arena + offset + operand.offset;
    if (operand.tensor) {
      *operand.tensor =
          at_address(*operand.tensor->impl(), address, operand.tensor->impl()->stream());
    } else {
      *operand.address = address;
    }
  }
}

std::unique_ptr<Recording> Recorder::finish() {
  detail::UnrecordedScope own_work;
  for (const LeafGuard& leaf : leaves_)
    is_replayable_ = is_replayable_ && (!leaf.was_met || leaf.is_known);
  if (!is_replayable_) return nullptr;
  check_host_work();

  auto recording = std::make_unique<Recording>();
  for (const detail::RecordedCall* call : calls_.list) {
    auto& streams = recording->streams;
    if (std::find(streams.begin(), streams.end(), call->stream) == streams.end()) {
      streams.push_back(call->stream);
    }
  }
  ADJOINT_CHECK(recording->streams.size() <= 1,
                "capture: a step works on one stream of one device");
  const std::vector<Chain> chains = lay_out_memory(*recording);
  take_outside(*recording);
  let_go_of_hooks();
  char* arena = nullptr;
  if (recording->arena_bytes != 0) {
    recording->arena = Storage::allocate(recording->arena_bytes, recording->streams[0]);
    arena = static_cast<char*>(recording->arena->data());
  }
  point_operands(*recording, arena);
  fuse(chains, *recording, arena);

  for (LeafGuard& leaf : leaves_) {
    if (!leaf.was_met) continue;
    if (const detail::FlatSlot* slot = detail::slot_of_gradient(leaf.variable)) {
      leaf.place = slot->grad.impl();
    } else {
      leaf.gradient = leaf.variable.grad();
    }
    recording->leaves.push_back(std::move(leaf));
  }
  for (const TensorGuard& t : tensors_) {
    VersionCounter& version = t.impl->version();
    if (version.current() != t.version) recording->changed.push_back(&version);
  }
  recording->tensors = std::move(tensors_);
  recording->random = RandomStates(std::move(reservations_));
  recording->refreshers = std::move(refreshers_);
  recording->mode = detail::autograd_mode;
  recording->default_dtype = get_default_dtype();
  recording->training = detail::training_fingerprint.relaxed();
  recording->calls.swap(calls_);
  recording->make_graph();
  return recording;
}

}  // namespace adjoint
