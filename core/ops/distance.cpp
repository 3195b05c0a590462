// SPDX-License-Identifier: MIT
// cosine_similarity, pairwise_distance, dist, pdist.
#include "adjoint/autograd.h"
#include "adjoint/ops.h"
#include "core/ops/composed.h"

namespace adjoint {
namespace {

/// Lengths of at least eps. The gradient is that of the lengths, also where they were too small.
Tensor lengths(const Tensor& x, int64_t dim, double eps) {
  Tensor length = x.norm(2, dim, /*keepdim=*/true).clone();
  NoGradGuard no_grad;
  length.clamp_(eps);
  return length;
}

}  // namespace

Tensor cosine_similarity(const Tensor& x1, const Tensor& x2, int64_t dim, double eps) {
  ADJOINT_CHECK(x1.is_floating_point() && x2.is_floating_point(),
                "expected common dtype to be floating point, yet common dtype is ",
                result_type(x1, x2));
  return (x1 / lengths(x1, dim, eps) * (x2 / lengths(x2, dim, eps))).sum(dim);
}

Tensor pairwise_distance(const Tensor& x1, const Tensor& x2, double p, double eps, bool keepdim) {
  return (x1 - x2 + eps).norm(p, -1, keepdim);
}

Tensor dist(const Tensor& self, const Tensor& other, const Scalar& p) {
  return under_name("DistBackward0", (self - other).norm(p));
}

Tensor pdist(const Tensor& self, double p) {
  ADJOINT_CHECK(self.dim() == 2, "pdist only supports 2D tensors, got: ", self.dim(), "D");
  ADJOINT_CHECK(self.is_floating_point(), "pdist only supports floating-point dtypes");
  ADJOINT_CHECK(p >= 0, "pdist only supports non-negative p values");
  const TensorOptions options = TensorOptions(kLong).device(self.device());
  Tensor pairs = triu_indices(self.size(0), self.size(0), 1, options);
  Tensor difference = self.index_select(0, pairs[0]) - self.index_select(0, pairs[1]);
  return under_name("PdistBackward0", difference.norm(p, 1));
}

}  // namespace adjoint
