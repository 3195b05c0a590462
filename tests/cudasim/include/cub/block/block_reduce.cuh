// SPDX-License-Identifier: MIT
// Stand-in for CUB's header of this name.
#pragma once

#include "cudasim/block_primitives.h"

namespace cub {

enum BlockReduceAlgorithm {
  BLOCK_REDUCE_RAKING_COMMUTATIVE_ONLY,
  BLOCK_REDUCE_RAKING,
  BLOCK_REDUCE_WARP_REDUCTIONS
};

/// The first thread has the result.
template <class T, int BLOCK_DIM_X, BlockReduceAlgorithm ALGORITHM = BLOCK_REDUCE_WARP_REDUCTIONS,
          int BLOCK_DIM_Y = 1, int BLOCK_DIM_Z = 1>
class BlockReduce {
  static constexpr int kThreads = BLOCK_DIM_X * BLOCK_DIM_Y * BLOCK_DIM_Z;

 public:
  using TempStorage = cudasim::SharedValues<T, kThreads>;

  explicit BlockReduce(TempStorage& temp_storage) : temp_(temp_storage) {}

  T Sum(T input) { return Reduce(input, cudasim::Plus()); }
  T Sum(T input, int num_valid) { return Reduce(input, cudasim::Plus(), num_valid); }
  template <int ITEMS_PER_THREAD>
  T Sum(T (&inputs)[ITEMS_PER_THREAD]) {
    return Reduce(inputs, cudasim::Plus());
  }
  template <class ReductionOp>
  T Reduce(T input, ReductionOp reduction_op) {
    return Reduce(input, reduction_op, kThreads);
  }
  template <int ITEMS_PER_THREAD, class ReductionOp>
  T Reduce(T (&inputs)[ITEMS_PER_THREAD], ReductionOp reduction_op) {
    T result = inputs[0];
    for (int i = 1; i < ITEMS_PER_THREAD; ++i) result = reduction_op(result, inputs[i]);
    return Reduce(result, reduction_op);
  }
  template <class ReductionOp>
  T Reduce(T input, ReductionOp reduction_op, int num_valid) {
    cudasim::expect_block<BLOCK_DIM_X, BLOCK_DIM_Y, BLOCK_DIM_Z>("cub::BlockReduce");
    const int thread = cudasim::linear_thread();
    temp_[thread] = input;
    __syncthreads();
    if (thread != 0) return cudasim::no_result(input);
    T result = temp_[0];
    for (int i = 1; i < num_valid; ++i) result = reduction_op(result, temp_[i]);
    return result;
  }

 private:
  TempStorage& temp_;
};

}  // namespace cub
