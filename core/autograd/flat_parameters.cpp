// SPDX-License-Identifier: MIT
#include "core/autograd/flat_parameters.h"

#include "adjoint/autograd.h"
#include "adjoint/ops.h"
#include "core/autograd/accumulate_grad.h"
#include "core/autograd/autograd_meta.h"
#include "core/autograd/unwanted_outputs.h"
#include "core/capture/recorder.h"
#include "core/device/builtin_backends.h"

namespace adjoint::detail {

const FlatSlot* flat_slot(const Tensor& parameter) noexcept {
  const AutogradMeta* meta = parameter.impl()->meta();
  return meta ? meta->flat.get() : nullptr;
}

void set_flat_slot(const Tensor& parameter, std::unique_ptr<FlatSlot> slot) {
  parameter.impl()->ensure_meta().flat = std::move(slot);
}

const FlatSlot* slot_of_gradient(const Tensor& parameter) noexcept {
  const FlatSlot* slot = flat_slot(parameter);
  return slot && parameter.impl()->meta()->grad.is_same(slot->grad) ? slot : nullptr;
}

namespace {

Tensor take_place(AutogradMeta& meta) {
  const FlatSlot& slot = *meta.flat;
  const TensorImpl& place = *slot.grad.impl();
  // What still reads the last gradient does so in the order of the segment's stream.
  if (!(current_stream(place.device()) == place.stream())) return {};
  Tensor taken;
  {
    SpinGuard guard(meta.lock);
    if (place.use_count() != 1) return {};
    taken = slot.grad;
  }
  if (Recorder* recorder = recorder_of_thread()) [[unlikely]]
    recorder->leave_unheld(place);
  taken.impl()->version().bump();
  return taken;
}

}  // namespace

Tensor free_gradient_place(const Tensor& parameter) {
  AutogradMeta* meta = parameter.impl()->meta();
  return meta && meta->flat ? take_place(*meta) : Tensor();
}

Tensor claim_gradient_place(const Node& node, size_t i) {
  const Node* next = node.next_edge(i).function.get();
  // Hooks, and those who ask for gradients instead of having them accumulated, may keep what they
  // get.
  if (!next || next->sequence_nr() != UINT64_MAX || next->hooks() || node.hooks() ||
      unwanted_outputs.node == &node || GradMode::is_enabled()) {
    return {};
  }
  AutogradMeta* meta = static_cast<const AccumulateGrad*>(next)->variable().impl()->meta();
  if (!meta->flat || !meta->hooks.empty() || !meta->post_accumulate.empty()) return {};
  return take_place(*meta);
}

Tensor flat_span(const Tensor& first, int64_t numel) {
  const TensorImpl& impl = *first.impl();
  const int64_t stride = 1;
  return Tensor(intrusive_ptr<TensorImpl>::adopt(
      new TensorImpl(impl.storage(), impl.dtype(), {numel}, {stride}, impl.storage_offset())));
}

GradientRuns::GradientRuns(const std::vector<Tensor>& parameters) {
  for (size_t i = 0; i < parameters.size(); ++i) {
    const Tensor& grad = parameters[i].grad();
    if (!grad.defined()) continue;
    const FlatSlot *first = slot_of_gradient(parameters[i]), *last = first;
    int64_t end = grad.numel();
    while (last && i + 1 < parameters.size()) {
      const FlatSlot* next = slot_of_gradient(parameters[i + 1]);
      if (!next || !last->is_followed_by(*next)) break;
      last = next;
      end = last->offset - first->offset + last->grad.numel();
      ++i;
    }
    runs_->push_back(first == last ? grad : flat_span(grad, end));
  }
}

Tensor FlatStates::zeros_like(const Tensor& parameter, int kind) {
  if (Recorder* recorder = recorder_of_thread()) recorder->do_not_replay();
  const FlatSlot* slot = flat_slot(parameter);
  if (!slot) return zeros(parameter.sizes(), parameter.options());
  const Tensor* all = nullptr;
  for (const Made& m : made_) {
    if (m.segment == slot->segment.get() && m.kind == kind) all = &m.all;
  }
  if (!all) {
    Tensor fresh = zeros({slot->segment->numel}, parameter.options());
    all = &made_.emplace_back(Made{slot->segment.get(), kind, std::move(fresh)}).all;
  }
  return all->narrow(0, slot->offset, parameter.numel()).view(parameter.sizes()).detach();
}

}  // namespace adjoint::detail
