// SPDX-License-Identifier: MIT
// cosine_similarity, pairwise_distance.
#include "adjoint/autograd.h"
#include "adjoint/ops.h"

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

}  // namespace adjoint
