// SPDX-License-Identifier: MIT
// Tensor's methods that concern its place in the graph.
#include "adjoint/autograd.h"
#include "adjoint/tensor.h"
#include "adjoint/warning.h"
#include "core/autograd/autograd_meta.h"

namespace adjoint {

void detail::AutogradMeta::destroy(AutogradMeta* meta) noexcept {
  struct Pending {
    AutogradMeta* head = nullptr;
    bool active = false;
  };
  constinit thread_local Pending pending;
  meta->next_dead = pending.head;
  pending.head = meta;
  if (pending.active) return;
  pending.active = true;
  while (AutogradMeta* dead = pending.head) {
    pending.head = dead->next_dead;
    delete dead;
  }
  pending.active = false;
}

const Tensor& Tensor::requires_grad_(bool value) const {
  TensorImpl& impl = checked();
  ADJOINT_CHECK(!value || is_floating_point(),
                "only Tensors of floating point dtype can require gradients, got ", dtype());
  ADJOINT_CHECK(
      !value || !impl.is_inference() || InferenceMode::is_enabled(),
      "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.");
  ADJOINT_CHECK(
      value || is_leaf(),
      "you can only change requires_grad flags of leaf variables. If you want to use a computed "
      "variable "
      "in a subgraph that doesn't require differentiation use var_no_grad = var.detach().");
  impl.set_requires_grad_flag(value);
  return *this;
}

bool Tensor::is_leaf() const noexcept {
  if (!impl_ || !impl_->requires_grad()) return true;
  bool gets_grad_fn = impl_->is_stale_view() && impl_->view_base()->requires_grad();
  return !impl_->grad_fn_unchecked() && !gets_grad_fn;
}

int64_t Tensor::_version() const {
  const TensorImpl& impl = checked();
  ADJOINT_CHECK(impl.has_version(), "Inference tensors do not track version counter.");
  return impl.version().current();
}

const Tensor& Tensor::grad() const {
  static const Tensor undefined;
  detail::AutogradMeta* meta = checked().meta();
  const Tensor& grad = !meta ? undefined : meta->retained ? meta->retained->grad : meta->grad;
  if (!grad.defined() && !is_leaf() && !retains_grad()) [[unlikely]] {
    ADJOINT_WARN(
        "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad "
        "attribute won't be "
        "populated during autograd.backward(). If you indeed want the .grad field to be populated "
        "for a non-leaf "
        "Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by "
        "mistake, make sure "
        "you access the leaf Tensor instead.");
  }
  return grad;
}

Tensor& Tensor::mutable_grad() const {
  detail::AutogradMeta& meta = checked().ensure_meta();
  return meta.retained ? meta.retained->grad : meta.grad;
}

Tensor Tensor::detach() const {
  TensorImpl& impl = checked();
  auto result = intrusive_ptr<TensorImpl>::adopt(new TensorImpl(
      impl.storage(), impl.dtype(), impl.sizes(), impl.strides(), impl.storage_offset()));
  result->share_version(impl);
  return Tensor(std::move(result));
}

const Tensor& Tensor::detach_() const {
  TensorImpl& impl = checked();
  ADJOINT_CHECK(!impl.view_base(), "Can't detach views in-place. Use detach() instead.");
  impl.set_grad_fn(nullptr, 0);
  return *this;
}

Tensor Tensor::data() const {
  Tensor result = detach();
  result.impl()->set_own_version();
  return result;
}

void Tensor::set_data(const Tensor& other) const {
  TensorImpl& impl = checked();
  ADJOINT_CHECK(!requires_grad() || other.is_floating_point(),
                "data set to a tensor that requires gradients must be floating point dtype, got ",
                other.dtype());
  bool alike = dtype() == other.dtype() && device() == other.device() && sizes() == other.sizes();
  impl.set_data(*other.impl());
  if (detail::AutogradMeta* meta = impl.meta(); meta && !alike) {
    // The next graph gets an accumulator that expects gradients like the new array.
    detail::SpinGuard guard(meta->lock);
    meta->accumulator = nullptr;
  }
}

bool Tensor::is_view() const noexcept { return impl_ && impl_->view_base(); }

Tensor Tensor::_base() const {
  ADJOINT_CHECK(checked().view_base(), "Can't get base of non-view Tensor");
  return Tensor(impl_->view_base());
}

}  // namespace adjoint
