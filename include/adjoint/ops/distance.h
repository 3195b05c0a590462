// SPDX-License-Identifier: MIT
// Distances, angles and lengths of vectors.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include "adjoint/tensor_class.h"

namespace adjoint {

/// The cosine of the angle between x1 and x2 along `dim`, which broadcast; lengths below eps count
/// as eps. Throws Error for integers.
ADJOINT_API Tensor cosine_similarity(const Tensor& x1, const Tensor& x2, int64_t dim = 1,
                                     double eps = 1e-8);
/// norm(x1 - x2 + eps, p) along the last dimension.
ADJOINT_API Tensor pairwise_distance(const Tensor& x1, const Tensor& x2, double p = 2,
                                     double eps = 1e-6, bool keepdim = false);

/// norm(self - other, p)
ADJOINT_API Tensor dist(const Tensor& self, const Tensor& other, const Scalar& p = 2);
/// Distances between each two rows of [n, d]: those of cdist() above the diagonal, row by row.
ADJOINT_API Tensor pdist(const Tensor& self, double p = 2);

}  // namespace adjoint
