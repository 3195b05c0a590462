// SPDX-License-Identifier: MIT
// Streams and events: the order of work on a device. The CPU has one stream, on which work is done
// before the call returns.
#pragma once

#include <cstdint>

#include "adjoint/device.h"
#include "adjoint/export.h"

namespace adjoint {

/// A queue of work on one device; a small value. `handle` is the backend's own.
class ADJOINT_API Stream {
 public:
  constexpr Stream() : device_(kCPU) {}
  constexpr Stream(Device device, uint32_t id, void* handle)
      : device_(device), id_(id), handle_(handle) {}
  constexpr Device device() const { return device_; }
  constexpr uint32_t id() const { return id_; }
  constexpr void* handle() const { return handle_; }
  /// Blocks until all work enqueued so far is done; throws what that work failed with.
  void synchronize() const;
  friend constexpr bool operator==(const Stream& a, const Stream& b) {
    return a.device_ == b.device_ && a.id_ == b.id_;
  }

 private:
  Device device_;
  uint32_t id_ = 0;
  void* handle_ = nullptr;
};

/// The stream that this thread enqueues work for `device` on.
ADJOINT_API Stream current_stream(Device device);

/// Makes a stream (and its device) current for this thread, and restores both.
class ADJOINT_API StreamGuard {
 public:
  explicit StreamGuard(Stream stream);
  ~StreamGuard();
  StreamGuard(const StreamGuard&) = delete;
  StreamGuard& operator=(const StreamGuard&) = delete;

 private:
  Stream previous_;  // of the guarded stream's device
  DeviceIndex previous_device_;
};

/// A mark in a stream that other streams and the host can wait for.
class ADJOINT_API Event {
 public:
  Event() = default;
  ~Event();
  Event(Event&& other) noexcept;
  Event& operator=(Event&& other) noexcept;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  /// Marks the work enqueued on `stream` so far.
  void record(const Stream& stream);
  /// Work enqueued on `stream` from now on waits for the mark. Nothing if never recorded.
  void wait(const Stream& stream) const;
  /// True when the marked work is done.
  bool query() const;
  /// Blocks until the marked work is done.
  void synchronize() const;

 private:
  void release() noexcept;
  Device device_{kCPU};
  void* handle_ = nullptr;
};

}  // namespace adjoint
