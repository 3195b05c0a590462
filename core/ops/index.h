// SPDX-License-Identifier: MIT
// Selecting and writing by index, as other families use them.
#pragma once

#include "core/ops/elementwise.h"

namespace adjoint {

enum class SliceWrite : uint8_t { Add, Copy };

/// Writes the slices of `src` to those of `out`, which is dense, along `dim` at `index` (1-d, kInt
/// or kLong). Not recorded.
void write_slices(const Tensor& out, int64_t dim, const Tensor& index, const Tensor& src,
                  SliceWrite write);

/// The gradients of index_select and gather: zeros of `sizes` plus the slices, the elements, of
/// `src` at `index`. Recorded.
Tensor add_slices_to_zeros(IntArrayRef sizes, int64_t dim, const Tensor& index, const Tensor& src);
Tensor scatter_to_zeros(IntArrayRef sizes, int64_t dim, const Tensor& index, const Tensor& src);

/// Calls write(dense) for dense memory with the values of `self`, which become what is written
/// there: self's own memory where that is dense. Neither recorded nor counted as a change.
template <class F>
void write_dense(const Tensor& self, const F& write) {
  NoGradGuard no_grad;
  Tensor own = self.data(), dense = own.contiguous();
  write(dense);
  if (!dense.is_same(own)) own.copy_(dense);
}

/// `t`, or a copy where it shares the memory of `written`.
inline Tensor apart_from(const Tensor& written, const Tensor& t) {
  if (!(t.impl()->storage() == written.impl()->storage())) return t;
  NoGradGuard no_grad;
  return t.clone();
}

/// Dense memory in another shape: no view, for results that an operation makes anew.
inline Tensor in_shape(const Tensor& t, IntArrayRef sizes) {
  return Tensor(
      intrusive_ptr<TensorImpl>::adopt(new TensorImpl(t.impl()->storage(), t.dtype(), sizes)));
}

inline bool is_index_dtype(const Tensor& t) { return t.dtype() == kLong || t.dtype() == kInt; }
inline Tensor as_vector(const Tensor& t) { return t.dim() == 0 ? t.reshape({1}) : t; }

/// `index` may be no larger than `other`, but along `except` (-1: nowhere).
void check_index_sizes(const Tensor& index, const Tensor& other, const char* other_name,
                       int64_t except, const Tensor& self, int64_t dim);
/// As many dimensions as `self`, on its device, of an index's dtype.
void check_indices(const char* op, const Tensor& self, const Tensor& index);

}  // namespace adjoint
