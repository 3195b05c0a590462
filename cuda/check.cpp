// SPDX-License-Identifier: MIT
#include "cuda/check.h"

#include "adjoint/error.h"
#include "cuda/device.h"

namespace adjoint::cuda {
namespace {

// "sm_90" for 90; as CMake writes them.
const char* const built_for = ADJOINT_CUDA_ARCHITECTURES;

std::string advice(cudaError_t status) {
  switch (status) {
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorInvalidDeviceFunction:
    case cudaErrorUnsupportedPtxVersion: {
      int index = 0;
      cudaDeviceProp found;
      if (cudaGetDevice(&index) != cudaSuccess ||
          cudaGetDeviceProperties(&found, index) != cudaSuccess)
        return "";
      return detail::str(". This GPU, ", std::string_view(found.name), ", has compute capability ",
                         found.major, ".", found.minor,
                         "; libadjoint_cuda was built for architectures ", built_for,
                         ": build it with -DADJOINT_CUDA_ARCHITECTURES=", found.major, found.minor);
    }
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchFailure:
    case cudaErrorAssert:
    case cudaErrorMisalignedAddress:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
      return ". It may come from work enqueued earlier; the GPU cannot be used again in this "
             "process";
    default:
      return "";
  }
}

}  // namespace

void throw_error(cudaError_t status, const char* what, const char* file, int line) {
  (void)cudaGetLastError();  // the next call shall not report it again
  std::string message =
      detail::str("CUDA error: ", cudaGetErrorString(status), " (", cudaGetErrorName(status),
                  ") in ", what, " at ", file, ":", line, advice(status));
  if (status == cudaErrorMemoryAllocation) throw OutOfMemoryError(std::move(message));
  throw CUDAError(std::move(message));
}

}  // namespace adjoint::cuda
