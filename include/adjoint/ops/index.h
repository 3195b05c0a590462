// SPDX-License-Identifier: MIT
// Joining, selecting by index, sorting.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <tuple>

#include "adjoint/tensor_class.h"

namespace adjoint {

/// Along an existing dimension; the other sizes must be equal.
ADJOINT_API Tensor cat(TensorList tensors, int64_t dim = 0);
/// Along a new dimension; all sizes must be equal.
ADJOINT_API Tensor stack(TensorList tensors, int64_t dim = 0);
/// The slices of `self` along `dim` at `index` (1-d, kInt or kLong). Throws IndexError.
ADJOINT_API Tensor index_select(const Tensor& self, int64_t dim, const Tensor& index);
/// self, with the slices of `src` added along `dim` at `index` (1-d); equal indices add up.
ADJOINT_API Tensor index_add(const Tensor& self, int64_t dim, const Tensor& index,
                             const Tensor& src);
/// out[i][j] = self[index[i][j]][j] for dim 0, and so on. `index` (kLong) has self's number of
/// dimensions and nowhere but along `dim` a larger size. Throws IndexError.
ADJOINT_API Tensor gather(const Tensor& self, int64_t dim, const Tensor& index);
/// self, with out[index[i][j]][j] += src[i][j] for dim 0, and so on.
ADJOINT_API Tensor scatter_add(const Tensor& self, int64_t dim, const Tensor& index,
                               const Tensor& src);
/// Values in order along `dim` and the indices (kLong) that they had. Stable; NaN is the largest.
ADJOINT_API std::tuple<Tensor, Tensor> sort(const Tensor& self, int64_t dim = -1,
                                            bool descending = false);
ADJOINT_API Tensor argsort(const Tensor& self, int64_t dim = -1, bool descending = false);
/// The `k` largest (or smallest) values along `dim`, in order, and their indices (kLong); of ties,
/// the first. `sorted` is taken for LibTorch's sake: they always are. Throws Error unless k is in
/// [0, size of dim].
ADJOINT_API std::tuple<Tensor, Tensor> topk(const Tensor& self, int64_t k, int64_t dim = -1,
                                            bool largest = true, bool sorted = true);
/// Rows of `weight` [n, d] at `indices` (any shape) -> [*, d]. Row `padding_idx` (-1: none) gets no
/// gradient. Throws IndexError.
ADJOINT_API Tensor embedding(const Tensor& weight, const Tensor& indices, int64_t padding_idx = -1);

}  // namespace adjoint
