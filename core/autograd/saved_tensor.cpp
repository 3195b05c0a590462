// SPDX-License-Identifier: MIT
#include "core/autograd/saved_tensor.h"

#include "adjoint/autograd.h"
#include "core/autograd/gradient_edge.h"
#include "core/autograd/saved_tensor_hooks.h"

namespace adjoint {

[[gnu::cold]] void fail_released() {
  detail::fail<Error>(
      "Trying to backward through the graph a second time (or directly access saved tensors after "
      "they have "
      "already been freed). Saved intermediate values of the graph are freed when you call "
      ".backward() or "
      "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a "
      "second time or "
      "if you need to access saved tensors after calling backward.");
}

namespace {

[[noreturn, gnu::cold]] void fail_modified(const TensorImpl& t, const char* origin,
                                           uint32_t output_nr, uint32_t found, uint32_t expected) {
  std::string_view operation = origin ? origin : "";  // "ExpBackward0" is of Exp
  operation = operation.substr(0, operation.rfind("Backward"));
  std::string which =
      origin ? detail::str(", which is output ", output_nr, " of ", operation, ",") : std::string();
  detail::fail<Error>(
      "one of the variables needed for gradient computation has been modified by an inplace "
      "operation: [",
      t.dtype(), "Tensor ", t.sizes(), "]", which, " is at version ", found, "; expected version ",
      expected,
      " instead. Hint: clone the tensor before it is changed, or change it out of place.");
}

[[noreturn, gnu::cold]] void fail_inference() {
  detail::fail<Error>(
      "Inference tensors cannot be saved for backward. To work around you can make a clone to get "
      "a "
      "normal tensor and use it in autograd.");
}

}  // namespace

// Note [Saved-tensor hooks]
// Where the thread has hooks for saved tensors, what is saved is theirs: the node keeps what they
// made of it, the metadata that it must have again, and its edge. What comes back is a new tensor
// that gets that edge (that of the node itself for an output), so that gradients of the gradient
// flow into the graph that was recorded, whatever the hooks did. Nobody can tell whether the
// original was changed in place meanwhile. Without hooks, saving costs one test.

void SavedTensor::save(const Tensor& input) {
  if (!input.defined()) return;
  if (input.impl()->is_inference()) [[unlikely]]
    fail_inference();
  if (has_saved_tensor_hooks()) [[unlikely]] {
    pack(input, gradient_edge(input));
  } else {
    impl_ = input.impl_ptr();
    version_ = impl_->version().current();
  }
  state_ = State::Input;
}

void SavedTensor::save_output(const Tensor& output) {
  output_nr_ = output.impl()->output_nr();
  if (has_saved_tensor_hooks()) [[unlikely]] {
    pack(output, {});
  } else {
    impl_ = output.detach().release();
    version_ = impl_->version().current();
  }
  state_ = State::Output;
}

void SavedTensor::pack(const Tensor& t, Edge edge) {
  auto packed = std::make_unique<Packed>();
  packed->hooks = make_saved_tensor_hooks();
  packed->metadata = InputMetadata(t);
  packed->edge = std::move(edge);
  Tensor shown = t.detach();
  uint32_t version = shown.impl()->version().current();
  NoGradGuard no_grad;
  packed->hooks->call_pack_hook(shown);
  ADJOINT_CHECK(version == shown.impl()->version().current(),
                "A saved tensor pack hook is modifying its input in place. Tensors provided as "
                "input to pack hook "
                "can not be modified by in-place operations as this can lead to unexpected "
                "side-effects. Hint: "
                "return a changed clone().");
  packed_ = std::move(packed);
}

Tensor SavedTensor::unpack_for(Node* self) const {
  if (state_ == State::Empty) return {};
  if (state_ == State::Released) fail_released();
  if (packed_) [[unlikely]]
    return unpack_packed(self);
  uint32_t version = impl_->version().current();
  if (version != version_) [[unlikely]] {
    const Node* origin = state_ == State::Output ? self : impl_->grad_fn_unchecked().get();
    fail_modified(*impl_, origin ? origin->name() : nullptr,
                  state_ == State::Output ? output_nr_ : impl_->output_nr(), version, version_);
  }
  if (state_ == State::Input || !GradMode::is_enabled()) return Tensor(impl_);
  Tensor output = Tensor(impl_).detach();
  output.impl()->set_grad_fn(intrusive_ptr<Node>::share(self), output_nr_);
  return output;
}

Tensor SavedTensor::unpack_packed(Node* self) const {
  Edge edge = packed_->edge;
  if (state_ == State::Output) edge = {intrusive_ptr<Node>::share(self), output_nr_};
  const InputMetadata wanted = packed_->metadata;
  Tensor t = packed_->hooks->call_unpack_hook();
  ADJOINT_CHECK_TYPE(
      t.defined(),
      "Output of saved tensor unpack_hook expected to be a Tensor but got an undefined one");
  // Backward relies on these as it does on those of its own tensors.
  ADJOINT_CHECK(
      t.sizes() == IntArrayRef(wanted.sizes) && t.dtype() == wanted.dtype &&
          t.device() == wanted.stream.device(),
      "Output of saved tensor unpack_hook expected to be as the tensor that was packed, of sizes ",
      IntArrayRef(wanted.sizes), ", dtype ", wanted.dtype, ", on ", wanted.stream.device(),
      ", but got sizes ", t.sizes(), ", dtype ", t.dtype(), ", on ", t.device());
  bool connect = GradMode::is_enabled() && edge.is_valid();
  if (!connect && !t.requires_grad()) return t;
  Tensor fresh = t.detach();
  if (connect) fresh.impl()->set_grad_fn(std::move(edge.function), edge.input_nr);
  return fresh;
}

void SavedTensor::release() noexcept {
  if (state_ == State::Empty) return;
  impl_.reset();
  packed_.reset();
  state_ = State::Released;
}

}  // namespace adjoint
