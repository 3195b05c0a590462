// SPDX-License-Identifier: MIT
#include "core/autograd/saved_tensor.h"

#include "adjoint/autograd.h"

namespace adjoint {
namespace {

[[noreturn, gnu::cold]] void fail_released() {
  detail::fail<Error>(
      "Trying to backward through the graph a second time (or directly access saved tensors after they have "
      "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
      "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or "
      "if you need to access saved tensors after calling backward.");
}

[[noreturn, gnu::cold]] void fail_modified(const TensorImpl& t, const char* origin, uint32_t output_nr,
                                           uint32_t found, uint32_t expected) {
  std::string_view operation = origin ? origin : "";  // "ExpBackward0" is of Exp
  operation = operation.substr(0, operation.rfind("Backward"));
  std::string which = origin ? detail::str(", which is output ", output_nr, " of ", operation, ",") : std::string();
  detail::fail<Error>("one of the variables needed for gradient computation has been modified by an inplace "
                      "operation: [",
                      t.dtype(), "Tensor ", t.sizes(), "]", which, " is at version ", found, "; expected version ",
                      expected, " instead. Hint: clone the tensor before it is changed, or change it out of place.");
}

[[noreturn, gnu::cold]] void fail_inference() {
  detail::fail<Error>("Inference tensors cannot be saved for backward. To work around you can make a clone to get a "
                      "normal tensor and use it in autograd.");
}

}  // namespace

void SavedTensor::save(const Tensor& input) {
  if (!input.defined()) return;
  if (input.impl()->is_inference()) [[unlikely]] fail_inference();
  impl_ = input.impl_ptr();
  version_ = impl_->version().current();
  state_ = State::Input;
}

void SavedTensor::save_output(const Tensor& output) {
  output_nr_ = output.impl()->output_nr();
  impl_ = output.detach().release();
  version_ = impl_->version().current();
  state_ = State::Output;
}

Tensor SavedTensor::unpack(Node& self) const {
  if (state_ == State::Empty) return {};
  if (state_ == State::Released) fail_released();
  uint32_t version = impl_->version().current();
  if (version != version_) [[unlikely]] {
    const Node* origin = state_ == State::Output ? &self : impl_->grad_fn_unchecked().get();
    fail_modified(*impl_, origin ? origin->name() : nullptr,
                  state_ == State::Output ? output_nr_ : impl_->output_nr(), version, version_);
  }
  if (state_ == State::Input || !GradMode::is_enabled()) return Tensor(impl_);
  Tensor output = Tensor(impl_).detach();
  output.impl()->set_grad_fn(intrusive_ptr<Node>::share(&self), output_nr_);
  return output;
}

void SavedTensor::release() noexcept {
  if (state_ == State::Empty) return;
  impl_.reset();
  state_ = State::Released;
}

}  // namespace adjoint
