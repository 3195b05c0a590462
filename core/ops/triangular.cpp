// SPDX-License-Identifier: MIT
// Triangles of matrices. No kernels: a mask of where rows and columns are.
#include "adjoint/ops/shape.h"

#include "core/ops/composed.h"
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

Tensor triangle(const Tensor& self, int64_t diagonal, bool lower);

struct TriangleBackward final : Node {
  int64_t diagonal_ = 0;
  bool lower_ = true;
  const char* name() const override { return lower_ ? "TrilBackward0" : "TriuBackward0"; }
  GradList apply(GradList&& grads) override { return {triangle(grads[0], diagonal_, lower_)}; }
};

/// True at the elements [rows, columns] outside of the triangle.
Tensor outside(int64_t rows, int64_t columns, int64_t diagonal, bool lower, Device device) {
  const TensorOptions options = TensorOptions(kLong).device(device);
  Tensor row = arange(rows, options).unsqueeze(1), shifted = arange(columns, options) - diagonal;
  return lower ? gt(shifted, row) : lt(shifted, row);
}

void check_matrix(const Tensor& self, bool lower) {
  ADJOINT_CHECK(self.dim() >= 2, lower ? "tril" : "triu",
                ": input tensor must have at least 2 dimensions, got ", self.dim());
}
Tensor outside(const Tensor& self, int64_t diagonal, bool lower) {
  return outside(self.size(-2), self.size(-1), diagonal, lower, self.device());
}
intrusive_ptr<Node> make_triangle_node(const Tensor& self, int64_t diagonal, bool lower) {
  auto node = make_node<TriangleBackward>(self);
  node->diagonal_ = diagonal;
  node->lower_ = lower;
  return node;
}

Tensor triangle(const Tensor& self, int64_t diagonal, bool lower) {
  check_matrix(self, lower);
  Tensor out;
  {
    NoGradGuard no_grad;
    out = masked_fill(self, outside(self, diagonal, lower), 0);
  }
  if (needs_grad(self)) set_history(out, make_triangle_node(self, diagonal, lower));
  return out;
}

Tensor indices_of(int64_t row, int64_t col, int64_t offset, bool lower,
                  const TensorOptions& options) {
  ADJOINT_CHECK(row >= 0 && col >= 0, "row and col must be non-negative, got ", row, " and ", col);
  NoGradGuard no_grad;
  Tensor inside = logical_not(outside(row, col, offset, lower, options.device()));
  return inside.nonzero().t().contiguous().to(options.dtype_opt().value_or(kLong));
}

}  // namespace

Tensor tril(const Tensor& self, int64_t diagonal) { return triangle(self, diagonal, true); }
Tensor triu(const Tensor& self, int64_t diagonal) { return triangle(self, diagonal, false); }
Tensor& Tensor::tril_(int64_t diagonal) const { return become(*this, tril(diagonal)); }
Tensor& Tensor::triu_(int64_t diagonal) const { return become(*this, triu(diagonal)); }

Tensor tril_indices(int64_t row, int64_t col, int64_t offset, const TensorOptions& options) {
  return indices_of(row, col, offset, true, options);
}
Tensor triu_indices(int64_t row, int64_t col, int64_t offset, const TensorOptions& options) {
  return indices_of(row, col, offset, false, options);
}

}  // namespace adjoint
