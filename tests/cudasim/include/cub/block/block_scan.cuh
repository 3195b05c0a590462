// SPDX-License-Identifier: MIT
// Stand-in for CUB's header of this name.
#pragma once

#include "cudasim/block_primitives.h"

namespace cub {

enum BlockScanAlgorithm { BLOCK_SCAN_RAKING, BLOCK_SCAN_RAKING_MEMOIZE, BLOCK_SCAN_WARP_SCANS };

template <class T, int BLOCK_DIM_X, BlockScanAlgorithm ALGORITHM = BLOCK_SCAN_RAKING,
          int BLOCK_DIM_Y = 1, int BLOCK_DIM_Z = 1>
class BlockScan {
  static constexpr int kThreads = BLOCK_DIM_X * BLOCK_DIM_Y * BLOCK_DIM_Z;

 public:
  using TempStorage = cudasim::SharedValues<T, kThreads>;

  explicit BlockScan(TempStorage& temp_storage) : temp_(temp_storage) {}

  void InclusiveSum(T input, T& output) { InclusiveScan(input, output, cudasim::Plus()); }
  void InclusiveSum(T input, T& output, T& block_aggregate) {
    InclusiveScan(input, output, cudasim::Plus(), block_aggregate);
  }
  void ExclusiveSum(T input, T& output) { ExclusiveScan(input, output, T(), cudasim::Plus()); }
  void ExclusiveSum(T input, T& output, T& block_aggregate) {
    ExclusiveScan(input, output, T(), cudasim::Plus(), block_aggregate);
  }
  template <class ScanOp>
  void InclusiveScan(T input, T& output, ScanOp scan_op) {
    T aggregate;
    InclusiveScan(input, output, scan_op, aggregate);
  }
  template <class ScanOp>
  void InclusiveScan(T input, T& output, ScanOp scan_op, T& block_aggregate) {
    const int thread = share(input);
    T sum = temp_[0];
    output = sum;
    for (int i = 1; i < kThreads; ++i) {
      sum = scan_op(sum, temp_[i]);
      if (i == thread) output = sum;
    }
    block_aggregate = sum;
  }
  template <class ScanOp>
  void ExclusiveScan(T input, T& output, T initial_value, ScanOp scan_op) {
    T aggregate;
    ExclusiveScan(input, output, initial_value, scan_op, aggregate);
  }
  /// The aggregate is without the initial value.
  template <class ScanOp>
  void ExclusiveScan(T input, T& output, T initial_value, ScanOp scan_op, T& block_aggregate) {
    const int thread = share(input);
    T sum = initial_value, aggregate = temp_[0];
    output = sum;
    for (int i = 1; i < kThreads; ++i) {
      sum = scan_op(sum, temp_[i - 1]);
      aggregate = scan_op(aggregate, temp_[i]);
      if (i == thread) output = sum;
    }
    block_aggregate = aggregate;
  }

 private:
  /// Puts what the threads have where all see it.
  int share(T input) {
    cudasim::expect_block<BLOCK_DIM_X, BLOCK_DIM_Y, BLOCK_DIM_Z>("cub::BlockScan");
    const int thread = cudasim::linear_thread();
    temp_[thread] = input;
    __syncthreads();
    return thread;
  }

  TempStorage& temp_;
};

}  // namespace cub
