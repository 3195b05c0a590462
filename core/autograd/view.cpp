// SPDX-License-Identifier: MIT
// History of views and of in-place changes.
//
// Note [Views and in-place changes]
// A differentiable view remembers its base: a tensor that is no view itself and that has the history
// of the shared memory. An in-place change of the base gives the base a new grad_fn. An in-place
// change of a view gives the base a CopySlices node: the gradient of the base, but for the part that
// the view covers, which goes through the operation. Either way the grad_fn of other views becomes
// stale; each makes its own anew, as a strided view of the base, when it is asked for next, and knows
// that it has to by the base's having another grad_fn than it was made of.
#include "adjoint/ops.h"
#include "core/autograd/gradient_edge.h"
#include "core/autograd/record.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

struct CopySlices final : Node {
  intrusive_ptr<Node> fn_;
  DimVector base_strides_;
  Geometry view_;  // relative to the base's first element

  const char* name() const override { return "CopySlices"; }
  GradList apply(GradList&& grads) override {
    Tensor result = empty_strided(grads[0].sizes(), base_strides_, grads[0].options()).copy_(grads[0]);
    Tensor slice = result.as_strided(view_.sizes, view_.strides, view_.offset);
    GradList of_slice;
    of_slice.push_back(slice.clone());
    GradList results = fn_->apply(std::move(of_slice));
    GradList outputs(num_outputs());
    for (size_t i = 1; i < results.size(); ++i) outputs[i] = std::move(results[i]);
    if (task_should_compute_output(0)) {
      if (results[0].defined()) {
        slice.copy_(results[0]);
      } else {
        slice.zero_();
      }
      outputs[0] = std::move(result);
    }
    return outputs;
  }
  void release_variables() override { fn_->release_variables(); }
};

}  // namespace

void check_inplace(const Tensor& self) {
  if (!self.is_contiguous()) {
    for (int64_t d = 0; d < self.dim(); ++d) {
      ADJOINT_CHECK(self.stride(d) != 0 || self.size(d) <= 1,
                    "unsupported operation: more than one element of the written-to tensor refers to a "
                    "single memory location. Please clone() the tensor before performing the operation.");
    }
  }
  if (!GradMode::is_enabled() || !self.requires_grad()) return;
  const TensorImpl& impl = *self.impl();
  if (impl.view_base()) {
    const TensorImpl& base = *impl.view_base();
    ADJOINT_CHECK(!base.requires_grad() || base.grad_fn_unchecked(),
                  "a view of a leaf Variable that requires grad is being used in an in-place operation.");
  } else {
    ADJOINT_CHECK(impl.grad_fn_unchecked(),
                  "a leaf Variable that requires grad is being used in an in-place operation.");
  }
}

void set_view_of(const Tensor& view, const Tensor& base) {
  if (!GradMode::is_enabled()) return;
  const intrusive_ptr<TensorImpl>& root = base.impl()->view_base();
  view.impl()->set_view_base(root ? root : base.impl_ptr());
}

void rebase_history(const Tensor& self, intrusive_ptr<Node> node) {
  const intrusive_ptr<TensorImpl>& root = self.impl()->view_base();
  if (!root) {
    set_history(self, node);
    return;
  }
  Tensor base(root);
  auto copy = intrusive_ptr<CopySlices>::adopt(new CopySlices());
  copy->base_strides_ = base.strides();
  copy->view_ = {self.sizes(), self.strides(), self.storage_offset() - base.storage_offset()};
  copy->add_next_edge(gradient_edge(base));
  for (size_t i = 1; i < node->num_outputs(); ++i) copy->add_next_edge(node->next_edge(i));
  node->add_input_metadata(self);
  copy->fn_ = std::move(node);
  set_history(base, copy);
}

intrusive_ptr<Node> Tensor::grad_fn() const {
  TensorImpl& impl = checked();
  const intrusive_ptr<TensorImpl>& root = impl.view_base();
  if (impl.is_stale_view() && root->requires_grad()) {
    AutoGradMode record(true);
    Tensor fresh = Tensor(root).as_strided(impl.sizes(), impl.strides(), impl.storage_offset());
    impl.set_grad_fn(fresh.impl()->grad_fn_unchecked(), fresh.output_nr());
    impl.note_view_base_fn();
  }
  return impl.grad_fn_unchecked();
}

}  // namespace adjoint
