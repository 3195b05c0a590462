// SPDX-License-Identifier: MIT
// Diagonals and windows: views of regular steps through a tensor.
#include <algorithm>

#include "adjoint/ops/shape.h"
#include "core/ops/elementwise.h"
#include "core/ops/view.h"

namespace adjoint {
namespace {

/// Both take the geometry of the tensor that they view.
Geometry diagonal_geometry(Geometry g, int64_t offset, int64_t dim1, int64_t dim2) {
  const size_t d1 = size_t(dim1), d2 = size_t(dim2);
  const int64_t rows = g.sizes[d1], columns = g.sizes[d2];
  const int64_t length = std::max<int64_t>(
      offset >= 0 ? std::min(rows, columns - offset) : std::min(rows + offset, columns), 0);
  const int64_t stride = g.strides[d1] + g.strides[d2];
  if (length > 0) g.offset += offset >= 0 ? offset * g.strides[d2] : -offset * g.strides[d1];
  for (size_t d : {std::max(d1, d2), std::min(d1, d2)}) {
    g.sizes.erase(d);
    g.strides.erase(d);
  }
  g.sizes.push_back(length);
  g.strides.push_back(stride);
  return g;
}
Geometry window_geometry(Geometry g, int64_t dim, int64_t size, int64_t step) {
  if (g.sizes.empty()) {
    g.sizes.push_back(size);
    g.strides.push_back(1);
    return g;
  }
  const size_t d = size_t(dim);
  const int64_t stride = g.strides[d];
  g.sizes[d] = (g.sizes[d] - size) / step + 1;
  g.strides[d] = stride * step;
  g.sizes.push_back(size);
  g.strides.push_back(stride);
  return g;
}

struct DiagonalBackward final : Node {
  DimVector sizes_;
  int64_t offset_ = 0, dim1_ = 0, dim2_ = 1;
  const char* name() const override { return "DiagonalBackward0"; }
  GradList apply(GradList&& grads) override {
    Geometry base = contiguous_geometry(sizes_);
    return {embed_strided(grads[0], base.sizes, base.strides,
                          diagonal_geometry(base, offset_, dim1_, dim2_))};
  }
};
struct UnfoldBackward final : Node {
  DimVector sizes_;
  int64_t dim_ = 0, size_ = 1, step_ = 1;
  const char* name() const override { return "UnfoldBackward0"; }
  GradList apply(GradList&& grads) override {
    Geometry base = contiguous_geometry(sizes_);
    return {embed_strided(grads[0], base.sizes, base.strides,
                          window_geometry(base, dim_, size_, step_))};
  }
};
struct DiagEmbedBackward final : Node {
  int64_t offset_ = 0, dim1_ = -2, dim2_ = -1;
  const char* name() const override { return "DiagEmbedBackward0"; }
  GradList apply(GradList&& grads) override { return {diagonal(grads[0], offset_, dim1_, dim2_)}; }
};

struct TraceBackward final : Node {
  int64_t rows_ = 0, columns_ = 0;
  const char* name() const override { return "TraceBackward0"; }
  GradList apply(GradList&& grads) override {
    const TensorOptions options = TensorOptions(grads[0].dtype()).device(grads[0].device());
    return {grads[0] * eye(rows_, columns_, options)};
  }
};

}  // namespace

Tensor diagonal(const Tensor& self, int64_t offset, int64_t dim1, int64_t dim2) {
  const int64_t d1 = wrap_dim(dim1, self.dim()), d2 = wrap_dim(dim2, self.dim());
  ADJOINT_CHECK(d1 != d2, "diagonal dimensions cannot be identical ", dim1, ", ", dim2);
  Tensor out = alias(self, diagonal_geometry(geometry_of(self), offset, d1, d2));
  if (needs_grad(self)) {
    auto node = make_node<DiagonalBackward>(self);
    node->sizes_ = self.sizes();
    node->offset_ = offset;
    node->dim1_ = d1;
    node->dim2_ = d2;
    set_history(out, node);
  }
  return out;
}

Tensor unfold(const Tensor& self, int64_t dimension, int64_t size, int64_t step) {
  const int64_t dim = wrap_dim(dimension, self.dim());
  const int64_t length = self.dim() == 0 ? 1 : self.size(dim);
  ADJOINT_CHECK(size >= 0 && size <= length, "maximum size for tensor at dimension ", dim, " is ",
                length, " but size is ", size);
  ADJOINT_CHECK(step > 0, "step is ", step, " but must be > 0");
  Tensor out = alias(self, window_geometry(geometry_of(self), dim, size, step));
  if (needs_grad(self)) {
    auto node = make_node<UnfoldBackward>(self);
    node->sizes_ = self.sizes();
    node->dim_ = dim;
    node->size_ = size;
    node->step_ = step;
    set_history(out, node);
  }
  return out;
}

Tensor diag_embed(const Tensor& self, int64_t offset, int64_t dim1, int64_t dim2) {
  ADJOINT_CHECK(self.dim() > 0, "diag_embed: expected at least one dimension, got ", self.sizes());
  const int64_t d1 = wrap_dim(dim1, self.dim() + 1), d2 = wrap_dim(dim2, self.dim() + 1);
  ADJOINT_CHECK(d1 != d2, "diagonal dimensions cannot be identical ", dim1, ", ", dim2);
  const int64_t side = self.size(-1) + (offset < 0 ? -offset : offset);
  DimVector sizes = self.sizes().slice(0, size_t(self.dim() - 1));
  for (int64_t d : {std::min(d1, d2), std::max(d1, d2)}) sizes.insert(size_t(d), side);
  Tensor out;
  {
    NoGradGuard no_grad;
    out = zeros(sizes, self.options());
    diagonal(out.data(), offset, d1, d2).copy_(self);
  }
  if (needs_grad(self)) {
    auto node = make_node<DiagEmbedBackward>(self);
    node->offset_ = offset;
    node->dim1_ = d1;
    node->dim2_ = d2;
    set_history(out, node);
  }
  return out;
}

Tensor diag(const Tensor& self, int64_t diagonal) {
  ADJOINT_CHECK(self.dim() == 1 || self.dim() == 2, "diag(): Supports 1D or 2D tensors. Got ",
                self.dim(), "D");
  return self.dim() == 1 ? diag_embed(self, diagonal) : adjoint::diagonal(self, diagonal).clone();
}

Tensor diagflat(const Tensor& self, int64_t offset) {
  return diag_embed(self.reshape({-1}), offset);
}

Tensor trace(const Tensor& self) {
  ADJOINT_CHECK(self.dim() == 2, "trace: expected a matrix, but got tensor with dim ", self.dim());
  Tensor out;
  {
    NoGradGuard no_grad;
    out = diagonal(self).sum();
  }
  if (needs_grad(self)) {
    auto node = make_node<TraceBackward>(self);
    node->rows_ = self.size(0);
    node->columns_ = self.size(1);
    set_history(out, node);
  }
  return out;
}

}  // namespace adjoint
