// SPDX-License-Identifier: MIT
// Sorting few keys, by one block in shared memory.
#pragma once

#include "cuda/portable.cuh"

namespace adjoint::cuda {

/// Sorts items[0, n) ascending by `<`; all threads of the block come here, having written the
/// items, and see them sorted afterwards. n is a power of two. K. E. Batcher, Sorting networks and
/// their applications (1968).
template <class T>
__device__ void block_sort(T* items, int n) {
  for (int run = 2; run <= n; run *= 2) {
    for (int step = run / 2; step > 0; step /= 2) {
      __syncthreads();
      for (int pair = int(threadIdx.x); pair < n / 2; pair += int(blockDim.x)) {
        const int i = 2 * pair - (pair & (step - 1)), j = i + step;
        const T a = items[i], b = items[j];
        const bool ascending = (i & run) == 0;
        if (ascending ? b < a : a < b) {
          items[i] = b;
          items[j] = a;
        }
      }
    }
  }
  __syncthreads();
}

}  // namespace adjoint::cuda
