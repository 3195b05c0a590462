// SPDX-License-Identifier: MIT
// Other arrangements of the same elements: flips, diagonals, triangles, repetitions, grids.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "adjoint/ops/index.h"
#include "adjoint/tensor_class.h"

namespace adjoint {

/// A copy with the order along `dims` turned round. Throws Error for repeated dimensions.
ADJOINT_API Tensor flip(const Tensor& self, IntArrayRef dims);
ADJOINT_API Tensor fliplr(const Tensor& self);
ADJOINT_API Tensor flipud(const Tensor& self);
/// By k times 90 degrees from the first of the two dimensions to the second.
ADJOINT_API Tensor rot90(const Tensor& self, int64_t k = 1, IntArrayRef dims = {0, 1});
/// Elements moved on by shifts[i] along dims[i], from the end to the start; without dims, of the
/// flattened tensor.
ADJOINT_API Tensor roll(const Tensor& self, IntArrayRef shifts, IntArrayRef dims = {});

/// Matrices [*, n, m] with zeros above (below) the diagonal that is `diagonal` above the main one.
ADJOINT_API Tensor tril(const Tensor& self, int64_t diagonal = 0);
ADJOINT_API Tensor triu(const Tensor& self, int64_t diagonal = 0);
/// The places of those elements of an n x m matrix, row by row: [2, count], kLong by default.
ADJOINT_API Tensor tril_indices(int64_t row, int64_t col, int64_t offset = 0,
                                const TensorOptions& options = {});
ADJOINT_API Tensor triu_indices(int64_t row, int64_t col, int64_t offset = 0,
                                const TensorOptions& options = {});

/// A view of the elements at (i, i + offset) of dim1 and dim2, as a last dimension.
ADJOINT_API Tensor diagonal(const Tensor& self, int64_t offset = 0, int64_t dim1 = 0,
                            int64_t dim2 = 1);
/// Zeros, with the last dimension of self on that diagonal of the new dimensions dim1 and dim2.
ADJOINT_API Tensor diag_embed(const Tensor& self, int64_t offset = 0, int64_t dim1 = -2,
                              int64_t dim2 = -1);
/// A copy of a matrix's diagonal; the matrix of a vector.
ADJOINT_API Tensor diag(const Tensor& self, int64_t diagonal = 0);
/// The matrix of the flattened tensor.
ADJOINT_API Tensor diagflat(const Tensor& self, int64_t offset = 0);
/// The sum of a matrix's diagonal.
ADJOINT_API Tensor trace(const Tensor& self);
/// A view of the windows of `size` elements, `step` apart, along `dim`, as a last dimension.
ADJOINT_API Tensor unfold(const Tensor& self, int64_t dimension, int64_t size, int64_t step);

/// Each vector (or number) along a dimension of its own, stretched to the sizes of all. `indexing`
/// is "ij", or "xy", which exchanges the first two dimensions.
ADJOINT_API std::vector<Tensor> meshgrid(TensorList tensors, std::string_view indexing = "ij");
ADJOINT_API Tensor cartesian_prod(TensorList tensors);
/// Each element `repeats` times, one after the other; of the flattened tensor without `dim`. As a
/// tensor (kInt, kLong), `repeats` has a number for each element; this waits for a device unless
/// `output_size`, their sum, is given.
ADJOINT_API Tensor repeat_interleave(const Tensor& self, int64_t repeats,
                                     std::optional<int64_t> dim = std::nullopt);
ADJOINT_API Tensor repeat_interleave(const Tensor& self, const Tensor& repeats,
                                     std::optional<int64_t> dim = std::nullopt,
                                     std::optional<int64_t> output_size = std::nullopt);
/// Index i repeats[i] times.
ADJOINT_API Tensor repeat_interleave(const Tensor& repeats,
                                     std::optional<int64_t> output_size = std::nullopt);
/// The tensor dims[i] times along dimension i; missing numbers are 1.
ADJOINT_API Tensor tile(const Tensor& self, IntArrayRef dims);

/// Dimension source[i] becomes destination[i]; the others keep their order. moveaxis, swapaxes,
/// swapdims are NumPy's names.
ADJOINT_API Tensor movedim(const Tensor& self, IntArrayRef source, IntArrayRef destination);
inline Tensor moveaxis(const Tensor& self, IntArrayRef source, IntArrayRef destination) {
  return movedim(self, source, destination);
}
inline Tensor swapaxes(const Tensor& self, int64_t axis0, int64_t axis1) {
  return self.transpose(axis0, axis1);
}
inline Tensor swapdims(const Tensor& self, int64_t dim0, int64_t dim1) {
  return self.transpose(dim0, dim1);
}
/// Dimension `dim` as several; one of `sizes` may be -1.
ADJOINT_API Tensor unflatten(const Tensor& self, int64_t dim, IntArrayRef sizes);
/// Without those of the dimensions that have size 1.
ADJOINT_API Tensor squeeze(const Tensor& self, IntArrayRef dims);
inline Tensor ravel(const Tensor& self) { return self.contiguous().view({-1}); }
inline Tensor broadcast_to(const Tensor& self, IntArrayRef sizes) { return self.expand(sizes); }
ADJOINT_API std::vector<Tensor> broadcast_tensors(TensorList tensors);
/// Views of at least so many dimensions.
ADJOINT_API Tensor atleast_1d(const Tensor& self);
ADJOINT_API Tensor atleast_2d(const Tensor& self);
ADJOINT_API Tensor atleast_3d(const Tensor& self);

inline Tensor concat(TensorList tensors, int64_t dim = 0) { return cat(tensors, dim); }
inline Tensor concatenate(TensorList tensors, int64_t dim = 0) { return cat(tensors, dim); }
/// Along the second dimension (of vectors: the first), the first, the third.
ADJOINT_API Tensor hstack(TensorList tensors);
ADJOINT_API Tensor vstack(TensorList tensors);
ADJOINT_API Tensor dstack(TensorList tensors);
/// Vectors as columns, beside matrices.
ADJOINT_API Tensor column_stack(TensorList tensors);
/// Into `sections` parts whose sizes differ by at most 1.
ADJOINT_API std::vector<Tensor> tensor_split(const Tensor& self, int64_t sections, int64_t dim = 0);

/// Along the second dimension (of vectors: the first), the first, the third, into equal parts.
/// Throws Error where that cannot be.
ADJOINT_API std::vector<Tensor> hsplit(const Tensor& self, int64_t sections);
ADJOINT_API std::vector<Tensor> vsplit(const Tensor& self, int64_t sections);
ADJOINT_API std::vector<Tensor> dsplit(const Tensor& self, int64_t sections);
/// Each element along `dim` less the one before, n times, of the tensor between `prepend` and
/// `append`.
ADJOINT_API Tensor diff(const Tensor& self, int64_t n = 1, int64_t dim = -1,
                        const std::optional<Tensor>& prepend = std::nullopt,
                        const std::optional<Tensor>& append = std::nullopt);

/// 1 at each element's class and 0 elsewhere: kLong [*, num_classes] of kLong [*]. Without
/// num_classes (-1), it is the largest class plus 1. Waits for a device, to check the classes.
ADJOINT_API Tensor one_hot(const Tensor& self, int64_t num_classes = -1);

}  // namespace adjoint
