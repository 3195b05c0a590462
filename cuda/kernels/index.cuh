// SPDX-License-Identifier: MIT
// What the kernels of index.cu, index_add.cu and advanced_index.cu know of index tensors.
//
// A bad index is reported (cuda/index_errors.h) and otherwise left out.
#pragma once

#include <climits>
#include <tuple>

#include "adjoint/error.h"
#include "adjoint/tensor.h"
#include "cuda/fast_divider.cuh"
#include "cuda/index_errors.cuh"
#include "cuda/portable.cuh"

namespace adjoint::cuda {

/// What every kernel knows of its indices: kInt or kLong (the other pointer is null).
struct Indices {
  const int64_t* longs;
  const int32_t* ints;
  IndexErrorSlot* errors;
  int64_t size;  // of the dimension that they index
  int dim;
  IndexOp op;
  // The slot is the host's memory, which any kernel may write to: no order is asked of it.
  static constexpr auto kernel_pointers = std::tuple(&Indices::longs, &Indices::ints);

  Indices(const Stream& stream, const TensorImpl& t, IndexOp name, int64_t dimension, int64_t n)
      : longs(t.dtype() == kLong ? static_cast<const int64_t*>(t.data()) : nullptr),
        ints(t.dtype() == kInt ? static_cast<const int32_t*>(t.data()) : nullptr),
        errors(index_error_slot(stream)),
        size(n),
        dim(int(dimension)),
        op(name) {}
  /// The index `at` elements on, -1 if it is bad.
  __device__ int64_t operator()(int64_t at) const {
    const int64_t i = longs ? longs[at] : ints[at];
    if (i >= 0 && i < size) return i;
    checked_index(i, size, dim, op, errors);
    return -1;
  }
};

namespace index {

constexpr int kThreads = 256;

inline unsigned blocks_for(int64_t threads) {
  return unsigned((threads + kThreads - 1) / kThreads);
}

/// A dense tensor as [outer, size, inner].
struct Slices {
  int64_t outer = 1, size, inner = 1;
  Slices(const TensorImpl& t, int64_t dim) : size(t.sizes()[size_t(dim)]) {
    for (int64_t d = 0; d < dim; ++d) outer *= t.sizes()[size_t(d)];
    for (int64_t d = dim + 1; d < t.dim(); ++d) inner *= t.sizes()[size_t(d)];
  }
};

/// The elements of an index tensor, in row-major order, and where they, and the elements of two
/// other tensors beside them, stand.
struct Elements {
  static constexpr std::tuple<> kernel_pointers{};
  int ndim;
  FastDivider sizes[kMaxDims];  // the innermost first
  int64_t strides[3][kMaxDims];

  Elements(const TensorImpl& index, const TensorImpl& a, const TensorImpl& b)
      : ndim(int(index.dim())) {
    for (int d = 0; d < ndim; ++d) {
      const size_t from = size_t(ndim - 1 - d);
      sizes[d] = FastDivider(unsigned(index.sizes()[from]));
      strides[0][d] = index.strides()[from];
      strides[1][d] = a.strides()[from];
      strides[2][d] = b.strides()[from];
    }
  }
  /// Loses a dimension, counted from the innermost.
  void drop(int dimension) {
    for (int d = dimension; d + 1 < ndim; ++d) {
      sizes[d] = sizes[d + 1];
      for (auto& s : strides) s[d] = s[d + 1];
    }
    --ndim;
  }
  __device__ void locate(unsigned i, int64_t (&at)[3]) const {
    at[0] = at[1] = at[2] = 0;
    for (int d = 0; d < ndim; ++d) {
      const unsigned above = sizes[d].divide(i), here = sizes[d].modulo(i, above);
#pragma unroll
      for (int k = 0; k < 3; ++k) at[k] += here * strides[k][d];
      i = above;
    }
  }
};

inline unsigned checked_numel(const char* op, const TensorImpl& t) {
  ADJOINT_CHECK(t.numel() <= INT_MAX, op, ": expected fewer than 2^31 indices, got ", t.sizes());
  return unsigned(t.numel());
}

inline IndexOp embedding_name() {
  static const IndexOp name = name_index_op("embedding: index out of range in self");
  return name;
}

}  // namespace index
}  // namespace adjoint::cuda
