// SPDX-License-Identifier: MIT
#include "core/autograd/hooks.h"

#include <algorithm>

#include "adjoint/ops.h"
#include "core/autograd/autograd_meta.h"
#include "core/autograd/engine.h"
#include "core/autograd/gradient_edge.h"

namespace adjoint {

FunctionPreHook::~FunctionPreHook() = default;
FunctionPostHook::~FunctionPostHook() = default;

namespace detail {

TensorHook::~TensorHook() = default;

namespace {

/// What stands in the place of a gradient must be like it.
void check_result(const Tensor& before, const Tensor& after, size_t hook) {
  if (!before.defined() || !after.defined()) return;
  ADJOINT_CHECK(after.dtype() == before.dtype(), "hook '", hook,
                "' has changed the type of value (was ", before.dtype(), "Tensor got ",
                after.dtype(), "Tensor)");
  ADJOINT_CHECK(after.device() == before.device(), "hook '", hook,
                "' has changed the location of value (was ", before.device(), " got ",
                after.device(), ")");
  ADJOINT_CHECK(after.sizes() == before.sizes(), "hook '", hook,
                "' has changed the size of value (was ", before.sizes(), " got ", after.sizes(),
                ")");
}

void check_count(size_t before, size_t after, size_t hook) {
  ADJOINT_CHECK(after == before, "hook '", hook,
                "' has returned an incorrect number of values (got ", after, ", but expected ",
                before, ")");
}

void run_pre_hooks(const HookList<FunctionPreHook>& hooks, GradList& grads) {
  if (hooks.empty()) return;
  variable_list list(grads.begin(), grads.end());
  hooks.for_each([&](FunctionPreHook& hook, size_t i) {
    variable_list result = hook(list);
    check_count(list.size(), result.size(), i);
    for (size_t k = 0; k < list.size(); ++k) check_result(list[k], result[k], i);
    list = std::move(result);
  });
  for (size_t k = 0; k < list.size(); ++k) grads[k] = std::move(list[k]);
}

}  // namespace

void TensorHooks::run(Tensor& grad) const {
  for_each([&](TensorHook& hook, size_t i) {
    Tensor result = hook.call(grad);
    if (!result.defined()) return;
    check_result(grad, result, i);
    grad = std::move(result);
  });
}

void TensorHooks::call(const Tensor& tensor) const {
  for_each([&](TensorHook& hook, size_t) { hook.call(tensor); });
}

OutputHooks& NodeHooks::of(uint32_t output_nr) {
  for (const auto& o : outputs) {
    if (o->output_nr == output_nr) return *o;
  }
  return *outputs.emplace_back(new OutputHooks{output_nr, {}, {}});
}

void NodeHooks::run(GradList& grads) const {
  for (size_t i = 0; i < outputs.size(); ++i) {
    const OutputHooks& o = *outputs[i];
    o.hooks.run(grads[o.output_nr]);
  }
  run_pre_hooks(tensor_pre, grads);
  for (const auto& o : outputs) {
    const Tensor& grad = grads[o->output_nr];
    if (!o->retained || !grad.defined()) continue;
    Tensor& sum = o->retained->grad;
    sum = sum.defined() ? sum + grad : grad.clone();
  }
}

void NodeHooks::hand_over(const Stream& stream) const {
  for (const auto& o : outputs) {
    if (o->retained && o->retained->grad.defined()) o->retained->grad.record_stream(stream);
  }
}

GradList apply_with_hooks(Node& node, GradList&& grads) {
  NodeHooks* hooks = node.hooks();
  if (!hooks) return node.apply(std::move(grads));
  run_pre_hooks(hooks->pre, grads);
  bool any = std::any_of(grads.begin(), grads.end(), [](const Tensor& g) { return g.defined(); }) ||
             runs_without_gradient(node);
  auto apply = [&] { return any ? node.apply(std::move(grads)) : GradList(node.num_outputs()); };
  if (hooks->post.empty()) return apply();
  variable_list inputs(grads.begin(), grads.end());
  GradList results = apply();
  variable_list outputs(results.begin(), results.end());
  hooks->post.for_each([&](FunctionPostHook& hook, size_t i) {
    variable_list result = hook(outputs, inputs);
    check_count(outputs.size(), result.size(), i);
    outputs = std::move(result);
  });
  for (size_t k = 0; k < outputs.size(); ++k) results[k] = std::move(outputs[k]);
  return results;
}

void move_retained_grad(const TensorImpl& tensor, Node& node, uint32_t output_nr) {
  if (!tensor.meta() || !tensor.meta()->retained) return;
  if (Node* before = tensor.grad_fn_unchecked().get(); before && before->hooks()) {
    before->hooks()->of(tensor.output_nr()).retained.reset();
  }
  node.ensure_hooks().of(output_nr).retained = tensor.meta()->retained;
}

}  // namespace detail

uintptr_t Node::adopt_tensor_pre_hook(FunctionPreHook* hook) {
  return ensure_hooks().tensor_pre.add(hook);
}
uintptr_t Node::adopt_pre_hook(FunctionPreHook* hook) { return ensure_hooks().pre.add(hook); }
uintptr_t Node::adopt_post_hook(FunctionPostHook* hook) { return ensure_hooks().post.add(hook); }
bool Node::del_pre_hook(uintptr_t key) { return hooks_ && hooks_->pre.remove(key); }
bool Node::del_post_hook(uintptr_t key) { return hooks_ && hooks_->post.remove(key); }

namespace {

detail::TensorHooks& hooks_of(const Tensor& t) {
  if (intrusive_ptr<Node> fn = t.grad_fn()) return fn->ensure_hooks().of(t.output_nr()).hooks;
  return t.impl()->ensure_meta().hooks;
}

void remove(detail::TensorHooks& hooks, unsigned handle) {
  ADJOINT_CHECK_INDEX(hooks.remove(handle), "Invalid index, no hook at position ", handle);
}

const char kNeedsGrad[] = "cannot register a hook on a variable that doesn't require gradient";

}  // namespace

unsigned Tensor::add_hook(detail::TensorHook* hook) const {
  std::unique_ptr<detail::TensorHook> owned(hook);
  ADJOINT_CHECK(requires_grad(), kNeedsGrad);
  detail::TensorHooks& hooks = hooks_of(*this);
  return hooks.add(owned.release());
}

void Tensor::remove_hook(unsigned handle) const {
  checked();
  remove(hooks_of(*this), handle);
}

unsigned Tensor::add_post_accumulate_hook(detail::TensorHook* hook) const {
  std::unique_ptr<detail::TensorHook> owned(hook);
  ADJOINT_CHECK(requires_grad(), kNeedsGrad);
  ADJOINT_CHECK(is_leaf(), "post accumulate grad hooks cannot be registered on non-leaf tensors");
  return impl_->ensure_meta().post_accumulate.add(owned.release());
}

void Tensor::remove_post_accumulate_grad_hook(unsigned handle) const {
  remove(checked().ensure_meta().post_accumulate, handle);
}

void Tensor::retain_grad() const {
  ADJOINT_CHECK(requires_grad(), "can't retain_grad on Tensor that has requires_grad=False");
  if (is_leaf() || retains_grad()) return;
  auto retained = intrusive_ptr<detail::RetainedGrad>::adopt(new detail::RetainedGrad());
  intrusive_ptr<Node> fn = grad_fn();
  impl_->ensure_meta().retained = retained;
  fn->ensure_hooks().of(output_nr()).retained = std::move(retained);
}

bool Tensor::retains_grad() const noexcept {
  return impl_ && impl_->meta() && impl_->meta()->retained;
}

}  // namespace adjoint
