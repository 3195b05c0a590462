// SPDX-License-Identifier: MIT
// The loops of a reduction, those over outputs apart from those over the elements of one output.
#pragma once

#include "core/tensor/tensor_iterator.h"

namespace adjoint {

/// Innermost first; strides in bytes. There is at least one loop of each kind.
struct ADJOINT_API ReduceLoops {
  int num_kept = 0;
  int num_reduced = 0;
  int64_t kept_size[kMaxDims + 1];
  int64_t kept_in[kMaxDims + 1];
  int64_t kept_out[kMaxDims + 1];
  int64_t reduced_size[kMaxDims + 1];
  int64_t reduced_in[kMaxDims + 1];
  int64_t outputs = 1;
  int64_t reduced = 1;
  /// Whether neighbouring elements of the input are of one output.
  bool rows = false;

  /// Of TensorIterator::reduction.
  explicit ReduceLoops(const TensorIterator& iter);
};

}  // namespace adjoint
