// SPDX-License-Identifier: MIT
// Stand-in for CUB's header of this name.
#pragma once

#include "device_reduce.cuh"

namespace cudasim {

/// The input may be the output.
template <bool inclusive, class In, class Out, class Op, class T>
__global__ void scan_kernel(In in, Out out, int64_t count, Op op, T init, bool has_init,
                            TempStorage temp) {
  temp.use();
  T sum = init;
  for (int64_t i = 0; i < count; ++i) {
    const T value = T(in[i]);
    const T next = i > 0 || has_init ? op(sum, value) : value;
    out[i] = inclusive ? next : sum;
    sum = next;
  }
}

template <bool inclusive, class In, class Out, class Op, class T>
cudaError_t scan(const LibraryFunction& function, void* temp_storage, size_t& temp_bytes, In in,
                 Out out, int64_t count, Op op, T init, bool has_init, cudaStream_t stream) {
  TempStorage temp;
  cudaError_t status;
  const size_t needed = 1024 + size_t(count) / 16;
  if (!takes_temp_storage(temp_storage, temp_bytes, needed, &temp, &status)) return status;
  if (count == 0) return cudaSuccess;
  return launch_library_kernel(function, stream,
                               scan_kernel<inclusive, decltype(as_input(in)), Out, Op, T>,
                               as_input(in), out, count, op, init, has_init, temp);
}

}  // namespace cudasim

namespace cub {

struct DeviceScan {
  template <class InputIteratorT, class OutputIteratorT, class NumItemsT>
  static cudaError_t ExclusiveSum(void* d_temp_storage, size_t& temp_storage_bytes,
                                  InputIteratorT d_in, OutputIteratorT d_out, NumItemsT num_items,
                                  cudaStream_t stream = 0) {
    return cudasim::scan<false>(CUDASIM_LIBRARY_FUNCTION("cub::DeviceScan::ExclusiveSum"),
                                d_temp_storage, temp_storage_bytes, d_in, d_out, int64_t(num_items),
                                cudasim::Plus(), cudasim::ValueOf<InputIteratorT>(), true, stream);
  }
  template <class InputIteratorT, class OutputIteratorT, class NumItemsT>
  static cudaError_t InclusiveSum(void* d_temp_storage, size_t& temp_storage_bytes,
                                  InputIteratorT d_in, OutputIteratorT d_out, NumItemsT num_items,
                                  cudaStream_t stream = 0) {
    return cudasim::scan<true>(CUDASIM_LIBRARY_FUNCTION("cub::DeviceScan::InclusiveSum"),
                               d_temp_storage, temp_storage_bytes, d_in, d_out, int64_t(num_items),
                               cudasim::Plus(), cudasim::ValueOf<InputIteratorT>(), false, stream);
  }
  template <class InputIteratorT, class OutputIteratorT, class ScanOpT, class InitValueT,
            class NumItemsT>
  static cudaError_t ExclusiveScan(void* d_temp_storage, size_t& temp_storage_bytes,
                                   InputIteratorT d_in, OutputIteratorT d_out, ScanOpT scan_op,
                                   InitValueT init_value, NumItemsT num_items,
                                   cudaStream_t stream = 0) {
    return cudasim::scan<false>(CUDASIM_LIBRARY_FUNCTION("cub::DeviceScan::ExclusiveScan"),
                                d_temp_storage, temp_storage_bytes, d_in, d_out, int64_t(num_items),
                                scan_op, init_value, true, stream);
  }
  template <class InputIteratorT, class OutputIteratorT, class ScanOpT, class NumItemsT>
  static cudaError_t InclusiveScan(void* d_temp_storage, size_t& temp_storage_bytes,
                                   InputIteratorT d_in, OutputIteratorT d_out, ScanOpT scan_op,
                                   NumItemsT num_items, cudaStream_t stream = 0) {
    return cudasim::scan<true>(CUDASIM_LIBRARY_FUNCTION("cub::DeviceScan::InclusiveScan"),
                               d_temp_storage, temp_storage_bytes, d_in, d_out, int64_t(num_items),
                               scan_op, cudasim::ValueOf<InputIteratorT>(), false, stream);
  }
};

}  // namespace cub
