// SPDX-License-Identifier: MIT
// Selecting by index: index_select, gather, take, embedding.
#include "core/ops/index.h"

#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

using SelectKernel = void(const Stream&, const Tensor& out, const Tensor& self, int64_t dim,
                          const Tensor& index);

/// `out` and `self` are dense; `index` is 1-d.
constinit Op<SelectKernel> index_select_op{"index_select", {.dtypes = kAllDtypes}};
/// `out` is dense. All have at least one dimension.
constinit Op<SelectKernel> gather_op{"gather", {.dtypes = kAllDtypes}};
/// Dense rows of `weight` at dense `indices`; those at `zero_row` are zeros (-1: none are).
constinit Op<void(const Stream&, const Tensor& out, const Tensor& weight, const Tensor& indices,
                  int64_t zero_row)>
    embedding_op{"embedding", {.dtypes = kAllDtypes}};
/// Adds dense rows of `grad` to the rows of `out` at `indices`, but for those at `skip_row`.
constinit Op<void(const Stream&, const Tensor& out, const Tensor& grad, const Tensor& indices,
                  int64_t skip_row)>
    embedding_backward_op{"embedding_backward", {.backward_of = "embedding"}};

// ---- index_select and gather -----------------------------------------------------------------

struct IndexSelectBackward final : Node {
  DimVector sizes_;
  int64_t dim_ = 0;
  SavedTensor index_;
  const char* name() const override { return "IndexSelectBackward0"; }
  GradList apply(GradList&& grads) override {
    return {add_slices_to_zeros(sizes_, dim_, index_.unpack(*this), grads[0])};
  }
  void release_variables() override { index_.release(); }
};

struct GatherBackward final : Node {
  DimVector sizes_;
  int64_t dim_ = 0;
  SavedTensor index_;
  const char* name() const override { return "GatherBackward0"; }
  GradList apply(GradList&& grads) override {
    return {scatter_to_zeros(sizes_, dim_, index_.unpack(*this), grads[0])};
  }
  void release_variables() override { index_.release(); }
};

struct TakeBackward final : Node {
  DimVector sizes_;
  SavedTensor index_;
  const char* name() const override { return "TakeBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor flat = zeros({numel_of(sizes_)}, grads[0].options());
    return {index_put(flat, {index_.unpack(*this)}, grads[0], true).reshape(sizes_)};
  }
  void release_variables() override { index_.release(); }
};

// ---- embedding -------------------------------------------------------------------------------

Tensor embedding_rows(const Tensor& weight, const Tensor& indices, int64_t padding_idx,
                      bool zero_padding);

/// From the rows' gradient to the weight's; its own gradient are rows again, zero where padded.
Tensor embedding_backward(const Tensor& grad, const Tensor& indices, int64_t num_weights,
                          int64_t padding_idx);

struct EmbeddingBackward final : Node {
  SavedTensor indices_;
  int64_t num_weights_ = 0, padding_idx_ = -1;
  const char* name() const override { return "EmbeddingBackward0"; }
  GradList apply(GradList&& grads) override {
    return {embedding_backward(grads[0], indices_.unpack(*this), num_weights_, padding_idx_)};
  }
  void release_variables() override { indices_.release(); }
};

struct EmbeddingBackwardBackward final : Node {
  SavedTensor indices_;
  int64_t padding_idx_ = -1;
  const char* name() const override { return "EmbeddingDenseBackwardBackward0"; }
  GradList apply(GradList&& grads) override {
    return {embedding_rows(grads[0], indices_.unpack(*this), padding_idx_, true)};
  }
  void release_variables() override { indices_.release(); }
};

Tensor embedding_rows(const Tensor& weight, const Tensor& indices, int64_t padding_idx,
                      bool zero_padding) {
  DimVector sizes = indices.sizes();
  sizes.push_back(weight.size(1));
  Tensor out = make_output(sizes, weight.dtype(), stream_for(weight));
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    embedding_op(stream_for(weight), out, weight.contiguous(), indices.contiguous(),
                 zero_padding ? padding_idx : -1);
  }
  if (needs_grad(weight)) {
    auto node = make_node<EmbeddingBackward>(weight);
    node->indices_.save(indices);
    node->num_weights_ = weight.size(0);
    node->padding_idx_ = padding_idx;
    set_history(out, node);
  }
  return out;
}

Tensor embedding_backward(const Tensor& grad, const Tensor& indices, int64_t num_weights,
                          int64_t padding_idx) {
  Tensor out;
  {
    NoGradGuard no_grad;
    out = zeros({num_weights, grad.size(-1)}, grad.options());
    if (grad.numel() != 0) {
      embedding_backward_op(stream_for(grad), out, grad.contiguous(), indices.contiguous(),
                            padding_idx);
    }
  }
  if (needs_grad(grad)) {
    auto node = make_node<EmbeddingBackwardBackward>(grad);
    node->indices_.save(indices);
    node->padding_idx_ = padding_idx;
    set_history(out, node);
  }
  return out;
}

}  // namespace

void register_index_ops(OpRegistry& registry) {
  registry.add(index_select_op);
  registry.add(gather_op);
  registry.add(embedding_op);
  registry.add(embedding_backward_op);
}

Tensor index_select(const Tensor& self, int64_t dim, const Tensor& index) {
  dim = wrap_dim(dim, self.dim());
  check_same_device("index_select", self, index);
  ADJOINT_CHECK_INDEX(index.dim() <= 1, "index_select(): Index is supposed to be a vector, got ",
                      index.sizes());
  ADJOINT_CHECK(is_index_dtype(index),
                "index_select(): Expected dtype int32 or int64 for index, but got ", index.dtype());
  if (self.dim() == 0) {
    ADJOINT_CHECK(index.numel() == 1, "index_select(): Index to scalar can have only 1 value, got ",
                  index.numel(), " value(s)");
    return self.reshape({1}).index_select(0, index).reshape({});
  }
  Tensor vector = index.detach().reshape({-1});
  DimVector sizes = self.sizes();
  sizes[size_t(dim)] = vector.size(0);
  Tensor out = make_output(sizes, self.dtype(), stream_for(self));
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    index_select_op(stream_for(self), out, self.contiguous(), dim, vector);
  }
  if (needs_grad(self)) {
    auto node = make_node<IndexSelectBackward>(self);
    node->sizes_ = self.sizes();
    node->dim_ = dim;
    node->index_.save(vector);
    set_history(out, node);
  }
  return out;
}

Tensor gather(const Tensor& self, int64_t dim, const Tensor& index) {
  dim = wrap_dim(dim, self.dim());
  if (index.numel() != 0) {
    check_indices("gather", self, index);
    check_index_sizes(index, self, "self", dim, self, dim);
  }
  Tensor out = make_output(index.sizes(), self.dtype(), stream_for(self));
  if (out.numel() != 0) {
    NoGradGuard no_grad;
    gather_op(stream_for(self), as_vector(out), as_vector(self), dim, as_vector(index));
  }
  if (needs_grad(self)) {
    auto node = make_node<GatherBackward>(self);
    node->sizes_ = self.sizes();
    node->dim_ = dim;
    node->index_.save(index);
    set_history(out, node);
  }
  return out;
}

Tensor take(const Tensor& self, const Tensor& index) {
  ADJOINT_CHECK(index.dtype() == kLong, "take(): Expected a long tensor for index, but got ",
                index.dtype());
  check_same_device("take", self, index);
  ADJOINT_CHECK_INDEX(self.numel() != 0 || index.numel() == 0,
                      "take(): tried to take from an empty tensor");
  Tensor out;
  {
    NoGradGuard no_grad;
    out = in_shape(adjoint::index(self.reshape({-1}), {index.reshape({-1})}), index.sizes());
  }
  if (needs_grad(self)) {
    auto node = make_node<TakeBackward>(self);
    node->sizes_ = self.sizes();
    node->index_.save(index);
    set_history(out, node);
  }
  return out;
}

Tensor take_along_dim(const Tensor& self, const Tensor& indices, std::optional<int64_t> dim) {
  ADJOINT_CHECK(indices.dtype() == kLong,
                "torch.take_along_dim(): dtype of indices should be Long but got ",
                indices.dtype());
  if (!dim) return self.reshape({-1}).gather(0, indices.reshape({-1}));
  ADJOINT_CHECK(self.dim() == indices.dim(),
                "torch.take_along_dim(): input and indices should have the same number of "
                "dimensions, but got ",
                self.dim(), " dimensions for input, and ", indices.dim(),
                " dimensions for indices");
  const int64_t along = wrap_dim(*dim, self.dim());
  DimVector a = self.sizes(), b = indices.sizes();
  if (!a.empty()) a[size_t(along)] = b[size_t(along)] = 1;
  DimVector common = broadcast_shapes(a, b), from = common, at = common;
  if (!a.empty()) {
    from[size_t(along)] = self.size(along);
    at[size_t(along)] = indices.size(along);
  }
  return self.expand(from).gather(along, indices.expand(at));
}

Tensor embedding(const Tensor& weight, const Tensor& indices, int64_t padding_idx) {
  ADJOINT_CHECK(weight.dim() == 2, "'weight' must be 2-D, got ", weight.sizes());
  ADJOINT_CHECK(is_index_dtype(indices),
                "Expected tensor for argument #1 'indices' to have one of the following scalar "
                "types: Long, Int; but got ",
                indices.dtype(), " instead (while checking arguments for embedding)");
  check_same_device("embedding", weight, indices);
  ADJOINT_CHECK_VALUE(padding_idx >= -1 && padding_idx < weight.size(0),
                      "embedding: Padding_idx must be within num_embeddings (", weight.size(0),
                      "), got ", padding_idx);
  return embedding_rows(weight, indices.detach(), padding_idx, false);
}

}  // namespace adjoint
