// SPDX-License-Identifier: MIT
// The device's side of cuda/index_errors.h.
#pragma once

#include "cuda/index_errors.h"
#include "cuda/portable.cuh"

namespace adjoint::cuda {

/// `index`, which must be in [0, size); 0, and a report, where it is not. Where `size` is 0 there
/// is nothing to be read at 0 either.
__device__ inline int64_t checked_index(int64_t index, int64_t size, int dim, IndexOp op,
                                        IndexErrorSlot* slot) {
  if (index >= 0 && index < size) return index;
  if (atomicCAS_system(&slot->op, 0u, op) == 0u) {
    slot->dim = dim;
    slot->index = index;
    slot->size = size;
  }
  return 0;
}

}  // namespace adjoint::cuda
