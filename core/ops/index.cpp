// SPDX-License-Identifier: MIT
// Selecting by index: index_select and gather, their gradients index_add and scatter_add,
// embedding.
#include "core/ops/elementwise.h"
#include "core/tensor/geometry.h"

namespace adjoint {
namespace {

using SelectKernel = void(const Stream&, const Tensor& out, const Tensor& self, int64_t dim,
                          const Tensor& index);
using AddKernel = void(const Stream&, const Tensor& out, int64_t dim, const Tensor& index,
                       const Tensor& src);

/// `out` and `self` are dense; `index` is 1-d.
constinit Op<SelectKernel> index_select_op{"index_select", {.dtypes = kAllDtypes}};
/// Adds to what `out` holds. `out` and `src` are dense, `index` is 1-d.
constinit Op<AddKernel> index_add_op{"index_add", {.dtypes = kAllDtypes}};
/// `out` is dense. All have at least one dimension.
constinit Op<SelectKernel> gather_op{"gather", {.dtypes = kAllDtypes}};
/// Adds to what `out` holds, which is dense. `src` has the sizes of `index`.
constinit Op<AddKernel> scatter_add_op{"scatter_add", {.dtypes = kAllDtypes}};
/// Dense rows of `weight` at dense `indices`; those at `zero_row` are zeros (-1: none are).
constinit Op<void(const Stream&, const Tensor& out, const Tensor& weight, const Tensor& indices,
                  int64_t zero_row)>
    embedding_op{"embedding", {.dtypes = kAllDtypes}};
/// Adds dense rows of `grad` to the rows of `out` at `indices`, but for those at `skip_row`.
constinit Op<void(const Stream&, const Tensor& out, const Tensor& grad, const Tensor& indices,
                  int64_t skip_row)>
    embedding_backward_op{"embedding_backward", {.backward_of = "embedding"}};

bool is_index_dtype(const Tensor& t) { return t.dtype() == kLong || t.dtype() == kInt; }

Tensor as_vector(const Tensor& t) { return t.dim() == 0 ? t.reshape({1}) : t; }

// ---- index_select and index_add --------------------------------------------------------------

Tensor add_slices(Tensor out, const Tensor& self, int64_t dim, const Tensor& index,
                  const Tensor& src);

struct IndexSelectBackward final : Node {
  DimVector sizes_;
  int64_t dim_ = 0;
  SavedTensor index_;
  const char* name() const override { return "IndexSelectBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor base = zeros(sizes_, grads[0].options());
    return {add_slices(base, base, dim_, index_.unpack(*this), grads[0])};
  }
  void release_variables() override { index_.release(); }
};

struct IndexAddBackward final : Node {
  int64_t dim_ = 0;
  SavedTensor index_;
  const char* name() const override { return "IndexAddBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    if (task_should_compute_output(1)) {
      out[1] = grads[0].index_select(dim_, index_.unpack(*this));
    }
    if (task_should_compute_output(0)) out[0] = std::move(grads[0]);
    return out;
  }
  void release_variables() override { index_.release(); }
};

/// `out`, which holds the values of `self` and belongs to the caller alone, plus the slices.
Tensor add_slices(Tensor out, const Tensor& self, int64_t dim, const Tensor& index,
                  const Tensor& src) {
  if (out.numel() != 0 && src.numel() != 0) {
    NoGradGuard no_grad;
    index_add_op(stream_for(out), out, dim, index, src.contiguous());
  }
  if (needs_grad(self, src)) {
    auto node = make_node<IndexAddBackward>(self, src);
    node->dim_ = dim;
    node->index_.save(index);
    set_history(out, node);
  }
  return out;
}

// ---- gather and scatter_add ------------------------------------------------------------------

Tensor scatter_to(Tensor out, const Tensor& self, int64_t dim, const Tensor& index,
                  const Tensor& src);

struct GatherBackward final : Node {
  DimVector sizes_;
  int64_t dim_ = 0;
  SavedTensor index_;
  const char* name() const override { return "GatherBackward0"; }
  GradList apply(GradList&& grads) override {
    Tensor base = zeros(sizes_, grads[0].options());
    return {scatter_to(base, base, dim_, index_.unpack(*this), grads[0])};
  }
  void release_variables() override { index_.release(); }
};

struct ScatterAddBackward final : Node {
  int64_t dim_ = 0;
  SavedTensor index_;
  const char* name() const override { return "ScatterAddBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    if (task_should_compute_output(1)) out[1] = grads[0].gather(dim_, index_.unpack(*this));
    if (task_should_compute_output(0)) out[0] = std::move(grads[0]);
    return out;
  }
  void release_variables() override { index_.release(); }
};

/// `out`, which holds the values of `self` and belongs to the caller alone, plus the elements of
/// `src`, which has index's sizes.
Tensor scatter_to(Tensor out, const Tensor& self, int64_t dim, const Tensor& index,
                  const Tensor& src) {
  if (index.numel() != 0) {
    NoGradGuard no_grad;
    scatter_add_op(stream_for(out), as_vector(out), dim, as_vector(index), as_vector(src));
  }
  if (needs_grad(self, src)) {
    auto node = make_node<ScatterAddBackward>(self, src);
    node->dim_ = dim;
    node->index_.save(index);
    set_history(out, node);
  }
  return out;
}

/// `index` may be no larger than `other`, but along `except` (-1: nowhere).
void check_index_sizes(const Tensor& index, const Tensor& other, const char* other_name,
                       int64_t except, const Tensor& self, int64_t dim) {
  for (int64_t d = 0; d < index.dim(); ++d) {
    if (d == except) continue;
    if (except < 0) {
      ADJOINT_CHECK(index.size(d) <= other.size(d), "Expected index ", index.sizes(),
                    " to be no larger than self ", self.sizes(), " apart from dimension ", dim,
                    " and to be no larger size than src ", other.sizes());
    } else {
      ADJOINT_CHECK(index.size(d) <= other.size(d), "Size does not match at dimension ", d,
                    " expected index ", index.sizes(), " to be no larger than ", other_name, " ",
                    other.sizes(), " apart from dimension ", dim);
    }
  }
}

void check_indices(const char* op, const Tensor& self, const Tensor& index) {
  check_same_device(op, self, index);
  ADJOINT_CHECK(is_index_dtype(index), op, "(): Expected dtype int32/int64 for index, but got ",
                index.dtype());
  ADJOINT_CHECK(as_vector(index).dim() == as_vector(self).dim(),
                "Index tensor must have the same number of dimensions as input tensor: got ",
                index.dim(), " and ", self.dim());
}

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
  registry.add(index_add_op);
  registry.add(gather_op);
  registry.add(scatter_add_op);
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

Tensor index_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  dim = wrap_dim(dim, self.dim());
  check_same_device("index_add", self, index);
  check_same_device("index_add", self, src);
  ADJOINT_CHECK_INDEX(index.dim() <= 1,
                      "index_add_(): Index is supposed to be a vector, but got dim: ", index.dim());
  ADJOINT_CHECK(is_index_dtype(index),
                "index_add_(): Expected dtype int32/int64 for index but got: ", index.dtype());
  ADJOINT_CHECK(self.dtype() == src.dtype(),
                "index_add_(): self and source expected to have the same dtype, but got (self) ",
                self.dtype(), " and (source) ", src.dtype());
  if (self.dim() == 0 || src.dim() == 0) {
    return index_add(as_vector(self), 0, index, as_vector(src)).reshape(self.sizes());
  }
  ADJOINT_CHECK(src.dim() == self.dim(),
                "index_add_(): Source dimensionality must match self, but got (self) ",
                self.sizes(), " and (source) ", src.sizes());
  Tensor vector = index.detach().reshape({-1});
  ADJOINT_CHECK(vector.size(0) == src.size(dim), "index_add_(): Number of indices (",
                vector.size(0), ") should be equal to source.size(dim): (", src.size(dim),
                "), for dim: ", dim);
  for (int64_t d = 0; d < self.dim(); ++d) {
    ADJOINT_CHECK(d == dim || self.size(d) == src.size(d),
                  "source tensor shape must match self tensor shape, excluding the specified "
                  "dimension. Got self.shape = ",
                  self.sizes(), " source.shape = ", src.sizes());
  }
  Tensor out;
  {
    NoGradGuard no_grad;
    out = self.clone();
  }
  return add_slices(out, self, dim, vector, src);
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

Tensor scatter_add(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src) {
  dim = wrap_dim(dim, self.dim());
  check_same_device("scatter_add", self, src);
  ADJOINT_CHECK(self.dtype() == src.dtype(),
                "scatter(): Expected self.dtype to be equal to src.dtype, but got ", self.dtype(),
                " and ", src.dtype());
  Tensor part = src;
  if (index.numel() != 0) {
    check_indices("scatter_add", self, index);
    ADJOINT_CHECK(as_vector(src).dim() == as_vector(self).dim(),
                  "Index tensor must have the same number of dimensions as src tensor: got ",
                  index.dim(), " and ", src.dim());
    if (index.dim() != 0 && self.dim() != 0) {
      check_index_sizes(index, self, "self", dim, self, dim);
    }
    if (index.dim() != 0 && src.dim() != 0) check_index_sizes(index, src, "src", -1, self, dim);
    for (int64_t d = 0; d < index.dim() && d < src.dim(); ++d) {
      if (src.size(d) != index.size(d)) part = part.narrow(d, 0, index.size(d));
    }
  } else {
    part = src.reshape({-1}).narrow(0, 0, 0).reshape(index.sizes());
  }
  Tensor out;
  {
    NoGradGuard no_grad;
    out = self.clone();
  }
  return scatter_to(out, self, dim, index, part);
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
