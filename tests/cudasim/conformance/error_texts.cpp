// SPDX-License-Identifier: MIT
// What NVIDIA's runtime says of errors; it needs no driver for that.
#include <cuda_runtime_api.h>

#include "nvidia.h"

const char* nvidia_error_name(int error) {
  return cudaGetErrorName(static_cast<cudaError_t>(error));
}
const char* nvidia_error_text(int error) {
  return cudaGetErrorString(static_cast<cudaError_t>(error));
}
