// SPDX-License-Identifier: MIT
// Sizes and strides: wrapping of dimensions, shapes of views, overlap.
#pragma once

#include <optional>

#include "adjoint/array_ref.h"
#include "adjoint/indexing.h"
#include "adjoint/tensor.h"

namespace adjoint {

/// Where the elements of a view are; strides and offset count elements.
struct Geometry {
  DimVector sizes, strides;
  int64_t offset = 0;
};
inline Geometry geometry_of(const Tensor& t) {
  return {t.sizes(), t.strides(), t.storage_offset()};
}
/// Row-major, from offset 0.
Geometry contiguous_geometry(IntArrayRef sizes);

/// `dim` in [0, ndim), from [-ndim, ndim). A 0-d tensor takes 0 and -1. Throws IndexError.
int64_t wrap_dim(int64_t dim, int64_t ndim);
/// The dimensions to reduce as a bit mask; all if `dims` is empty. Throws for repeated ones.
uint32_t dim_mask(IntArrayRef dims, int64_t ndim);
/// Sizes after a reduction of the dimensions in the mask.
DimVector reduced_sizes(IntArrayRef sizes, uint32_t mask, bool keepdim);

/// `sizes` with its -1, if any, worked out. Throws Error where the number of elements differs.
DimVector infer_sizes(IntArrayRef sizes, int64_t numel);
/// Strides that show memory of the given geometry in another shape; none where a copy is needed.
std::optional<DimVector> view_strides(IntArrayRef sizes, IntArrayRef strides,
                                      IntArrayRef new_sizes);

/// The geometry of base.select(dim, index) and base.slice(dim, start, end, step).
Geometry select_geometry(Geometry base, int64_t dim, int64_t index);
Geometry slice_geometry(Geometry base, int64_t dim, std::optional<int64_t> start,
                        std::optional<int64_t> end, int64_t step);

/// Whether two elements may share memory.
bool may_overlap(IntArrayRef sizes, IntArrayRef strides);
/// Elements from the first to the last, both included.
int64_t span_of(IntArrayRef sizes, IntArrayRef strides);

}  // namespace adjoint
