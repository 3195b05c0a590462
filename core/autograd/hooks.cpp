// SPDX-License-Identifier: MIT
#include "core/autograd/hooks.h"

#include <atomic>

#include "core/autograd/autograd_meta.h"
#include "core/autograd/gradient_edge.h"

namespace adjoint {
namespace detail {

TensorHook::~TensorHook() = default;

unsigned TensorHooks::add(TensorHook* hook) {
  static constinit std::atomic<unsigned> next{0};
  unsigned handle = next.fetch_add(1, std::memory_order_relaxed);
  hooks_.emplace_back(handle, std::shared_ptr<TensorHook>(hook));
  return handle;
}

bool TensorHooks::remove(unsigned handle) {
  return std::erase_if(hooks_, [&](const auto& h) { return h.first == handle; }) != 0;
}

void TensorHooks::run(Tensor& grad) const {
  // A copy: a hook may remove itself.
  auto hooks = hooks_;
  for (auto& [handle, hook] : hooks) {
    Tensor result = hook->call(grad);
    if (!result.defined()) continue;
    ADJOINT_CHECK(result.sizes() == grad.sizes(), "hook ", handle, " returned a gradient of shape ", result.sizes(),
                  " for one of shape ", grad.sizes());
    grad = std::move(result);
  }
}

OutputHooks& NodeHooks::of(uint32_t output_nr) {
  for (OutputHooks& o : outputs) {
    if (o.output_nr == output_nr) return o;
  }
  return outputs.emplace_back(OutputHooks{output_nr, {}, {}});
}

void NodeHooks::run(GradList& grads) const {
  for (const OutputHooks& o : outputs) {
    if (o.output_nr >= grads.size() || !grads[o.output_nr].defined()) continue;
    o.hooks.run(grads[o.output_nr]);
    if (o.retained) o.retained->grad = grads[o.output_nr];
  }
}

}  // namespace detail

unsigned Tensor::add_hook(detail::TensorHook* hook) const {
  std::unique_ptr<detail::TensorHook> owned(hook);
  ADJOINT_CHECK(requires_grad(), "cannot register a hook on a tensor that doesn't require gradient");
  detail::TensorHooks& hooks =
      grad_fn() ? grad_fn()->ensure_hooks().of(output_nr()).hooks : impl_->ensure_meta().hooks;
  return hooks.add(owned.release());
}

void Tensor::remove_hook(unsigned handle) const {
  detail::TensorHooks& hooks =
      grad_fn() ? grad_fn()->ensure_hooks().of(output_nr()).hooks : checked().ensure_meta().hooks;
  ADJOINT_CHECK_INDEX(hooks.remove(handle), "remove_hook: no hook ", handle, " is registered on this tensor");
}

void Tensor::retain_grad() const {
  ADJOINT_CHECK(requires_grad(), "can't retain_grad on Tensor that has requires_grad=False");
  if (is_leaf() || retains_grad()) return;
  auto retained = intrusive_ptr<detail::RetainedGrad>::adopt(new detail::RetainedGrad());
  impl_->ensure_meta().retained = retained;
  grad_fn()->ensure_hooks().of(output_nr()).retained = std::move(retained);
}

bool Tensor::retains_grad() const noexcept {
  return impl_ && impl_->meta() && impl_->meta()->retained;
}

}  // namespace adjoint
