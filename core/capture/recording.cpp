// SPDX-License-Identifier: MIT
#include "core/capture/recording.h"

#include <algorithm>

#include "adjoint/nn/module.h"
#include "adjoint/warning.h"
#include "core/autograd/flat_parameters.h"
#include "core/autograd/mode.h"
#include "core/capture/fusion.h"
#include "core/util/denormals.h"

namespace adjoint {

CallList::~CallList() {
  for (detail::RecordedCall* call : list) call->destroy(*call);
}

void CallList::swap(CallList& other) noexcept {
  std::swap(list, other.list);
  std::swap(flushes_denormals, other.flushes_denormals);
  std::swap(chunks_, other.chunks_);
  std::swap(used_, other.used_);
}

void* CallList::allocate(size_t nbytes) {
  nbytes = (nbytes + 15) / 16 * 16;
  if (kChunk - used_ < nbytes) {
    chunks_.push_back(std::make_unique<std::byte[]>(std::max(nbytes, kChunk)));
    used_ = 0;
    if (nbytes > kChunk) {
      used_ = kChunk;
      return chunks_.back().get();
    }
  }
  void* place = chunks_.back().get() + used_;
  used_ += nbytes;
  return place;
}

const char* text_of(Change change) {
  switch (change) {
    case Change::None:
      break;
    case Change::Mode:
      return "grad mode, inference mode or the default dtype is another";
    case Change::Training:
      return "a module was put into training or evaluation mode";
    case Change::Stream:
      return "another stream is current";
    case Change::Tensors:
      return "a tensor that the step works with was replaced or let go";
    case Change::Gradients:
      return "a leaf has a gradient where it had none before, or has none where it had one";
    case Change::RequiresGrad:
      return "a tensor requires grad and did not, or the other way round";
    case Change::Optimizer:
      return "the optimizer has other parameters, state or options";
    case Change::Inputs:
      return "the inputs are of other shapes, dtypes or devices";
  }
  return "";
}

bool OutsideMemory::is_left() const {
  if (storage->use_count() > 1 + tensors.size()) return false;
  return std::all_of(tensors.begin(), tensors.end(),
                     [](const TensorImpl* t) { return t->use_count() == 1; });
}

Recording::~Recording() = default;

void Recording::make_graph() {
  if (streams.empty()) return;
  Backend& backend = get_backend(streams[0].device().type());
  if (backend.single_stream()) return;
  random.keep_on_device(streams[0]);
  try {
    graph_ = backend.make_graph(*this, streams[0]);
  } catch (const OutOfMemoryError&) {
    throw;
  } catch (const Error& e) {
    ADJOINT_WARN(
        "capture: the device cannot do the step as one launch, so that its calls are made one by "
        "one: ",
        e.what());
  }
}

Change Recording::prepare() {
  if (mode != detail::autograd_mode || default_dtype != get_default_dtype()) return Change::Mode;
  if (training != detail::training_fingerprint.relaxed()) return Change::Training;
  for (const Stream& stream : streams) {
    if (!(current_stream(stream.device()) == stream)) return Change::Stream;
  }
  for (const auto& refresher : refreshers) {
    if (!refresher->refresh()) return Change::Optimizer;
  }
  for (const TensorGuard& t : tensors) {
    if (t.impl->storage().get() != t.storage) return Change::Tensors;
    if (t.impl->requires_grad() != t.requires_grad) return Change::RequiresGrad;
  }
  for (const OutsideMemory& memory : outside) {
    if (memory.is_left()) return Change::Tensors;
  }
  for (const LeafGuard& leaf : leaves) {
    if (leaf.place) {
      const detail::FlatSlot* slot = detail::flat_slot(leaf.variable);
      if (!slot || slot->grad.impl() != leaf.place) return Change::Tensors;
    }
    const TensorImpl* now = leaf.variable.grad().impl();
    // A gradient that the step itself resets may be any; one that it adds to is in its calls.
    const bool fits = leaf.added_to ? now == leaf.added_to.get() : leaf.had_gradient || !now;
    if (!fits) return Change::Gradients;
  }
  return Change::None;
}

/// Calls f for each call, in the floating-point mode that it was recorded in.
template <class F>
void Recording::for_each_call(const F& f) {
  const FloatingPointModeGuard host_mode;
  bool flushes = flushes_denormals();
  for (size_t i = 0; i < calls.list.size(); ++i) {
    if (calls.flushes_denormals[i] != flushes) [[unlikely]] {
      flushes = !flushes;
      set_flushes_denormals(flushes);
    }
    f(*calls.list[i]);
  }
}

void Recording::run() {
  random.reserve();
  if (DispatchObserver* observer = detail::dispatch_observer()) [[unlikely]] {
    run_observed(*observer);
  } else if (graph_) {
    graph_->launch(streams[0]);
  } else {
    for_each_call([](const detail::RecordedCall& call) { call.run(call); });
  }
  random.commit();
  for (const auto& refresher : refreshers) refresher->commit();
  for (VersionCounter* version : changed) version->bump();
  for (const LeafGuard& leaf : leaves) {
    const Tensor& gradient = leaf.place ? detail::flat_slot(leaf.variable)->grad : leaf.gradient;
    if (!leaf.variable.grad().is_same(gradient)) leaf.variable.mutable_grad() = gradient;
  }
}

// The calls of a chain are seen one after the other, and all are made with the first.
void Recording::run_observed(DispatchObserver& observer) {
  for_each_call([&](const detail::RecordedCall& call) {
    const FusedChain* chain = FusedChain::from(call);
    observer.before(*call.op, call.stream);
    call.run(call);
    observer.after(*call.op, call.stream);
    for (size_t i = 1; chain && i < chain->calls().size(); ++i) {
      const detail::RecordedCall& part = *chain->calls()[i];
      observer.before(*part.op, part.stream);
      observer.after(*part.op, part.stream);
    }
  });
}

size_t Recording::num_calls() const { return calls.list.size() + num_fused() - num_chains(); }

size_t Recording::num_chains() const {
  return size_t(std::count_if(calls.list.begin(), calls.list.end(),
                              [](const auto* call) { return FusedChain::from(*call); }));
}

size_t Recording::num_fused() const {
  size_t n = 0;
  for (const detail::RecordedCall* call : calls.list) {
    if (const FusedChain* chain = FusedChain::from(*call)) n += chain->calls().size();
  }
  return n;
}

std::string Recording::str() const {
  std::string out;
  for (const detail::RecordedCall* call : calls.list) {
    out += call->op->name();
    if (const FusedChain* chain = FusedChain::from(*call)) {
      for (size_t i = 1; i < chain->calls().size(); ++i)
        out += std::string(" > ") + chain->calls()[i]->op->name();
      out += " (fused, tiles of " + std::to_string(chain->tile()) + " of " +
             std::to_string(chain->numel()) + " elements)";
    }
    out += "\n";
  }
  return out;
}

}  // namespace adjoint
