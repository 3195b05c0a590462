// SPDX-License-Identifier: MIT
// What operations share that select one element along a dimension: extrema and order statistics.
#pragma once

#include "core/ops/index.h"
#include "core/tensor/geometry.h"

namespace adjoint {

/// Of values that were selected along dim_; output 1, the indices, has no gradient.
struct SelectedBackward final : Node {
  const char* name_ = nullptr;
  DimVector sizes_;
  int64_t dim_ = 0;
  SavedTensor indices_;  // with size 1 at dim_

  const char* name() const override { return name_; }
  GradList apply(GradList&& grads) override {
    if (sizes_.empty()) return {std::move(grads[0])};
    Tensor indices = indices_.unpack(*this);
    Tensor grad = grads[0].reshape(indices.sizes());
    return {scatter_to_zeros(sizes_, dim_, indices, grad)};
  }
  void release_variables() override { indices_.release(); }
};

/// `dim` counted from the first one. Throws IndexError where there is nothing to select from.
inline int64_t checked_dim(const char* name, const Tensor& self, int64_t dim) {
  dim = wrap_dim(dim, self.dim());
  ADJOINT_CHECK_INDEX(self.dim() == 0 || self.size(dim) != 0, name, "(): Expected reduction dim ",
                      dim, " to have non-zero size.");
  return dim;
}

}  // namespace adjoint
