// SPDX-License-Identifier: MIT
// Products that are composed of matrix products.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <string_view>

#include "adjoint/tensor_class.h"

namespace adjoint {

/// Einstein's sum: einsum("bij,bjk->bik", {a, b}). A letter names a dimension; "..." stands for
/// those that no letter names. Dimensions of one letter are multiplied element by element, and
/// summed over where the letter is not in the result; sizes 1 stretch. Without "->" the result has,
/// in alphabetical order, the letters that stand once. Operands are multiplied from left to right.
ADJOINT_API Tensor einsum(std::string_view equation, TensorList operands);
/// Sums the products over the last `dims` dimensions of self and the first of other, or over
/// dims_self[i] with dims_other[i].
ADJOINT_API Tensor tensordot(const Tensor& self, const Tensor& other, int64_t dims);
ADJOINT_API Tensor tensordot(const Tensor& self, const Tensor& other, IntArrayRef dims_self,
                             IntArrayRef dims_other);
/// Over the last dimensions of both; of numbers, the product.
ADJOINT_API Tensor inner(const Tensor& self, const Tensor& other);
/// Kronecker's product: each element of self times all of other.
ADJOINT_API Tensor kron(const Tensor& self, const Tensor& other);
inline Tensor ger(const Tensor& self, const Tensor& vec2) { return self.outer(vec2); }
inline Tensor vdot(const Tensor& self, const Tensor& other) { return self.dot(other); }

/// beta * self + alpha * (product), as addmm: of batches [b, n, k] x [b, k, m], their sum over b, a
/// matrix with a vector, two vectors [n], [m] -> [n, m].
ADJOINT_API Tensor baddbmm(const Tensor& self, const Tensor& batch1, const Tensor& batch2,
                           const Scalar& beta = 1, const Scalar& alpha = 1);
ADJOINT_API Tensor addbmm(const Tensor& self, const Tensor& batch1, const Tensor& batch2,
                          const Scalar& beta = 1, const Scalar& alpha = 1);
ADJOINT_API Tensor addmv(const Tensor& self, const Tensor& mat, const Tensor& vec,
                         const Scalar& beta = 1, const Scalar& alpha = 1);
ADJOINT_API Tensor addr(const Tensor& self, const Tensor& vec1, const Tensor& vec2,
                        const Scalar& beta = 1, const Scalar& alpha = 1);

/// Distances (of norm p) between the rows of x1 [*, n, d] and x2 [*, m, d] -> [*, n, m].
ADJOINT_API Tensor cdist(const Tensor& x1, const Tensor& x2, double p = 2.0);

}  // namespace adjoint
