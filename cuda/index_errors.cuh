// SPDX-License-Identifier: MIT
// The device's side of cuda/index_errors.h.
#pragma once

#include "cuda/index_errors.h"
#include "cuda/portable.cuh"

namespace adjoint::cuda {

/// `index`, counted from the end where it is negative, in [0, size); 0, and a report, where it is out
/// of range.
__device__ inline int64_t checked_index(int64_t index, int64_t size, IndexOp op, IndexErrorSlot* slot) {
  int64_t wrapped = index < 0 ? index + size : index;
  if (wrapped >= 0 && wrapped < size) return wrapped;
  if (atomicCAS_system(&slot->op, 0u, op) == 0u) {
    slot->index = index;
    slot->size = size;
  }
  return 0;
}

}  // namespace adjoint::cuda
