// SPDX-License-Identifier: MIT
// Order statistics, sets and histograms.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "adjoint/tensor_class.h"

namespace adjoint {

/// The smaller of two middle values; NaN if any is. Of all elements (ties share the gradient, NaN
/// of none), or along `dim` with the index (kLong).
ADJOINT_API Tensor median(const Tensor& self);
ADJOINT_API std::tuple<Tensor, Tensor> median(const Tensor& self, int64_t dim,
                                              bool keepdim = false);
/// The k-th smallest along `dim`, from 1, and its index (kLong).
ADJOINT_API std::tuple<Tensor, Tensor> kthvalue(const Tensor& self, int64_t k, int64_t dim = -1,
                                                bool keepdim = false);
/// The most frequent value along `dim`, the smallest of several, and the index (kLong) of its last
/// occurrence.
ADJOINT_API std::tuple<Tensor, Tensor> mode(const Tensor& self, int64_t dim = -1,
                                            bool keepdim = false);
ADJOINT_API Tensor msort(const Tensor& self);

/// The different values in order, for each element where its value stands among them, and how often
/// each is there (kLong; undefined where not asked for). Waits for a device. Values are sorted
/// whatever `sorted` says. No gradients.
ADJOINT_API std::tuple<Tensor, Tensor, Tensor> _unique2(const Tensor& self, bool sorted = true,
                                                        bool return_inverse = false,
                                                        bool return_counts = false);
/// The same of the slices along `dim`, in lexicographic order.
ADJOINT_API std::tuple<Tensor, Tensor, Tensor> unique_dim(const Tensor& self, int64_t dim,
                                                          bool sorted = true,
                                                          bool return_inverse = false,
                                                          bool return_counts = false);
/// The same of runs of equal elements, in their order.
ADJOINT_API std::tuple<Tensor, Tensor, Tensor> unique_consecutive(
    const Tensor& self, bool return_inverse = false, bool return_counts = false,
    std::optional<int64_t> dim = std::nullopt);

/// For each value, the place (kLong, or kInt if `out_int32`) in the sorted last dimension of
/// `sorted_sequence` where it can stand: before its equals, or behind them if `right`. The other
/// dimensions are values', or there is one sequence for all. bucketize(values, boundaries) is the
/// same for one sequence.
ADJOINT_API Tensor searchsorted(const Tensor& sorted_sequence, const Tensor& values,
                                bool out_int32 = false, bool right = false);
ADJOINT_API Tensor bucketize(const Tensor& self, const Tensor& boundaries, bool out_int32 = false,
                             bool right = false);
/// Whether each element is among those of `test_elements`, or not if `invert`.
ADJOINT_API Tensor isin(const Tensor& elements, const Tensor& test_elements,
                        bool assume_unique = false, bool invert = false);
/// How often each of 0 .. max(self) (at least minlength - 1) is in the vector `self`, or the sums
/// of the weights there. Waits for a device.
ADJOINT_API Tensor bincount(const Tensor& self, const Tensor& weights = {}, int64_t minlength = 0);
/// How many elements are in each of `bins` equal parts of [min, max]; of self's range where both
/// are 0. Floating point only. Waits for a device.
ADJOINT_API Tensor histc(const Tensor& self, int64_t bins = 100, const Scalar& min = 0,
                         const Scalar& max = 0);

}  // namespace adjoint
