// SPDX-License-Identifier: MIT
// CUDA's and cuBLAS's error codes as exceptions.
#pragma once

#include <cuda_runtime.h>

namespace adjoint::cuda {

/// Throws CUDAError, or OutOfMemoryError, for an error code; `what` says what was tried.
void throw_error(cudaError_t status, const char* what, const char* file, int line);

inline void check(cudaError_t status, const char* what, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  if (status != cudaSuccess) [[unlikely]]
    throw_error(status, what, file, line);
}

}  // namespace adjoint::cuda
