// SPDX-License-Identifier: MIT
// Stand-in for CUB's header of this name.
#pragma once

#include "cudasim/block_primitives.h"

namespace cub {

/// Over groups of LOGICAL_WARP_THREADS lanes, a power of two; the first lane of each has the
/// result.
template <class T, int LOGICAL_WARP_THREADS = 32>
class WarpReduce {
  static constexpr int kLanes = LOGICAL_WARP_THREADS;
  static_assert(kLanes <= 32 && (kLanes & (kLanes - 1)) == 0);

 public:
  using TempStorage = cudasim::SharedValues<T, LOGICAL_WARP_THREADS>;

  explicit WarpReduce(TempStorage& temp_storage) : temp_(temp_storage) {}

  T Sum(T input) { return Reduce(input, cudasim::Plus()); }
  T Sum(T input, int valid_items) { return Reduce(input, cudasim::Plus(), valid_items); }
  template <class ReductionOp>
  T Reduce(T input, ReductionOp reduction_op) {
    return Reduce(input, reduction_op, LOGICAL_WARP_THREADS);
  }
  template <class ReductionOp>
  T Reduce(T input, ReductionOp reduction_op, int valid_items) {
    const int lane = cudasim::linear_thread() % 32, first = lane / kLanes * kLanes;
    const unsigned mask = kLanes == 32 ? 0xffffffffu : ((1u << kLanes) - 1) << first;
    temp_[lane - first] = input;
    __syncwarp(mask);
    if (lane != first) return cudasim::no_result(input);
    T result = temp_[0];
    for (int i = 1; i < valid_items; ++i) result = reduction_op(result, temp_[i]);
    return result;
  }

 private:
  TempStorage& temp_;
};

}  // namespace cub
