// SPDX-License-Identifier: MIT
// Joining; selecting and writing by index and by mask; sorting. (By several index tensors at once:
// Tensor::index.)
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "adjoint/tensor_class.h"

namespace adjoint {

/// Along an existing dimension; the other sizes must be equal.
ADJOINT_API Tensor cat(TensorList tensors, int64_t dim = 0);
/// Along a new dimension; all sizes must be equal.
ADJOINT_API Tensor stack(TensorList tensors, int64_t dim = 0);
/// The slices of `self` along `dim` at `index` (1-d, kInt or kLong). Throws IndexError.
ADJOINT_API Tensor index_select(const Tensor& self, int64_t dim, const Tensor& index);
/// self, with alpha times the slices of `src` added along `dim` at `index` (1-d); equal indices add
/// up.
ADJOINT_API Tensor index_add(const Tensor& self, int64_t dim, const Tensor& index,
                             const Tensor& src, const Scalar& alpha = 1);
/// self, with its slices along `dim` at `index` (1-d, kLong) replaced by those of `src`, or by one
/// number (`value` as a tensor: 0-d). Of equal indices the last one counts. Negative ones count
/// from the end in index_fill alone.
ADJOINT_API Tensor index_copy(const Tensor& self, int64_t dim, const Tensor& index,
                              const Tensor& src);
ADJOINT_API Tensor index_fill(const Tensor& self, int64_t dim, const Tensor& index,
                              const Scalar& value);
ADJOINT_API Tensor index_fill(const Tensor& self, int64_t dim, const Tensor& index,
                              const Tensor& value);
/// `indices` for the first dimensions; an undefined one takes all of its dimension.
ADJOINT_API Tensor index(const Tensor& self, TensorList indices);
ADJOINT_API Tensor index_put(const Tensor& self, TensorList indices, const Tensor& values,
                             bool accumulate = false);
/// out[i][j] = self[index[i][j]][j] for dim 0, and so on. `index` (kLong) has self's number of
/// dimensions and nowhere but along `dim` a larger size. Throws IndexError.
ADJOINT_API Tensor gather(const Tensor& self, int64_t dim, const Tensor& index);
/// self, with out[index[i][j]][j] = src[i][j] for dim 0, and so on; `index` is nowhere larger than
/// `src`, nor than self but along `dim`. Of equal indices the last one counts. `value`: one number
/// for all.
ADJOINT_API Tensor scatter(const Tensor& self, int64_t dim, const Tensor& index, const Tensor& src);
ADJOINT_API Tensor scatter(const Tensor& self, int64_t dim, const Tensor& index,
                           const Scalar& value);
/// self, with out[index[i][j]][j] += src[i][j] for dim 0, and so on.
ADJOINT_API Tensor scatter_add(const Tensor& self, int64_t dim, const Tensor& index,
                               const Tensor& src);
/// As scatter, but all that goes to one element is combined: "sum", "prod", "mean", "amax" or
/// "amin", with what self has there if `include_self`. Ties of amax and amin share the gradient
/// evenly; the first gradient of "prod" is right beside zeros too. Throws TypeError for means of
/// integers.
ADJOINT_API Tensor scatter_reduce(const Tensor& self, int64_t dim, const Tensor& index,
                                  const Tensor& src, std::string_view reduce,
                                  bool include_self = true);
/// The elements where `mask` (kBool, broadcast) holds, 1-d. Waits for a device.
ADJOINT_API Tensor masked_select(const Tensor& self, const Tensor& mask);
/// self, with the elements where `mask` (kBool, broadcast) holds replaced by those of `source`, in
/// its order. Throws Error where `source` has too few; waits for a device to find out.
ADJOINT_API Tensor masked_scatter(const Tensor& self, const Tensor& mask, const Tensor& source);
/// The indices of the elements that are not 0, in order: kLong [count, dimensions]. Waits for a
/// device, since the count is the result's size. nonzero_numpy and where give them as one tensor a
/// dimension, where a number counts as a vector of one.
ADJOINT_API Tensor nonzero(const Tensor& self);
ADJOINT_API std::vector<Tensor> nonzero_numpy(const Tensor& self);
ADJOINT_API Tensor argwhere(const Tensor& self);
ADJOINT_API std::vector<Tensor> where(const Tensor& condition);
/// How many elements are not 0, of all or along the dimensions; kLong.
ADJOINT_API Tensor count_nonzero(const Tensor& self, IntArrayRef dims = {});
/// The elements of the flattened tensor at `index` (kLong, any shape); negative ones count from the
/// end. Throws IndexError.
ADJOINT_API Tensor take(const Tensor& self, const Tensor& index);
/// gather, where `indices` (kLong) broadcast with self but for `dim`; of the flattened tensors
/// without `dim`.
ADJOINT_API Tensor take_along_dim(const Tensor& self, const Tensor& indices,
                                  std::optional<int64_t> dim = std::nullopt);
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
