// SPDX-License-Identifier: MIT
// The API's functions on memory, but for copies.
#include <algorithm>

#include "api.h"
#include "blocks.h"
#include "counters.h"

namespace cudasim {
namespace {

void count_malloc(size_t bytes) {
  Counters& count = live_counters();
  ++count.mallocs;
  count.live_bytes += bytes;
  count.peak_bytes = std::max(count.peak_bytes, count.live_bytes);
}

void count_free(size_t bytes) {
  ++live_counters().frees;
  live_counters().live_bytes -= bytes;
}

bool starts(const void* pointer, Allocation* allocation) {
  return find_allocation(pointer, allocation) && allocation->begin == pointer;
}

cudaError_t malloc_pinned(const char* name, void** pointer, size_t bytes) {
  return api(name, kUnsafeInCapture, [&](Engine&) {
    if (!pointer) return cudaErrorInvalidValue;
    const cudaError_t status = host_malloc(this_thread().device, bytes, pointer);
    if (status == cudaSuccess) ++live_counters().host_mallocs;
    return status;
  });
}

// Pinned memory that goes away, or ceases to be pinned: what still uses it is a violation, and runs
// before.
template <class Release>
cudaError_t release_pinned(const char* name, void* pointer, Release&& release) {
  return api(name, kUnsafeInCapture, [&](Engine& e) -> cudaError_t {
    Allocation allocation;
    if (memory_kind(pointer) == MemoryKind::pinned && starts(pointer, &allocation)) {
      const auto begin = reinterpret_cast<uintptr_t>(allocation.begin);
      const RangeAccess whole{begin, begin + allocation.bytes, true};
      if (!e.races.settled(whole, e.host)) {
        Site site;
        site.kind = Site::Kind::host;
        site.what = name;
        site.frees = true;
        e.races.host_access(whole, e.host, site);
        settle();
      }
      e.races.forget(whole.begin, whole.end);
    }
    return release();
  });
}

void access_by_host(const void* pointer, size_t bytes, bool write, const char* file, int line) {
  const std::lock_guard lock(engine().mutex);
  Site site;
  site.kind = Site::Kind::host;
  site.what = "the host";
  site.file = file;
  site.line = line;
  const auto begin = reinterpret_cast<uintptr_t>(pointer);
  engine().races.host_access({begin, begin + bytes, write}, engine().host, site);
}

}  // namespace

void host_reads(const void* pinned, size_t bytes, const char* file, int line) {
  access_by_host(pinned, bytes, false, file, line);
}
void host_writes(const void* pinned, size_t bytes, const char* file, int line) {
  access_by_host(pinned, bytes, true, file, line);
}

}  // namespace cudasim

using namespace cudasim;

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  return api("cudaMalloc", kUnsafeInCapture, [&](Engine&) {
    if (!pointer) return cudaErrorInvalidValue;
    const cudaError_t status = device_malloc(this_thread().device, bytes, pointer);
    if (status == cudaSuccess && *pointer) count_malloc(bytes);
    return status;
  });
}

cudaError_t cudaFree(void* pointer) {
  return api("cudaFree", kUnsafeInCapture, [&](Engine& e) -> cudaError_t {
    if (!pointer) return cudaSuccess;
    Allocation allocation;
    if (memory_kind(pointer) != MemoryKind::device || !starts(pointer, &allocation)) {
      return cudaErrorInvalidValue;
    }
    // Work on the device is waited for; what peers do to the memory is not.
    ++live_counters().synchronizations;
    e.synchronize_device(allocation.device);
    const auto begin = reinterpret_cast<uintptr_t>(allocation.begin);
    const RangeAccess whole{begin, begin + allocation.bytes, true};
    if (!e.races.settled(whole, e.host)) {
      Site site;
      site.kind = Site::Kind::host;
      site.what = "cudaFree";
      site.frees = true;
      e.races.host_access(whole, e.host, site);
      settle();
    }
    forget_blocks(allocation);
    count_free(allocation.bytes);
    return device_free(pointer);
  });
}

cudaError_t cudaMallocAsync(void** pointer, size_t bytes, cudaStream_t handle) {
  const void* caller = __builtin_return_address(0);
  return api("cudaMallocAsync", kPlain, [&](Engine& e) {
    const auto stream = e.stream_of(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (stream->capture) return cudaErrorNotSupported;
    const cudaError_t status = device_malloc(stream->device, bytes, pointer);
    if (status != cudaSuccess || !*pointer) return status;
    count_malloc(bytes);
    Work work;
    work.site = site_of("cudaMallocAsync", caller, *stream);
    const auto begin = reinterpret_cast<uintptr_t>(*pointer);
    work.uses.push_back({{begin, begin + bytes, true}, work.site});
    return e.submit(*stream, std::move(work));
  });
}

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t handle) {
  const void* caller = __builtin_return_address(0);
  return api("cudaFreeAsync", kPlain, [&](Engine& e) {
    const auto stream = e.stream_of(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (stream->capture) return cudaErrorNotSupported;
    Allocation allocation;
    if (memory_kind(pointer) != MemoryKind::device || !starts(pointer, &allocation)) {
      return cudaErrorInvalidValue;
    }
    count_free(allocation.bytes);
    Work work;
    work.site = site_of("cudaFreeAsync", caller, *stream);
    work.site.frees = true;
    const auto begin = reinterpret_cast<uintptr_t>(pointer);
    work.uses.push_back({{begin, begin + allocation.bytes, true}, work.site});
    work.run = [pointer](const Operation&) { return device_free(pointer); };
    return e.submit(*stream, std::move(work));
  });
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes, unsigned int) {
  return malloc_pinned("cudaMallocHost", pointer, bytes);
}
cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned int) {
  return malloc_pinned("cudaHostAlloc", pointer, bytes);
}

cudaError_t cudaFreeHost(void* pointer) {
  return release_pinned("cudaFreeHost", pointer, [&] {
    if (!pointer) return cudaSuccess;
    const cudaError_t status = host_free(pointer);
    if (status == cudaSuccess) ++live_counters().host_frees;
    return status;
  });
}

cudaError_t cudaHostRegister(void* pointer, size_t bytes, unsigned int) {
  return api("cudaHostRegister", kUnsafeInCapture,
             [&](Engine&) { return host_register(this_thread().device, pointer, bytes); });
}
cudaError_t cudaHostUnregister(void* pointer) {
  return release_pinned("cudaHostUnregister", pointer, [&] { return host_unregister(pointer); });
}

cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned int flags) {
  return api("cudaHostGetDevicePointer", kPlain, [&](Engine&) {
    if (!device || flags != 0 || memory_kind(host) != MemoryKind::pinned) {
      return cudaErrorInvalidValue;
    }
    *device = host;
    return cudaSuccess;
  });
}

cudaError_t cudaHostGetFlags(unsigned int* flags, void* host) {
  return api("cudaHostGetFlags", kPlain, [&](Engine&) {
    if (!flags || memory_kind(host) != MemoryKind::pinned) return cudaErrorInvalidValue;
    *flags = cudaHostAllocMapped;
    return cudaSuccess;
  });
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  return api("cudaPointerGetAttributes", kPlain, [&](Engine&) {
    if (!attributes) return cudaErrorInvalidValue;
    *attributes = {};
    attributes->device = cudaInvalidDeviceId;
    Allocation allocation;
    if (!pointer || !find_allocation(pointer, &allocation)) return cudaSuccess;
    void* const address = const_cast<void*>(pointer);
    attributes->device = allocation.device;
    attributes->devicePointer = address;
    if (memory_kind(pointer) == MemoryKind::device) {
      attributes->type = cudaMemoryTypeDevice;
    } else {
      attributes->type = cudaMemoryTypeHost;
      attributes->hostPointer = address;
    }
    return cudaSuccess;
  });
}

cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  return api("cudaMemGetInfo", kPlain, [&](Engine&) {
    const size_t used = device_bytes_in_use(this_thread().device);
    *total = config().total_memory;
    *free = *total - std::min(*total, used);
    return cudaSuccess;
  });
}
