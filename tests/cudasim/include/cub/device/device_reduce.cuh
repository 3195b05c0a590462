// SPDX-License-Identifier: MIT
// Stand-in for CUB's header of this name.
#pragma once

#include <limits>
#include <type_traits>

#include "cudasim/library.h"
#include "cudasim/operators.h"

namespace cudasim {

template <class Iterator>
using ValueOf = std::remove_cv_t<std::remove_reference_t<decltype(*std::declval<Iterator>())>>;

/// Of a tree's form, as on a GPU: a long sum stays as precise as there.
template <class T, class In, class Op>
T reduce_range(In in, int64_t begin, int64_t end, const Op& op) {
  if (end - begin > 16) {
    const int64_t middle = begin + (end - begin) / 2;
    return op(reduce_range<T>(in, begin, middle, op), reduce_range<T>(in, middle, end, op));
  }
  T result = T(in[begin]);
  for (int64_t i = begin + 1; i < end; ++i) result = op(result, T(in[i]));
  return result;
}

template <class In, class Out, class Op, class T>
__global__ void reduce_kernel(In in, Out out, int64_t count, Op op, T init, TempStorage temp) {
  temp.use();
  *out = count > 0 ? op(init, reduce_range<T>(in, 0, count, op)) : init;
}

template <class In, class Out, class Op, class T>
cudaError_t reduce(const LibraryFunction& function, void* temp_storage, size_t& temp_bytes, In in,
                   Out out, int64_t count, Op op, T init, cudaStream_t stream) {
  TempStorage temp;
  cudaError_t status;
  if (!takes_temp_storage(temp_storage, temp_bytes, 1024, &temp, &status)) return status;
  return launch_library_kernel(function, stream, reduce_kernel<decltype(as_input(in)), Out, Op, T>,
                               as_input(in), out, count, op, init, temp);
}

}  // namespace cudasim

namespace cub {

struct DeviceReduce {
  template <class InputIteratorT, class OutputIteratorT, class ReductionOpT, class T,
            class NumItemsT>
  static cudaError_t Reduce(void* d_temp_storage, size_t& temp_storage_bytes, InputIteratorT d_in,
                            OutputIteratorT d_out, NumItemsT num_items, ReductionOpT reduction_op,
                            T init, cudaStream_t stream = 0) {
    return cudasim::reduce(CUDASIM_LIBRARY_FUNCTION("cub::DeviceReduce::Reduce"), d_temp_storage,
                           temp_storage_bytes, d_in, d_out, int64_t(num_items), reduction_op, init,
                           stream);
  }
  template <class InputIteratorT, class OutputIteratorT, class NumItemsT>
  static cudaError_t Sum(void* d_temp_storage, size_t& temp_storage_bytes, InputIteratorT d_in,
                         OutputIteratorT d_out, NumItemsT num_items, cudaStream_t stream = 0) {
    return cudasim::reduce(CUDASIM_LIBRARY_FUNCTION("cub::DeviceReduce::Sum"), d_temp_storage,
                           temp_storage_bytes, d_in, d_out, int64_t(num_items), cudasim::Plus(),
                           cudasim::ValueOf<OutputIteratorT>(), stream);
  }
  template <class InputIteratorT, class OutputIteratorT, class NumItemsT>
  static cudaError_t Min(void* d_temp_storage, size_t& temp_storage_bytes, InputIteratorT d_in,
                         OutputIteratorT d_out, NumItemsT num_items, cudaStream_t stream = 0) {
    using T = cudasim::ValueOf<InputIteratorT>;
    return cudasim::reduce(CUDASIM_LIBRARY_FUNCTION("cub::DeviceReduce::Min"), d_temp_storage,
                           temp_storage_bytes, d_in, d_out, int64_t(num_items), cudasim::Minimum(),
                           std::numeric_limits<T>::max(), stream);
  }
  template <class InputIteratorT, class OutputIteratorT, class NumItemsT>
  static cudaError_t Max(void* d_temp_storage, size_t& temp_storage_bytes, InputIteratorT d_in,
                         OutputIteratorT d_out, NumItemsT num_items, cudaStream_t stream = 0) {
    using T = cudasim::ValueOf<InputIteratorT>;
    return cudasim::reduce(CUDASIM_LIBRARY_FUNCTION("cub::DeviceReduce::Max"), d_temp_storage,
                           temp_storage_bytes, d_in, d_out, int64_t(num_items), cudasim::Maximum(),
                           std::numeric_limits<T>::lowest(), stream);
  }
};

}  // namespace cub
