// SPDX-License-Identifier: MIT
// How a reduction is divided among threads and blocks: by the shape alone, so that sums come out
// the same on every device.
#pragma once

#include <cstddef>

#include "core/tensor/reduce_loops.h"

namespace adjoint::cuda {

struct ReducePlan {
  /// Elements in a load: neighbours of one output, or of neighbouring outputs.
  int vector = 1;
  /// Rows: threads for an output, and threads / width outputs in a block. Columns: threads beside
  /// each other for outputs, and threads / width for the elements of each.
  int width, threads;
  /// Into how many parts, of `part` elements but for the last, each output's elements are divided.
  int64_t splits = 1, part;
  /// Blocks for the outputs of one part.
  int64_t groups;
};

inline constexpr int kReduceThreads = 256;

/// Elements in a load where there are several.
constexpr int row_vector(size_t element_bytes) { return int(16 / element_bytes); }
constexpr int column_vector(size_t element_bytes) {
  return element_bytes < 4 ? 4 : int(16 / element_bytes);
}

ReducePlan plan_reduction(const ReduceLoops& loops, const void* in, size_t element_bytes,
                          bool may_load_vectors);

}  // namespace adjoint::cuda
