// SPDX-License-Identifier: MIT
#include "core/autograd/accumulate_grad.h"

#include "adjoint/autograd.h"
#include "adjoint/ops.h"
#include "core/autograd/autograd_meta.h"
#include "core/autograd/gradient_edge.h"
#include "core/capture/recorder.h"

namespace adjoint {

// Leaves run as soon as they are ready: their sequence number is the highest.
AccumulateGrad::AccumulateGrad(const Tensor& variable) : Node(UINT64_MAX), variable_(variable) {
  add_input_metadata(variable);
}

AccumulateGrad::~AccumulateGrad() {
  detail::AutogradMeta& meta = *variable_.impl()->meta();
  detail::SpinGuard guard(meta.lock);
  if (meta.accumulator == this) meta.accumulator = nullptr;
}

void AccumulateGrad::run_hooks(GradList& grads) {
  detail::TensorHooks& hooks = variable_.impl()->meta()->hooks;
  if (!hooks.empty()) hooks.run(grads[0]);
  Node::run_hooks(grads);
}

GradList AccumulateGrad::apply(GradList&& grads) {
  if (!grads[0].defined()) return {};
  const detail::TensorHooks& hooks = variable_.impl()->meta()->post_accumulate;
  std::optional<TurnLock::Guard> turn;
  if (!hooks.empty()) [[unlikely]]
    turn.emplace(turn_);
  {
    std::lock_guard lock(mutex_);
    accumulate_grad(variable_, std::move(grads[0]));
  }
  if (turn) [[unlikely]]
    hooks.call(variable_);
  return {};
}

void AccumulateGrad::hand_over(const Stream& stream) {
  std::lock_guard lock(mutex_);
  const Tensor& grad = variable_.grad();
  if (grad.defined()) grad.record_stream(stream);
}

namespace {

/// Makes the place that a flattened parameter has for its gradient, if it is free, the gradient.
bool put_in_place(const Tensor& variable, const Tensor& grad) {
  const detail::FlatSlot* slot = detail::flat_slot(variable);
  if (!slot) return false;
  if (grad.is_same(slot->grad)) {
    variable.mutable_grad() = grad;
    return true;
  }
  const bool fits = grad.dtype() == slot->grad.dtype() && grad.device() == slot->grad.device() &&
                    grad.sizes() == slot->grad.sizes();
  Tensor place = fits ? detail::free_gradient_place(variable) : Tensor();
  if (!place.defined()) return false;
  place.copy_(grad);
  variable.mutable_grad() = std::move(place);
  return true;
}

}  // namespace

void accumulate_grad(const Tensor& variable, Tensor grad) {
  if (Recorder* recorder = recorder_of_thread()) [[unlikely]]
    recorder->leaf(variable);
  Tensor& sum = variable.mutable_grad();
  if (!sum.defined()) {
    bool steal = !GradMode::is_enabled() && grad.use_count() == 1 &&
                 grad.impl()->storage()->use_count() == 1 && grad.is_contiguous();
    if (!GradMode::is_enabled() && put_in_place(variable, grad)) return;
    sum = steal || GradMode::is_enabled() ? std::move(grad) : grad.clone();
  } else if (GradMode::is_enabled()) {
    sum = sum + grad;
  } else {
    sum.add_(grad);
  }
}

intrusive_ptr<Node> grad_accumulator(const Tensor& t) {
  detail::AutogradMeta& meta = t.impl()->ensure_meta();
  {
    detail::SpinGuard guard(meta.lock);
    if (meta.accumulator && meta.accumulator->try_retain())
      return intrusive_ptr<Node>::adopt(meta.accumulator);
  }
  auto fresh = intrusive_ptr<Node>::adopt(new AccumulateGrad(t));
  detail::SpinGuard guard(meta.lock);
  if (meta.accumulator && meta.accumulator->try_retain()) {
    // Another thread was faster. `fresh` must not be destroyed under the lock, which its destructor
    // takes: it goes after the guard, being declared before it.
    return intrusive_ptr<Node>::adopt(meta.accumulator);
  }
  meta.accumulator = fresh.get();
  return fresh;
}

Edge gradient_edge(const Tensor& t) {
  if (!t.requires_grad()) return {};
  if (intrusive_ptr<Node> fn = t.grad_fn()) return {std::move(fn), t.impl()->output_nr()};
  return {grad_accumulator(t), 0};
}

}  // namespace adjoint
