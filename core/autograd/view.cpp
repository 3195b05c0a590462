// SPDX-License-Identifier: MIT
// History of views and of in-place changes.
//
// Note [Views and in-place changes]
// A differentiable view remembers its base: a tensor that is no view itself and that has the
// history of the shared memory. An in-place change of the base gives the base a new grad_fn. An
// in-place change of a view gives the base a CopySlices node: the gradient of the base, but for the
// part that the view covers, which goes through the operation. Either way the grad_fn of other
// views becomes stale; each makes its own anew, as a strided view of the base, when it is asked for
// next, and knows that it has to by the memory's version, which is not that of its grad_fn any
// more. Several threads may read such a view at once: one of them makes the grad_fn, and publishes
// it by noting the version.
//
// A strided view of the base does not say how a view came about. So views that came out of a
// function with other outputs or with a backward of its own, and views that were made while nothing
// was recorded, refuse both a recorded change and a new grad_fn (CreationMeta).
#include <mutex>

#include "adjoint/ops.h"
#include "core/autograd/gradient_edge.h"
#include "core/autograd/hooks.h"
#include "core/autograd/record.h"
#include "core/autograd/view_history.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

struct CopySlices final : Node {
  intrusive_ptr<Node> fn_;
  size_t view_input_;  // which input of fn_ was the view
  DimVector base_strides_;
  Geometry view_;  // relative to the base's first element

  const char* name() const override { return "CopySlices"; }
  GradList apply(GradList&& grads) override {
    Tensor result =
        empty_strided(grads[0].sizes(), base_strides_, grads[0].options()).copy_(grads[0]);
    Tensor slice = result.as_strided(view_.sizes, view_.strides, view_.offset);
    GradList of_slice;
    of_slice.push_back(slice.clone());
    GradList results = fn_->apply(std::move(of_slice));
    GradList outputs(num_outputs());
    if (task_should_compute_output(view_input_)) {
      if (results[view_input_].defined()) {
        slice.copy_(results[view_input_]);
      } else {
        slice.zero_();
      }
      outputs[view_input_] = std::move(result);
    }
    for (size_t i = 0; i < results.size(); ++i) {
      if (i != view_input_) outputs[i] = std::move(results[i]);
    }
    return outputs;
  }
  void release_variables() override { fn_->release_variables(); }
};

/// Why `view` can be changed in place, or take part in a change of its base, only unrecorded.
[[noreturn, gnu::cold]] void refuse_change(const TensorImpl& view, bool of_base) {
  const Node* fn = view.grad_fn_unchecked().get();
  std::string_view operation = fn ? fn->name() : "";  // "UnbindBackward0" is of Unbind
  operation = operation.substr(0, operation.rfind("Backward"));
  std::string which = fn ? detail::str("Output ", view.output_nr(), " of ", operation, " is a view")
                         : std::string("A view");
  const char* modified = of_base ? "its base or another view of its base has been modified inplace"
                                 : "is being modified inplace";
  CreationMeta meta = view.creation_meta();
  bool inference = meta == CreationMeta::InferenceMode;
  if (inference || meta == CreationMeta::NoGradMode || !fn) {
    which = detail::str(which, fn ? " of a view which was" : " was", " created in ",
                        inference ? "inference" : "no_grad", " mode and ", modified,
                        inference ? " in normal mode." : " with grad mode enabled.");
  } else {
    which = detail::str(which, " and ", modified, ".");
  }
  switch (meta) {
    case CreationMeta::MultiOutputNode:
      detail::fail<Error>(which,
                          " This view is the output of a function that returns multiple views. "
                          "Such functions do not "
                          "allow the output views to be modified inplace. You should replace the "
                          "inplace operation by "
                          "an out-of-place one.");
    case CreationMeta::InCustomFunction:
      detail::fail<Error>(which,
                          " This view was created inside a custom Function (or because an input "
                          "was returned as-is) "
                          "and the autograd logic to handle view+inplace would override the custom "
                          "backward associated "
                          "with the custom Function, leading to incorrect gradients. This behavior "
                          "is forbidden. You "
                          "can fix this by cloning the output of the custom Function.");
    default:
      detail::fail<Error>(
          which,
          " Given that this use case is ambiguous and error-prone, it is forbidden. You can "
          "clarify "
          "your code by moving both the view and the inplace either both inside the ",
          inference ? "inference_mode" : "no_grad",
          " block (if you don't want the inplace to be tracked) or both outside (if you want the "
          "inplace to be tracked).");
  }
}

[[noreturn, gnu::cold]] void refuse_inference_tensor() {
  detail::fail<Error>(
      "Inplace update to inference tensor outside InferenceMode is not allowed. You can make a "
      "clone "
      "to get a normal tensor before doing inplace update.");
}

}  // namespace

void check_inplace(const Tensor& self, bool requires_grad) {
  if (!self.is_contiguous()) {
    for (int64_t d = 0; d < self.dim(); ++d) {
      ADJOINT_CHECK(
          self.stride(d) != 0 || self.size(d) <= 1,
          "unsupported operation: more than one element of the written-to tensor refers to a "
          "single memory location. Please clone() the tensor before performing the operation.");
    }
  }
  check_history_change(self, requires_grad);
}

void check_history_change(const Tensor& self, bool requires_grad) {
  const TensorImpl& impl = *self.impl();
  if (requires_grad && detail::is_recording()) {
    if (impl.view_base()) {
      if (impl.creation_meta() != CreationMeta::Default) refuse_change(impl, false);
      ADJOINT_CHECK(
          !self.requires_grad() || impl.view_base()->grad_fn_unchecked(),
          "a view of a leaf Variable that requires grad is being used in an in-place operation.");
    }
    ADJOINT_CHECK(!self.requires_grad() || impl.view_base() || impl.grad_fn_unchecked(),
                  "a leaf Variable that requires grad is being used in an in-place operation.");
  }
  if (!impl.has_version() && !InferenceMode::is_enabled()) [[unlikely]]
    refuse_inference_tensor();
}

void set_view_of(const Tensor& view, const Tensor& base, CreationMeta meta) {
  uint8_t mode = detail::autograd_mode;
  if (base.impl()->is_inference() || (mode & detail::kUntrackedViews)) return;
  const intrusive_ptr<TensorImpl>& root = base.impl()->view_base();
  if (mode != detail::kGradMode) {
    meta = mode & detail::kInferenceMode ? CreationMeta::InferenceMode : CreationMeta::NoGradMode;
  } else if (root && meta == CreationMeta::Default) {
    meta = base.impl()->creation_meta();
  }
  view.impl()->set_view_base(root ? root : base.impl_ptr(), meta);
}

namespace {

void replace_history(const Tensor& t, const intrusive_ptr<Node>& node) {
  detail::move_retained_grad(*t.impl(), *node, uint32_t(node->num_inputs()));
  set_history(t, node);
}

/// `view` was changed by the operation behind `node`, which knows of its output.
void change_history_of_base(const Tensor& view, intrusive_ptr<Node> node, size_t input) {
  Tensor base(view.impl()->view_base());
  auto copy = intrusive_ptr<CopySlices>::adopt(new CopySlices());
  copy->base_strides_ = base.strides();
  copy->view_ = {view.sizes(), view.strides(), view.storage_offset() - base.storage_offset()};
  copy->view_input_ = input;
  for (size_t i = 0; i < node->num_outputs(); ++i) {
    copy->add_next_edge(i == input ? gradient_edge(base) : node->next_edge(i));
  }
  copy->fn_ = std::move(node);
  replace_history(base, copy);
  view.impl()->make_view_stale();
}

}  // namespace

void rebase_history(const Tensor& self, intrusive_ptr<Node> node) {
  rebase_history_of_input(self, std::move(node), 0);
}

void rebase_history_of_input(const Tensor& self, intrusive_ptr<Node> node, size_t input) {
  if (!self.impl()->view_base()) {
    replace_history(self, node);
    return;
  }
  node->add_input_metadata(self);
  change_history_of_base(self, std::move(node), input);
}

void take_history(const Tensor& self, const Tensor& result) {
  const intrusive_ptr<Node>& node = result.impl()->grad_fn_unchecked();
  if (!node) return;
  if (self.impl()->view_base()) {
    change_history_of_base(self, node, 0);
    return;
  }
  detail::move_retained_grad(*self.impl(), *node, result.output_nr());
  self.impl()->set_grad_fn(node, result.output_nr());
}

intrusive_ptr<Node> Tensor::grad_fn() const {
  TensorImpl& impl = checked();
  const intrusive_ptr<TensorImpl>& root = impl.view_base();
  if (impl.is_stale_view() && root->requires_grad()) {
    if (impl.creation_meta() != CreationMeta::Default) refuse_change(impl, true);
    static std::mutex mutex;
    std::lock_guard lock(mutex);
    if (!impl.is_stale_view()) return impl.grad_fn_unchecked();
    InferenceMode normal(false);
    Tensor fresh = Tensor(root).as_strided(impl.sizes(), impl.strides(), impl.storage_offset());
    const intrusive_ptr<Node>& fn = fresh.impl()->grad_fn_unchecked();
    detail::move_retained_grad(impl, *fn, fresh.output_nr());
    impl.set_grad_fn(fn, fresh.output_nr());
  }
  return impl.grad_fn_unchecked();
}

}  // namespace adjoint
