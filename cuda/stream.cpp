// SPDX-License-Identifier: MIT
#include "cuda/stream.h"

#include <mutex>

#include "adjoint/atomic.h"
#include "adjoint/error.h"
#include "cuda/check.h"

namespace adjoint::cuda {
namespace {

struct DeviceStreams {
  detail::Atomic<cudaStream_t> streams[kNumStreams];
  detail::Atomic<uint32_t> next[2];  // of each priority
};

constinit DeviceStreams devices[kMaxDevices]{};
constinit std::mutex making;
constinit thread_local uint8_t current[kMaxDevices]{};

[[gnu::noinline, gnu::cold]] cudaStream_t make(DeviceIndex index, uint32_t id) {
  check_device(index);
  std::lock_guard lock(making);
  detail::Atomic<cudaStream_t>& slot = devices[index].streams[id];
  if (cudaStream_t made = slot.acquire()) return made;
  use_device(index);
  int lowest = 0, highest = 0;
  check(cudaDeviceGetStreamPriorityRange(&lowest, &highest), "cudaDeviceGetStreamPriorityRange");
  int priority = id > kStreamsPerPriority ? highest : lowest;
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, priority),
        "cudaStreamCreateWithPriority");
  slot.store_release(stream);
  return stream;
}

}  // namespace

Stream stream_of(DeviceIndex index, uint32_t id) {
  cudaStream_t stream =
      index >= 0 && index < kMaxDevices ? devices[index].streams[id].acquire() : nullptr;
  if (stream == nullptr) [[unlikely]]
    stream = make(index, id);
  return Stream(Device(kCUDA, index), id, stream);
}

Stream stream_from_pool(DeviceIndex index, bool high_priority) {
  check_device(index);
  uint32_t turn = devices[index].next[high_priority].add_relaxed(1) % kStreamsPerPriority;
  return stream_of(index, 1 + turn + (high_priority ? kStreamsPerPriority : 0));
}

Stream current_stream(DeviceIndex index) {
  return stream_of(index, index >= 0 && index < kMaxDevices ? current[index] : 0);
}

void set_current_stream(const Stream& stream) {
  current[stream.device().index()] = uint8_t(stream.id());
}

void synchronize_device(DeviceIndex index) {
  check_device(index);
  use_device(index);
  check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
}

}  // namespace adjoint::cuda
