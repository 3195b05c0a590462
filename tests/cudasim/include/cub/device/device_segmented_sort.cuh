// SPDX-License-Identifier: MIT
// Stand-in for CUB's header of this name.
#pragma once

#include "../util_type.cuh"
#include "cudasim/sort.h"

namespace cudasim {

template <class Key, class Value, class Begins, class Ends>
__global__ void segmented_sort_kernel(const Key* keys, Key* sorted_keys, const Value* values,
                                      Value* sorted_values, int64_t segment_count, Begins begins,
                                      Ends ends, bool descending, TempStorage temp) {
  temp.use();
  for (int64_t i = 0; i < segment_count; ++i) {
    if (ends[i] <= begins[i]) continue;
    sort_range(keys, sorted_keys, values, sorted_values, int64_t(begins[i]), int64_t(ends[i]),
               {descending});
  }
}

template <class Key, class Value, class Begins, class Ends>
cudaError_t segmented_sort(const LibraryFunction& function, void* temp_storage, size_t& temp_bytes,
                           const Key* keys, Key* sorted_keys, const Value* values,
                           Value* sorted_values, int64_t count, int64_t segment_count,
                           Begins begins, Ends ends, bool descending, cudaStream_t stream) {
  TempStorage temp;
  cudaError_t status;
  const size_t needed = 1024 + size_t(count) * (sizeof(Key) + (values ? sizeof(Value) : 0)) +
                        size_t(segment_count) * 8;
  if (!takes_temp_storage(temp_storage, temp_bytes, needed, &temp, &status)) return status;
  if (count == 0 || segment_count == 0) return cudaSuccess;
  return launch_library_kernel(
      function, stream,
      segmented_sort_kernel<Key, Value, decltype(as_input(begins)), decltype(as_input(ends))>, keys,
      sorted_keys, values, sorted_values, segment_count, as_input(begins), as_input(ends),
      descending, temp);
}

}  // namespace cudasim

namespace cub {

/// Sorts that are not called stable are so here.
struct DeviceSegmentedSort {
#define CUDASIM_SEGMENTED_SORT(prefix, name, descending)                                         \
  template <class KeyT, class ValueT, class BeginOffsetIteratorT, class EndOffsetIteratorT>      \
  static cudaError_t prefix##SortPairs##name(                                                    \
      void* d_temp_storage, size_t& temp_storage_bytes, const KeyT* d_keys_in, KeyT* d_keys_out, \
      const ValueT* d_values_in, ValueT* d_values_out, int64_t num_items, int64_t num_segments,  \
      BeginOffsetIteratorT d_begin_offsets, EndOffsetIteratorT d_end_offsets,                    \
      cudaStream_t stream = 0) {                                                                 \
    return cudasim::segmented_sort(                                                              \
        CUDASIM_LIBRARY_FUNCTION("cub::DeviceSegmentedSort::" #prefix "SortPairs" #name),        \
        d_temp_storage, temp_storage_bytes, d_keys_in, d_keys_out, d_values_in, d_values_out,    \
        num_items, num_segments, d_begin_offsets, d_end_offsets, descending, stream);            \
  }                                                                                              \
  template <class KeyT, class BeginOffsetIteratorT, class EndOffsetIteratorT>                    \
  static cudaError_t prefix##SortKeys##name(                                                     \
      void* d_temp_storage, size_t& temp_storage_bytes, const KeyT* d_keys_in, KeyT* d_keys_out, \
      int64_t num_items, int64_t num_segments, BeginOffsetIteratorT d_begin_offsets,             \
      EndOffsetIteratorT d_end_offsets, cudaStream_t stream = 0) {                               \
    return cudasim::segmented_sort(                                                              \
        CUDASIM_LIBRARY_FUNCTION("cub::DeviceSegmentedSort::" #prefix "SortKeys" #name),         \
        d_temp_storage, temp_storage_bytes, d_keys_in, d_keys_out,                               \
        static_cast<const NullType*>(nullptr), static_cast<NullType*>(nullptr), num_items,       \
        num_segments, d_begin_offsets, d_end_offsets, descending, stream);                       \
  }
  CUDASIM_SEGMENTED_SORT(, , false)
  CUDASIM_SEGMENTED_SORT(, Descending, true)
  CUDASIM_SEGMENTED_SORT(Stable, , false)
  CUDASIM_SEGMENTED_SORT(Stable, Descending, true)
#undef CUDASIM_SEGMENTED_SORT
};

}  // namespace cub
