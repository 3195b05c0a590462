// SPDX-License-Identifier: MIT
// CUDA for programs: devices, streams, events, guards, memory. Needs no CUDA toolkit; everything
// but is_available, cudnn_is_available and device_count throws Error where CUDA cannot be used, and
// says why.
#pragma once

#include <cstdint>
#include <vector>

#include "adjoint/device.h"
#include "adjoint/export.h"
#include "adjoint/memory.h"
#include "adjoint/stream.h"

/// CUDA's own types, as its headers declare them.
struct CUstream_st;
struct CUevent_st;

namespace adjoint::cuda {

/// Whether tensors can be put on a GPU: the first call looks for the backend, the driver and the
/// GPUs.
ADJOINT_API bool is_available() noexcept;
/// Whether CUDA and cuDNN, which only makes convolutions faster, are available.
ADJOINT_API bool cudnn_is_available();
/// 0 where there is none.
ADJOINT_API DeviceIndex device_count() noexcept;
/// This thread's device: where Device("cuda") without an index puts tensors.
ADJOINT_API DeviceIndex current_device();
ADJOINT_API void set_device(DeviceIndex device);
/// Waits for all work on the device (default: the current one); throws what that work failed with.
ADJOINT_API void synchronize(DeviceIndex device = -1);

/// A queue of work on one GPU. A small value; streams live as long as the program.
class ADJOINT_API CUDAStream {
 public:
  explicit CUDAStream(const Stream& stream) : stream_(stream) {}
  operator Stream() const { return stream_; }
  const Stream& unwrap() const { return stream_; }
  /// CUDA's handle, for calls of one's own.
  CUstream_st* stream() const { return static_cast<CUstream_st*>(stream_.handle()); }
  operator CUstream_st*() const { return stream(); }
  uint32_t id() const { return stream_.id(); }
  Device device() const { return stream_.device(); }
  DeviceIndex device_index() const { return stream_.device().index(); }
  void synchronize() const { stream_.synchronize(); }
  friend bool operator==(const CUDAStream& a, const CUDAStream& b) {
    return a.stream_ == b.stream_;
  }

 private:
  Stream stream_;
};

/// The stream that this thread enqueues work on; a device's default stream unless another was set.
ADJOINT_API CUDAStream getCurrentCUDAStream(DeviceIndex device = -1);
/// The stream that is current in a new thread. Not CUDA's legacy default stream, which is never
/// used.
ADJOINT_API CUDAStream getDefaultCUDAStream(DeviceIndex device = -1);
/// One of the device's 32 streams of that priority, in turn.
ADJOINT_API CUDAStream getStreamFromPool(bool isHighPriority = false, DeviceIndex device = -1);
/// Makes the stream current on its device, for this thread. The current device stays.
ADJOINT_API void setCurrentCUDAStream(const CUDAStream& stream);

/// Makes a stream and its device current for this thread, and restores both.
class ADJOINT_API CUDAStreamGuard {
 public:
  explicit CUDAStreamGuard(const CUDAStream& stream) : guard_(stream) {}

 private:
  StreamGuard guard_;
};

/// Makes a device current for this thread, and restores the one before.
class ADJOINT_API CUDAGuard {
 public:
  explicit CUDAGuard(DeviceIndex device);
  /// Throws Error unless it is a CUDA device.
  explicit CUDAGuard(Device device);
  ~CUDAGuard();
  CUDAGuard(const CUDAGuard&) = delete;
  CUDAGuard& operator=(const CUDAGuard&) = delete;
  void set_index(DeviceIndex device);
  DeviceIndex original_device() const { return original_; }

 private:
  DeviceIndex original_;
};

/// A mark in a stream that other streams and the host can wait for, and that can measure time.
class ADJOINT_API CUDAEvent {
 public:
  explicit CUDAEvent(bool enable_timing = false) : enable_timing_(enable_timing) {}
  ~CUDAEvent();
  CUDAEvent(CUDAEvent&& other) noexcept;
  CUDAEvent& operator=(CUDAEvent&& other) noexcept;
  CUDAEvent(const CUDAEvent&) = delete;
  CUDAEvent& operator=(const CUDAEvent&) = delete;
  bool isCreated() const { return handle_ != nullptr; }
  /// Marks the work enqueued on the stream so far. Throws Error if it was recorded on another
  /// device.
  void record();
  void record(const CUDAStream& stream);
  void recordOnce(const CUDAStream& stream);
  /// Work enqueued on the stream from now on waits for the mark. Nothing if never recorded.
  void block(const CUDAStream& stream) const;
  /// True when the marked work is done, and if never recorded.
  bool query() const;
  /// Blocks until the marked work is done.
  void synchronize() const;
  /// Milliseconds from this event to `other`. Throws Error unless both were made with enable_timing
  /// and recorded, and have passed.
  float elapsed_time(const CUDAEvent& other) const;

 private:
  bool enable_timing_;
  DeviceIndex device_ = -1;
  void* handle_ = nullptr;
};

/// Of the device's allocator (default: the current one); see adjoint/memory.h.
ADJOINT_API MemoryStats memory_stats(DeviceIndex device = -1);
ADJOINT_API void reset_peak_memory_stats(DeviceIndex device = -1);
ADJOINT_API void empty_cache(DeviceIndex device = -1);
ADJOINT_API void set_memory_limit(int64_t bytes, DeviceIndex device = -1);
ADJOINT_API std::vector<SegmentInfo> memory_snapshot(DeviceIndex device = -1);

}  // namespace adjoint::cuda
