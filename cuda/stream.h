// SPDX-License-Identifier: MIT
// The streams of the GPUs.
//
// Note [Streams]
// A device has one stream that is current in every thread at first, and a pool of 32 streams of
// normal and 32 of high priority, which are handed out in turn. All are made when first asked for,
// none is ever destroyed, none waits for CUDA's legacy default stream, which the library never
// uses.
#pragma once

#include <cuda_runtime.h>

#include <array>

#include "adjoint/stream.h"
#include "cuda/device.h"

namespace adjoint::cuda {

inline constexpr uint32_t kStreamsPerPriority = 32;
inline constexpr uint32_t kNumStreams = 1 + 2 * kStreamsPerPriority;

/// The stream's handle for calls that this thread makes next: its device becomes the CUDA
/// runtime's.
inline cudaStream_t raw(const Stream& stream) {
  use_device(stream.device().index());
  return static_cast<cudaStream_t>(stream.handle());
}

/// The stream `id` of a device: 0 is the first one.
Stream stream_of(DeviceIndex index, uint32_t id);
/// The next one of the pool.
Stream stream_from_pool(DeviceIndex index, bool high_priority);
/// This thread's stream on the device.
Stream current_stream(DeviceIndex index);
/// Makes it this thread's on its device; the current device stays.
void set_current_stream(const Stream& stream);
/// This thread's streams on all devices, to give them to another thread.
using CurrentStreams = std::array<uint8_t, kMaxDevices>;
const CurrentStreams& current_streams() noexcept;
void set_current_streams(const CurrentStreams& streams) noexcept;
/// A word of device memory that belongs to the stream, 0 at first (cuda/scratch.h).
unsigned* ticket_of(DeviceIndex index, uint32_t id);
/// Such words for all streams of the current device; done, when the call returns, on `stream`,
/// which must not be captured.
unsigned* make_tickets(cudaStream_t stream);
inline constexpr size_t kTicketBytes = 128;
inline unsigned* ticket_in(unsigned* tickets, uint32_t id) {
  return tickets + id * kTicketBytes / sizeof(unsigned);
}
/// Waits for all of the device's streams.
void synchronize_device(DeviceIndex index);

}  // namespace adjoint::cuda
