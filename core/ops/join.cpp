// SPDX-License-Identifier: MIT
// cat and stack. No kernels: each tensor is copied to its part of the result.
#include "core/ops/elementwise.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

struct CatBackward final : Node {
  int64_t dim_ = 0;
  std::vector<int64_t> lengths_;  // along dim_; -1: a skipped tensor
  const char* name() const override { return "CatBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(num_outputs());
    int64_t at = 0;
    for (size_t i = 0; i < lengths_.size(); ++i) {
      if (lengths_[i] < 0) {
        if (task_should_compute_output(i)) out[i] = zeros({0}, grads[0].options());
        continue;
      }
      if (task_should_compute_output(i)) out[i] = grads[0].narrow(dim_, at, lengths_[i]);
      at += lengths_[i];
    }
    return out;
  }
};

struct StackBackward final : Node {
  int64_t dim_ = 0;
  const char* name() const override { return "StackBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(num_outputs());
    for (size_t i = 0; i < out.size(); ++i) {
      if (task_should_compute_output(i)) out[i] = grads[0].select(dim_, int64_t(i));
    }
    return out;
  }
};

/// The dtype of all together: 0-d tensors count only by a higher kind.
ScalarType common_dtype(TensorList tensors) {
  ScalarType with_dims = ScalarType::Undefined, zero_dim = ScalarType::Undefined;
  for (const Tensor& t : tensors) {
    ScalarType& group = t.dim() == 0 ? zero_dim : with_dims;
    group = group == ScalarType::Undefined ? t.dtype() : promoteTypes(group, t.dtype());
  }
  if (zero_dim == ScalarType::Undefined) return with_dims;
  if (with_dims == ScalarType::Undefined) return zero_dim;
  auto kind = [](ScalarType t) { return isFloatingType(t) ? 2 : t == kBool ? 0 : 1; };
  return kind(zero_dim) <= kind(with_dims) ? with_dims : promoteTypes(with_dims, zero_dim);
}

template <class N>
intrusive_ptr<N> make_list_node(TensorList tensors) {
  auto node = intrusive_ptr<N>::adopt(new N());
  for (const Tensor& t : tensors) node->add_next_edge(gradient_edge(t));
  return node;
}

/// A tensor of shape [0] joins anything, whatever its shape.
bool is_skipped(const Tensor& t) { return t.dim() == 1 && t.size(0) == 0; }

}  // namespace

Tensor cat(TensorList tensors, int64_t dim) {
  ADJOINT_CHECK_VALUE(!tensors.empty(), "torch.cat(): expected a non-empty list of Tensors");
  const Tensor* model = &tensors[0];
  for (size_t i = 0; i < tensors.size(); ++i) {
    ADJOINT_CHECK(tensors[i].dim() > 0, "zero-dimensional tensor (at position ", i,
                  ") cannot be concatenated");
    check_same_device("cat", tensors[0], tensors[i]);
    if (is_skipped(*model)) model = &tensors[i];
  }
  dim = wrap_dim(dim, model->dim());
  DimVector sizes = model->sizes();
  int64_t total = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const Tensor& t = tensors[i];
    if (is_skipped(t)) continue;
    ADJOINT_CHECK(t.dim() == model->dim(), "Tensors must have same number of dimensions: got ",
                  model->dim(), " and ", t.dim());
    for (int64_t d = 0; d < t.dim(); ++d) {
      ADJOINT_CHECK(d == dim || t.size(d) == model->size(d),
                    "Sizes of tensors must match except in dimension ", dim, ". Expected size ",
                    model->size(d), " but got size ", t.size(d), " for tensor number ", i,
                    " in the list.");
    }
    total += t.size(dim);
  }
  sizes[size_t(dim)] = total;
  Tensor out = make_output(sizes, common_dtype(tensors), stream_for(tensors[0]));
  std::vector<int64_t> lengths;
  {
    NoGradGuard no_grad;
    int64_t at = 0;
    for (const Tensor& t : tensors) {
      lengths.push_back(is_skipped(t) ? -1 : t.size(dim));
      if (is_skipped(t)) continue;
      if (t.numel() != 0) out.narrow(dim, at, t.size(dim)).copy_(t);
      at += t.size(dim);
    }
  }
  if (needs_grad(tensors) && out.is_floating_point()) {
    auto node = make_list_node<CatBackward>(tensors);
    node->dim_ = dim;
    node->lengths_ = std::move(lengths);
    set_history(out, node);
  }
  return out;
}

Tensor stack(TensorList tensors, int64_t dim) {
  ADJOINT_CHECK(!tensors.empty(), "stack expects a non-empty TensorList");
  for (size_t i = 0; i < tensors.size(); ++i) {
    ADJOINT_CHECK(tensors[i].sizes() == tensors[0].sizes(),
                  "stack expects each tensor to be equal size, but got ", tensors[0].sizes(),
                  " at entry 0 and ", tensors[i].sizes(), " at entry ", i);
    check_same_device("stack", tensors[0], tensors[i]);
  }
  dim = wrap_dim(dim, tensors[0].dim() + 1);
  DimVector sizes = tensors[0].sizes();
  sizes.insert(size_t(dim), int64_t(tensors.size()));
  Tensor out = make_output(sizes, common_dtype(tensors), stream_for(tensors[0]));
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    for (size_t i = 0; i < tensors.size(); ++i) out.select(dim, int64_t(i)).copy_(tensors[i]);
  }
  if (needs_grad(tensors) && out.is_floating_point()) {
    auto node = make_list_node<StackBackward>(tensors);
    node->dim_ = dim;
    set_history(out, node);
  }
  return out;
}

}  // namespace adjoint
