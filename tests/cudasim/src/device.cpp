// SPDX-License-Identifier: MIT
// The API's functions on devices and on what kernels may use of them.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "api.h"
#include "kernel_attributes.h"
#include "null_mode.h"

namespace cudasim {
namespace {

constexpr int kMultiProcessors = 4;
constexpr int kThreadsPerMultiProcessor = 2048;
constexpr int kBlocksPerMultiProcessor = 32;
constexpr size_t kSharedBytesPerMultiProcessor = size_t{228} << 10;
constexpr size_t kReservedSharedBytes = size_t{1} << 10;

std::map<const void*, int>& dynamic_shared_limits() {
  static auto* const instance = new std::map<const void*, int>;
  return *instance;
}

bool is_device(Engine& e, int device) {
  return device >= 0 && static_cast<size_t>(device) < e.devices.size();
}

// What works on a device that exists.
template <class Body>
cudaError_t with_device(const char* name, int device, Body&& body) {
  return api(name, kInError,
             [&](Engine& e) { return is_device(e, device) ? body(e) : cudaErrorInvalidDevice; });
}

cudaDeviceProp properties(int device) {
  cudaDeviceProp p{};
  std::snprintf(p.name, sizeof p.name, "Simulated CUDA device");
  p.uuid.bytes[15] = static_cast<char>(device + 1);
  p.totalGlobalMem = config().total_memory;
  p.sharedMemPerBlock = kSharedBytesPerBlock;
  p.regsPerBlock = 65536;
  p.warpSize = 32;
  p.memPitch = 2147483647;
  p.maxThreadsPerBlock = 1024;
  p.maxThreadsDim[0] = p.maxThreadsDim[1] = 1024;
  p.maxThreadsDim[2] = 64;
  p.maxGridSize[0] = 2147483647;
  p.maxGridSize[1] = p.maxGridSize[2] = 65535;
  p.totalConstMem = 65536;
  p.major = 9;
  p.minor = 0;
  p.textureAlignment = 512;
  p.multiProcessorCount = kMultiProcessors;
  p.canMapHostMemory = 1;
  p.concurrentKernels = 1;
  p.pciBusID = device + 1;
  p.asyncEngineCount = 2;
  p.unifiedAddressing = 1;
  p.memoryBusWidth = 4096;
  p.l2CacheSize = 4 << 20;
  p.maxThreadsPerMultiProcessor = kThreadsPerMultiProcessor;
  p.streamPrioritiesSupported = 1;
  p.sharedMemPerMultiprocessor = kSharedBytesPerMultiProcessor;
  p.regsPerMultiprocessor = 65536;
  p.sharedMemPerBlockOptin = kSharedBytesPerBlockOptin;
  p.maxBlocksPerMultiProcessor = kBlocksPerMultiProcessor;
  p.reservedSharedMemPerBlock = kReservedSharedBytes;
  p.hostRegisterSupported = 1;
  p.memoryPoolsSupported = 1;
  return p;
}

cudaError_t attribute(cudaDeviceAttr which, int device, int* value) {
  const cudaDeviceProp p = properties(device);
  switch (which) {
    case cudaDevAttrMaxThreadsPerBlock:
      *value = p.maxThreadsPerBlock;
      break;
    case cudaDevAttrMaxBlockDimX:
      *value = p.maxThreadsDim[0];
      break;
    case cudaDevAttrMaxBlockDimY:
      *value = p.maxThreadsDim[1];
      break;
    case cudaDevAttrMaxBlockDimZ:
      *value = p.maxThreadsDim[2];
      break;
    case cudaDevAttrMaxGridDimX:
      *value = p.maxGridSize[0];
      break;
    case cudaDevAttrMaxGridDimY:
      *value = p.maxGridSize[1];
      break;
    case cudaDevAttrMaxGridDimZ:
      *value = p.maxGridSize[2];
      break;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = static_cast<int>(p.sharedMemPerBlock);
      break;
    case cudaDevAttrWarpSize:
      *value = p.warpSize;
      break;
    case cudaDevAttrMaxRegistersPerBlock:
      *value = p.regsPerBlock;
      break;
    case cudaDevAttrMultiProcessorCount:
      *value = p.multiProcessorCount;
      break;
    case cudaDevAttrIntegrated:
      *value = p.integrated;
      break;
    case cudaDevAttrCanMapHostMemory:
      *value = p.canMapHostMemory;
      break;
    case cudaDevAttrComputeMode:
      *value = 0;
      break;
    case cudaDevAttrConcurrentKernels:
      *value = p.concurrentKernels;
      break;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      *value = p.maxThreadsPerMultiProcessor;
      break;
    case cudaDevAttrAsyncEngineCount:
      *value = p.asyncEngineCount;
      break;
    case cudaDevAttrUnifiedAddressing:
      *value = p.unifiedAddressing;
      break;
    case cudaDevAttrComputeCapabilityMajor:
      *value = p.major;
      break;
    case cudaDevAttrComputeCapabilityMinor:
      *value = p.minor;
      break;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      *value = static_cast<int>(p.sharedMemPerMultiprocessor);
      break;
    case cudaDevAttrMaxRegistersPerMultiprocessor:
      *value = p.regsPerMultiprocessor;
      break;
    case cudaDevAttrManagedMemory:
      *value = p.managedMemory;
      break;
    case cudaDevAttrPageableMemoryAccess:
      *value = p.pageableMemoryAccess;
      break;
    case cudaDevAttrConcurrentManagedAccess:
      *value = p.concurrentManagedAccess;
      break;
    case cudaDevAttrCanUseHostPointerForRegisteredMem:
      *value = 1;
      break;
    case cudaDevAttrCooperativeLaunch:
      *value = p.cooperativeLaunch;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = static_cast<int>(p.sharedMemPerBlockOptin);
      break;
    case cudaDevAttrMaxBlocksPerMultiprocessor:
      *value = p.maxBlocksPerMultiProcessor;
      break;
    case cudaDevAttrReservedSharedMemoryPerBlock:
      *value = static_cast<int>(p.reservedSharedMemPerBlock);
      break;
    case cudaDevAttrMemoryPoolsSupported:
      *value = p.memoryPoolsSupported;
      break;
    default:
      return cudaErrorInvalidValue;
  }
  return cudaSuccess;
}

cudaError_t change_peer(const char* name, int peer, bool enable) {
  return api(name, kPlain, [&](Engine& e) {
    if (!is_device(e, peer) || peer == this_thread().device) return cudaErrorInvalidDevice;
    std::set<int>& peers = current_device(e).peers;
    if (enable) {
      return peers.insert(peer).second ? cudaSuccess : cudaErrorPeerAccessAlreadyEnabled;
    }
    return peers.erase(peer) > 0 ? cudaSuccess : cudaErrorPeerAccessNotEnabled;
  });
}

}  // namespace

size_t max_dynamic_shared_bytes(const void* function) {
  const std::lock_guard lock(engine().mutex);
  const auto it = dynamic_shared_limits().find(function);
  return it == dynamic_shared_limits().end() ? kSharedBytesPerBlock
                                             : static_cast<size_t>(it->second);
}

}  // namespace cudasim

using namespace cudasim;

// These two know no errors but a null pointer, driver or not.
cudaError_t cudaDriverGetVersion(int* version) {
  if (!version) return cudaErrorInvalidValue;
  *version = config().driver ? CUDART_VERSION : 0;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  if (!version) return cudaErrorInvalidValue;
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  return api("cudaGetDeviceCount", kInError, [&](Engine& e) {
    *count = static_cast<int>(e.devices.size());
    return cudaSuccess;
  });
}

cudaError_t cudaGetDevice(int* device) {
  if (in_null_mode()) {
    *device = this_thread().device;
    return cudaSuccess;
  }
  return api("cudaGetDevice", kInError, [&](Engine&) {
    *device = this_thread().device;
    return cudaSuccess;
  });
}

cudaError_t cudaSetDevice(int device) {
  return with_device("cudaSetDevice", device, [&](Engine&) {
    this_thread().device = device;
    return cudaSuccess;
  });
}

cudaError_t cudaInitDevice(int device, unsigned int, unsigned int) {
  return with_device("cudaInitDevice", device, [](Engine&) { return cudaSuccess; });
}

cudaError_t cudaSetDeviceFlags(unsigned int flags) {
  return api("cudaSetDeviceFlags", kPlain, [&](Engine& e) {
    current_device(e).flags = flags;
    return cudaSuccess;
  });
}
cudaError_t cudaGetDeviceFlags(unsigned int* flags) {
  return api("cudaGetDeviceFlags", kPlain, [&](Engine& e) {
    *flags = current_device(e).flags | cudaDeviceMapHost;
    return cudaSuccess;
  });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* result, int device) {
  return with_device("cudaGetDeviceProperties", device, [&](Engine&) {
    *result = properties(device);
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr which, int device) {
  return with_device("cudaDeviceGetAttribute", device,
                     [&](Engine&) { return attribute(which, device, value); });
}

cudaError_t cudaDeviceGetPCIBusId(char* id, int size, int device) {
  return with_device("cudaDeviceGetPCIBusId", device, [&](Engine&) {
    char text[16];
    const int length = std::snprintf(text, sizeof text, "0000:%02X:00.0", (device + 1) & 0xFF);
    if (size <= length) return cudaErrorInvalidValue;
    std::memcpy(id, text, static_cast<size_t>(length) + 1);
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceReset() {
  return api("cudaDeviceReset", kInError, [&](Engine& e) {
    e.synchronize_device(this_thread().device);
    current_device(e).sticky = cudaSuccess;
    current_device(e).peers.clear();
    this_thread().last_error = cudaSuccess;
    return cudaSuccess;
  });
}

cudaError_t cudaDeviceGetLimit(size_t* value, cudaLimit limit) {
  return api("cudaDeviceGetLimit", kPlain, [&](Engine&) {
    *value = limit == cudaLimitStackSize ? 1024 : 0;
    return cudaSuccess;
  });
}
cudaError_t cudaDeviceSetLimit(cudaLimit, size_t) {
  return api("cudaDeviceSetLimit", kPlain, [](Engine&) { return cudaSuccess; });
}

cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int peer) {
  return with_device("cudaDeviceCanAccessPeer", device, [&](Engine& e) {
    if (!is_device(e, peer)) return cudaErrorInvalidDevice;
    *can = device != peer;
    return cudaSuccess;
  });
}
cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned int) {
  return change_peer("cudaDeviceEnablePeerAccess", peer, true);
}
cudaError_t cudaDeviceDisablePeerAccess(int peer) {
  return change_peer("cudaDeviceDisablePeerAccess", peer, false);
}

cudaError_t cudaFuncSetAttribute(const void* function, cudaFuncAttribute which, int value) {
  return api("cudaFuncSetAttribute", kPlain, [&](Engine&) {
    if (!function) return cudaErrorInvalidDeviceFunction;
    if (which != cudaFuncAttributeMaxDynamicSharedMemorySize) return cudaSuccess;
    if (value < 0 || static_cast<size_t>(value) > kSharedBytesPerBlockOptin) {
      return cudaErrorInvalidValue;
    }
    dynamic_shared_limits()[function] = value;
    return cudaSuccess;
  });
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* function) {
  return api("cudaFuncGetAttributes", kPlain, [&](Engine&) {
    if (!function) return cudaErrorInvalidDeviceFunction;
    *attributes = {};
    attributes->maxThreadsPerBlock = 1024;
    attributes->numRegs = 32;
    attributes->ptxVersion = attributes->binaryVersion = 90;
    attributes->maxDynamicSharedSizeBytes = static_cast<int>(max_dynamic_shared_bytes(function));
    return cudaSuccess;
  });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* function,
                                                          int block_size, size_t shared_bytes) {
  return api("cudaOccupancyMaxActiveBlocksPerMultiprocessor", kPlain, [&](Engine&) {
    if (!function) return cudaErrorInvalidDeviceFunction;
    if (block_size < 1) return cudaErrorInvalidValue;
    const size_t by_shared = kSharedBytesPerMultiProcessor / (shared_bytes + kReservedSharedBytes);
    *blocks = std::min({kThreadsPerMultiProcessor / block_size, kBlocksPerMultiProcessor,
                        static_cast<int>(std::min<size_t>(by_shared, 1024))});
    return cudaSuccess;
  });
}
