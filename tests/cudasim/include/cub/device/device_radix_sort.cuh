// SPDX-License-Identifier: MIT
// Stand-in for CUB's header of this name.
#pragma once

#include "../util_type.cuh"
#include "cudasim/sort.h"

namespace cudasim {

template <class Key, class Value>
__global__ void radix_sort_kernel(const Key* keys, Key* sorted_keys, const Value* values,
                                  Value* sorted_values, int64_t count, SortOrder order,
                                  TempStorage temp) {
  temp.use();
  sort_range(keys, sorted_keys, values, sorted_values, 0, count, order);
}

/// Sorts what is in the first buffers, into these or the second ones; the others are spoilt.
template <class Key, class Value>
__global__ void radix_sort_buffers_kernel(Key* keys, Key* other_keys, Value* values,
                                          Value* other_values, bool to_other, int64_t count,
                                          SortOrder order, TempStorage temp) {
  temp.use();
  sort_range(keys, to_other ? other_keys : keys, values, to_other ? other_values : values, 0, count,
             order);
  spoil(to_other ? keys : other_keys, count);
  spoil(to_other ? values : other_values, count);
}

template <class Key, class Value>
cudaError_t radix_sort(const LibraryFunction& function, void* temp_storage, size_t& temp_bytes,
                       const Key* keys, Key* sorted_keys, const Value* values, Value* sorted_values,
                       int64_t count, SortOrder order, cudaStream_t stream) {
  TempStorage temp;
  cudaError_t status;
  // Like CUB: as much as it sorts, and counts of digits.
  const size_t needed = 1024 + size_t(count) * (sizeof(Key) + (values ? sizeof(Value) : 0));
  if (!takes_temp_storage(temp_storage, temp_bytes, needed, &temp, &status)) return status;
  if (count == 0) return cudaSuccess;
  if (keys == sorted_keys || (values && values == sorted_values)) {
    violation("CUB", std::string(function.name) + ": input and output are the same array");
    return cudaErrorInvalidValue;
  }
  return launch_library_kernel(function, stream, radix_sort_kernel<Key, Value>, keys, sorted_keys,
                               values, sorted_values, count, order, temp);
}

template <class Key, class Value>
cudaError_t radix_sort(const LibraryFunction& function, void* temp_storage, size_t& temp_bytes,
                       cub::DoubleBuffer<Key>& keys, cub::DoubleBuffer<Value>& values,
                       int64_t count, SortOrder order, cudaStream_t stream) {
  TempStorage temp;
  cudaError_t status;
  if (!takes_temp_storage(temp_storage, temp_bytes, 1024, &temp, &status)) return status;
  if (count == 0) return cudaSuccess;
  // In CUB it depends on the number of passes where the result is: nobody may rely on it.
  const bool to_other = count % 2 != 0;
  status = launch_library_kernel(function, stream, radix_sort_buffers_kernel<Key, Value>,
                                 keys.Current(), keys.Alternate(), values.Current(),
                                 values.Alternate(), to_other, count, order, temp);
  if (status == cudaSuccess && to_other) {
    keys.selector ^= 1;
    values.selector ^= 1;
  }
  return status;
}

}  // namespace cudasim

namespace cub {

struct DeviceRadixSort {
#define CUDASIM_RADIX_SORT(name, descending)                                                      \
  template <class KeyT, class ValueT, class NumItemsT>                                            \
  static cudaError_t SortPairs##name(                                                             \
      void* d_temp_storage, size_t& temp_storage_bytes, const KeyT* d_keys_in, KeyT* d_keys_out,  \
      const ValueT* d_values_in, ValueT* d_values_out, NumItemsT num_items, int begin_bit = 0,    \
      int end_bit = sizeof(KeyT) * 8, cudaStream_t stream = 0) {                                  \
    return cudasim::radix_sort(CUDASIM_LIBRARY_FUNCTION("cub::DeviceRadixSort::SortPairs" #name), \
                               d_temp_storage, temp_storage_bytes, d_keys_in, d_keys_out,         \
                               d_values_in, d_values_out, int64_t(num_items),                     \
                               {descending, begin_bit, end_bit}, stream);                         \
  }                                                                                               \
  template <class KeyT, class ValueT, class NumItemsT>                                            \
  static cudaError_t SortPairs##name(void* d_temp_storage, size_t& temp_storage_bytes,            \
                                     DoubleBuffer<KeyT>& d_keys, DoubleBuffer<ValueT>& d_values,  \
                                     NumItemsT num_items, int begin_bit = 0,                      \
                                     int end_bit = sizeof(KeyT) * 8, cudaStream_t stream = 0) {   \
    return cudasim::radix_sort(CUDASIM_LIBRARY_FUNCTION("cub::DeviceRadixSort::SortPairs" #name), \
                               d_temp_storage, temp_storage_bytes, d_keys, d_values,              \
                               int64_t(num_items), {descending, begin_bit, end_bit}, stream);     \
  }                                                                                               \
  template <class KeyT, class NumItemsT>                                                          \
  static cudaError_t SortKeys##name(void* d_temp_storage, size_t& temp_storage_bytes,             \
                                    const KeyT* d_keys_in, KeyT* d_keys_out, NumItemsT num_items, \
                                    int begin_bit = 0, int end_bit = sizeof(KeyT) * 8,            \
                                    cudaStream_t stream = 0) {                                    \
    return cudasim::radix_sort(CUDASIM_LIBRARY_FUNCTION("cub::DeviceRadixSort::SortKeys" #name),  \
                               d_temp_storage, temp_storage_bytes, d_keys_in, d_keys_out,         \
                               static_cast<const NullType*>(nullptr),                             \
                               static_cast<NullType*>(nullptr), int64_t(num_items),               \
                               {descending, begin_bit, end_bit}, stream);                         \
  }                                                                                               \
  template <class KeyT, class NumItemsT>                                                          \
  static cudaError_t SortKeys##name(void* d_temp_storage, size_t& temp_storage_bytes,             \
                                    DoubleBuffer<KeyT>& d_keys, NumItemsT num_items,              \
                                    int begin_bit = 0, int end_bit = sizeof(KeyT) * 8,            \
                                    cudaStream_t stream = 0) {                                    \
    DoubleBuffer<NullType> no_values;                                                             \
    return cudasim::radix_sort(CUDASIM_LIBRARY_FUNCTION("cub::DeviceRadixSort::SortKeys" #name),  \
                               d_temp_storage, temp_storage_bytes, d_keys, no_values,             \
                               int64_t(num_items), {descending, begin_bit, end_bit}, stream);     \
  }
  CUDASIM_RADIX_SORT(, false)
  CUDASIM_RADIX_SORT(Descending, true)
#undef CUDASIM_RADIX_SORT
};

}  // namespace cub
