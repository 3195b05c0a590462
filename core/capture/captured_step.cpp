// SPDX-License-Identifier: MIT
// A captured step between replays: its recordings, and which of them fits.
#include "adjoint/capture.h"

#include <algorithm>

#include "adjoint/anomaly.h"
#include "adjoint/autograd.h"
#include "adjoint/backend.h"
#include "adjoint/ops.h"
#include "adjoint/warning.h"
#include "core/capture/recorder.h"

namespace adjoint::detail {
namespace {

/// Inputs of given shapes, and the step recorded with them.
struct Variant {
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
  std::unique_ptr<Recording> recording;

  bool fits(TensorList given) const {
    if (given.size() != inputs.size()) return false;
    for (size_t i = 0; i < given.size(); ++i) {
      const TensorImpl &a = *inputs[i].impl(), &b = *given[i].impl();
      if (a.dtype() != b.dtype() || !(a.sizes() == b.sizes()) || !(a.device() == b.device()))
        return false;
    }
    return true;
  }
};

void copy_into(const Tensor& place, const Tensor& values) {
  if (place.is_same(values) || place.numel() == 0) return;
  if (values.is_contiguous()) {
    get_backend(place.device().type())
        .copy_on_device(place.data_ptr(), values.data_ptr(), place.nbytes(),
                        current_stream(place.device()));
  } else {
    place.copy_(values);
  }
}

constexpr size_t kMaxVariants = 8;

}  // namespace

struct CapturedStepBase::State {
  std::vector<std::unique_ptr<Variant>> variants;  // the one used last in front
  std::vector<Tensor> leaves;
  CaptureStats stats;
  uint32_t warned = 0;  // of Changes

  void warn_of(Change change) {
    const uint32_t bit = 1u << unsigned(change);
    if (warned & bit) return;
    warned |= bit;
    ADJOINT_WARN("capture: the step runs eagerly and is recorded again: ", text_of(change));
  }

  Variant& variant_for(TensorList inputs) {
    auto found = std::find_if(variants.begin(), variants.end(),
                              [&](const auto& v) { return v->fits(inputs); });
    if (found == variants.end()) {
      if (!variants.empty()) warn_of(Change::Inputs);
      NoGradGuard no_grad;
      auto fresh = std::make_unique<Variant>();
      for (const Tensor& t : inputs) fresh->inputs.push_back(empty(t.sizes(), t.options()));
      if (variants.size() == kMaxVariants) variants.pop_back();
      found = variants.insert(variants.begin(), std::move(fresh));
    }
    std::rotate(variants.begin(), found, found + 1);
    return *variants.front();
  }

  void record(Variant& variant, StepBody& body) {
    variant.recording.reset();
    variant.outputs.clear();
    ++stats.num_eager;
    Recorder recorder(leaves);
    body.run(variant.inputs, variant.outputs);
    for (Tensor& t : variant.outputs) t = t.detach();
    leaves = recorder.leaves();
    variant.recording = recorder.finish();
  }
};

CapturedStepBase::CapturedStepBase() : state_(std::make_unique<State>()) {}
CapturedStepBase::~CapturedStepBase() = default;
CapturedStepBase::CapturedStepBase(CapturedStepBase&&) noexcept = default;
CapturedStepBase& CapturedStepBase::operator=(CapturedStepBase&&) noexcept = default;

CaptureStats CapturedStepBase::stats() const {
  CaptureStats stats = state_->stats;
  if (state_->variants.empty() || !state_->variants.front()->recording) return stats;
  const Recording& recording = *state_->variants.front()->recording;
  stats.num_calls = recording.num_calls();
  stats.num_chains = recording.num_chains();
  stats.num_fused = recording.num_fused();
  stats.arena_bytes = recording.arena_bytes;
  stats.max_live_bytes = recording.max_live_bytes;
  return stats;
}

std::string CapturedStepBase::str() const {
  if (state_->variants.empty() || !state_->variants.front()->recording) return "";
  return state_->variants.front()->recording->str();
}

void CapturedStepBase::reset() { state_->variants.clear(); }

const std::vector<Tensor>& CapturedStepBase::replay(TensorList inputs, StepBody& body) {
  State& state = *state_;
  for (const Tensor& t : inputs) {
    ADJOINT_CHECK(!t.requires_grad(),
                  "capture: expected inputs that do not require grad: a step differentiates "
                  "with respect to what it uses beside its inputs");
  }
  Variant& variant = state.variant_for(inputs);
  for (size_t i = 0; i < inputs.size(); ++i) copy_into(variant.inputs[i], inputs[i]);
  if (recorder_of_thread() || autograd::AnomalyMode::is_enabled()) [[unlikely]] {
    // A step within a step is part of it; and anomalies are looked for in what runs eagerly.
    ++state.stats.num_eager;
    body.run(variant.inputs, variant.outputs);
    for (Tensor& t : variant.outputs) t = t.detach();
    return variant.outputs;
  }
  if (variant.recording) {
    const Change change = variant.recording->prepare();
    if (change == Change::None) [[likely]] {
      ++state.stats.num_replays;
      variant.recording->run();
      return variant.outputs;
    }
    state.warn_of(change);
  }
  state.record(variant, body);
  return variant.outputs;
}

}  // namespace adjoint::detail
