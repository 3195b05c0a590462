// SPDX-License-Identifier: MIT
#include "cuda/radix_sort.h"

#include <cub/device/device_radix_sort.cuh>

#include "cuda/check.h"
#include "cuda/scratch.h"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

template <class Key>
void sort(const Stream& stream, Key* keys, int32_t* values, Key* sorted_keys,
          int32_t* sorted_values, int n, int end_bit) {
  cudaStream_t handle = raw(stream);
  size_t nbytes = 0;
  check(cub::DeviceRadixSort::SortPairs(nullptr, nbytes, keys, sorted_keys, values, sorted_values,
                                        n, 0, end_bit, handle),
        "the size of a sort's work memory");
  Scratch work(stream, nbytes);
  check(cub::DeviceRadixSort::SortPairs(work.data(), nbytes, keys, sorted_keys, values,
                                        sorted_values, n, 0, end_bit, handle),
        "sort");
}

}  // namespace

void radix_sort(const Stream& stream, uint32_t* keys, int32_t* values, uint32_t* sorted_keys,
                int32_t* sorted_values, int n, int end_bit) {
  sort(stream, keys, values, sorted_keys, sorted_values, n, end_bit);
}
void radix_sort(const Stream& stream, uint64_t* keys, int32_t* values, uint64_t* sorted_keys,
                int32_t* sorted_values, int n, int end_bit) {
  sort(stream, keys, values, sorted_keys, sorted_values, n, end_bit);
}

}  // namespace adjoint::cuda
