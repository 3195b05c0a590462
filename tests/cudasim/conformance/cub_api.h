// SPDX-License-Identifier: MIT
// CUB, as the sources of cuda/ and the tests may use it.
#pragma once

#include <cub/block/block_reduce.cuh>
#include <cub/block/block_scan.cuh>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_reduce.cuh>
#include <cub/device/device_scan.cuh>
#include <cub/device/device_segmented_sort.cuh>
#include <cub/warp/warp_reduce.cuh>

#include <cstdint>

#include "statements.h"

struct Or {
  __host__ __device__ int operator()(int a, int b) const { return a | b; }
};

inline void device_wide(void* temp, size_t& bytes, float* keys, float* sorted_keys, int* values,
                        int* sorted_values, cudaStream_t stream) {
  const int n = 3;
  const int64_t n64 = 3;
  cub::DoubleBuffer<float> both_keys(keys, sorted_keys);
  cub::DoubleBuffer<int> both_values(values, sorted_values);
  CALL(float*, both_keys.Current());
  CALL(float*, both_keys.Alternate());
  CALL(int, both_keys.selector + 0);

  using Radix = cub::DeviceRadixSort;
  CALL(cudaError_t, Radix::SortPairs(temp, bytes, keys, sorted_keys, values, sorted_values, n));
  CALL(cudaError_t,
       Radix::SortPairs(temp, bytes, keys, sorted_keys, values, sorted_values, n64, 0, 32, stream));
  CALL(cudaError_t, Radix::SortPairsDescending(temp, bytes, keys, sorted_keys, values,
                                               sorted_values, n, 0, 32, stream));
  CALL(cudaError_t, Radix::SortPairs(temp, bytes, both_keys, both_values, n, 0, 32, stream));
  CALL(cudaError_t,
       Radix::SortPairsDescending(temp, bytes, both_keys, both_values, n, 0, 32, stream));
  CALL(cudaError_t, Radix::SortKeys(temp, bytes, keys, sorted_keys, n, 0, 32, stream));
  CALL(cudaError_t, Radix::SortKeysDescending(temp, bytes, keys, sorted_keys, n, 0, 32, stream));
  CALL(cudaError_t, Radix::SortKeys(temp, bytes, both_keys, n, 0, 32, stream));
  CALL(cudaError_t, Radix::SortKeysDescending(temp, bytes, both_keys, n, 0, 32, stream));

  using Segmented = cub::DeviceSegmentedSort;
  const int* const offsets = values;
  CALL(cudaError_t,
       Segmented::SortKeys(temp, bytes, keys, sorted_keys, n64, n64, offsets, offsets + 1, stream));
  CALL(cudaError_t, Segmented::StableSortPairs(temp, bytes, keys, sorted_keys, values,
                                               sorted_values, n64, n64, offsets, offsets + 1));
  CALL(cudaError_t,
       Segmented::StableSortPairsDescending(temp, bytes, keys, sorted_keys, values, sorted_values,
                                            n64, n64, offsets, offsets + 1, stream));

  CALL(cudaError_t, cub::DeviceReduce::Sum(temp, bytes, keys, sorted_keys, n, stream));
  CALL(cudaError_t, cub::DeviceReduce::Min(temp, bytes, keys, sorted_keys, n64, stream));
  CALL(cudaError_t, cub::DeviceReduce::Max(temp, bytes, keys, sorted_keys, n, stream));
  CALL(cudaError_t,
       cub::DeviceReduce::Reduce(temp, bytes, values, sorted_values, n, Or(), 0, stream));

  CALL(cudaError_t, cub::DeviceScan::InclusiveSum(temp, bytes, keys, sorted_keys, n, stream));
  CALL(cudaError_t, cub::DeviceScan::ExclusiveSum(temp, bytes, keys, sorted_keys, n64, stream));
  CALL(cudaError_t,
       cub::DeviceScan::InclusiveScan(temp, bytes, values, sorted_values, Or(), n, stream));
  CALL(cudaError_t,
       cub::DeviceScan::ExclusiveScan(temp, bytes, values, sorted_values, Or(), 0, n, stream));
}

using Warp = cub::WarpReduce<int, 16>;
using Reduce = cub::BlockReduce<float, 64, cub::BLOCK_REDUCE_WARP_REDUCTIONS, 2>;
using Scan = cub::BlockScan<int, 64, cub::BLOCK_SCAN_WARP_SCANS>;

__device__ inline void of_threads(Warp::TempStorage& of_warp, Reduce::TempStorage& of_reduce,
                                  Scan::TempStorage& of_scan) {
  float items[2];
  int sum;
  CALL(int, Warp(of_warp).Sum(1));
  CALL(int, Warp(of_warp).Sum(1, 8));
  CALL(int, Warp(of_warp).Reduce(1, Or()));
  CALL(float, Reduce(of_reduce).Sum(1.0f));
  CALL(float, Reduce(of_reduce).Sum(1.0f, 8));
  CALL(float, Reduce(of_reduce).Sum(items));
  CALL(float, Reduce(of_reduce).Reduce(1.0f, Or()));
  CALL(void, Scan(of_scan).InclusiveSum(1, sum));
  CALL(void, Scan(of_scan).ExclusiveSum(1, sum));
  CALL(void, Scan(of_scan).ExclusiveSum(1, sum, sum));
  CALL(void, Scan(of_scan).InclusiveScan(1, sum, Or()));
  CALL(void, Scan(of_scan).ExclusiveScan(1, sum, 0, Or()));
}
