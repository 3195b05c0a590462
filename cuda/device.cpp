// SPDX-License-Identifier: MIT
#include "cuda/device.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <mutex>

#include "adjoint/error.h"
#include "cuda/check.h"

namespace adjoint::cuda {
namespace {

struct Found {
  int count = 0;
  std::string why_none;
};

Found find_devices() {
  Found found;
  int count = 0;  // stays as it is where the call fails
  cudaError_t status = cudaGetDeviceCount(&count);
  if (status == cudaSuccess && count > 0) {
    found.count = std::min(count, kMaxDevices);
    return found;
  }
  (void)cudaGetLastError();
  if (status == cudaErrorInsufficientDriver) {
    found.why_none = detail::str("no NVIDIA driver was found, or one that is too old for CUDA ",
                                 CUDART_VERSION / 1000, ".", CUDART_VERSION % 1000 / 10,
                                 "; install a newer driver");
  } else if (status == cudaSuccess || status == cudaErrorNoDevice) {
    found.why_none = "no NVIDIA GPU was found; check nvidia-smi and CUDA_VISIBLE_DEVICES";
  } else {
    found.why_none =
        detail::str("the CUDA runtime could not be started: ", cudaGetErrorString(status), " (",
                    cudaGetErrorName(status), ")");
  }
  return found;
}

const Found& found() {
  // What another thread may still read at the program's end is never destroyed.
  static const Found& instance = *new Found(find_devices());
  return instance;
}

struct CachedProperties {
  std::once_flag once;
  DeviceProperties value;
};

void read_properties(DeviceIndex index, DeviceProperties& out) {
  cudaDeviceProp properties;
  check(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
  out.name = properties.name;
  out.major = properties.major;
  out.minor = properties.minor;
  out.multiprocessors = properties.multiProcessorCount;
  out.max_threads_per_multiprocessor = properties.maxThreadsPerMultiProcessor;
  out.l2_cache_bytes = properties.l2CacheSize;
  out.max_shared_bytes = properties.sharedMemPerBlockOptin;
  out.total_memory = properties.totalGlobalMem;
}

constinit thread_local DeviceIndex current = 0;

}  // namespace

int num_devices() noexcept { return found().count; }
const std::string& why_no_device() { return found().why_none; }

void check_device(DeviceIndex index) {
  ADJOINT_CHECK(index >= 0 && index < num_devices(),
                "CUDA error: invalid device ordinal: expected a device index ", "below ",
                num_devices(), ", the number of GPUs, got cuda:", int(index));
}

const DeviceProperties& properties(DeviceIndex index) {
  static CachedProperties(&cache)[kMaxDevices] = *new CachedProperties[1][kMaxDevices];
  check_device(index);
  CachedProperties& entry = cache[index];
  std::call_once(entry.once, read_properties, index, entry.value);
  return entry.value;
}

DeviceIndex thread_device() noexcept { return current; }

void set_thread_device(DeviceIndex index) {
  if (index == current) return use_device(index);
  check_device(index);
  use_device(index);
  current = index;
}

void use_device(DeviceIndex index) {
  if (num_devices() <= 1) return;
  int now = -1;
  check(cudaGetDevice(&now), "cudaGetDevice");
  if (now != index) check(cudaSetDevice(index), "cudaSetDevice");
}

}  // namespace adjoint::cuda
