// SPDX-License-Identifier: MIT
#include "cuda/stream.h"

#include <mutex>

#include "adjoint/atomic.h"
#include "adjoint/error.h"
#include "cuda/check.h"
#include "cuda/event.h"
#include "cuda/portable.cuh"

namespace adjoint::cuda {
namespace {

struct DeviceStreams {
  detail::Atomic<cudaStream_t> streams[kNumStreams];
  detail::Atomic<uint32_t> next[2];  // of each priority
  unsigned* tickets = nullptr;       // made with the first stream
};

constinit DeviceStreams devices[kMaxDevices]{};
constinit std::mutex making;
constinit thread_local CurrentStreams current{};

[[gnu::noinline, gnu::cold]] cudaStream_t make(DeviceIndex index, uint32_t id) {
  check_device(index);
  std::lock_guard lock(making);
  DeviceStreams& device = devices[index];
  if (cudaStream_t made = device.streams[id].acquire()) return made;
  use_device(index);
  int lowest = 0, highest = 0;
  check(cudaDeviceGetStreamPriorityRange(&lowest, &highest), "cudaDeviceGetStreamPriorityRange");
  cudaStream_t stream = nullptr;
  check(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking,
                                     id > kStreamsPerPriority ? highest : lowest),
        "cudaStreamCreateWithPriority");
  try {
    if (!device.tickets) device.tickets = make_tickets(stream);
  } catch (...) {
    (void)cudaStreamDestroy(stream);
    throw;
  }
  note_block_allocated(ticket_in(device.tickets, id), kTicketBytes, stream);
  device.streams[id].store_release(stream);
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
  return stream_of(index, index >= 0 && index < kMaxDevices ? current[size_t(index)] : 0);
}

void set_current_stream(const Stream& stream) {
  current[size_t(stream.device().index())] = uint8_t(stream.id());
}

unsigned* make_tickets(cudaStream_t stream) {
  RelaxedCapture relaxed;
  void* tickets = nullptr;
  check(cudaMalloc(&tickets, kNumStreams * kTicketBytes), "cudaMalloc");
  cudaError_t status = cudaMemsetAsync(tickets, 0, kNumStreams * kTicketBytes, stream);
  if (status == cudaSuccess) status = cudaStreamSynchronize(stream);
  if (status != cudaSuccess) (void)cudaFree(tickets);
  check(status, "cudaMemsetAsync");
  return static_cast<unsigned*>(tickets);
}

const CurrentStreams& current_streams() noexcept { return current; }
void set_current_streams(const CurrentStreams& streams) noexcept { current = streams; }

unsigned* ticket_of(DeviceIndex index, uint32_t id) {
  return ticket_in(devices[index].tickets, id);
}

void synchronize_device(DeviceIndex index) {
  check_device(index);
  use_device(index);
  check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
}

}  // namespace adjoint::cuda
