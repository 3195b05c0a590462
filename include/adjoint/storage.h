// SPDX-License-Identifier: MIT
// The memory behind one or more tensors, and its version.
#pragma once

#include <cstddef>
#include <cstdint>

#include "adjoint/device.h"
#include "adjoint/export.h"
#include "adjoint/intrusive_ptr.h"
#include "adjoint/memory.h"
#include "adjoint/stream.h"

namespace adjoint {

/// Counts the in-place changes of a storage, so that a saved tensor knows whether it was changed.
class VersionCounter {
 public:
  uint32_t current() const noexcept { return value_.relaxed(); }
  /// Returns the count before.
  uint32_t bump() noexcept { return value_.add_relaxed(1); }
  void set(uint32_t value) noexcept { value_.store_relaxed(value); }

 private:
  detail::Atomic<uint32_t> value_;
};

/// A VersionCounter that some of a storage's tensors share instead of the storage's.
class SharedVersion : public VersionCounter {
 public:
  void retain() noexcept { ref_.add(); }
  void release() noexcept {
    if (ref_.drop()) delete this;
  }

 private:
  detail::RefCount ref_;
};

/// A block of a device's memory, shared by the tensors that view it.
class ADJOINT_API Storage {
 public:
  /// `nbytes` (0 is fine) from the allocator of `stream`'s device.
  static intrusive_ptr<Storage> allocate(size_t nbytes, const Stream& stream);
  /// From an allocator of its own kind, which must outlive it.
  static intrusive_ptr<Storage> allocate(size_t nbytes, const Stream& stream, Allocator& allocator);
  /// Memory of somebody else; `deleter(context, data)` is called when the last tensor is gone.
  static intrusive_ptr<Storage> wrap(void* data, size_t nbytes, const Stream& stream,
                                     void (*deleter)(void* context, void* data) noexcept,
                                     void* context);
  ~Storage();

  void* data() const noexcept { return data_; }
  size_t nbytes() const noexcept { return nbytes_; }
  Device device() const noexcept { return stream_.device(); }
  const Stream& stream() const noexcept { return stream_; }
  /// Says that work on `stream` uses the memory (Allocator::record_stream).
  void record_stream(const Stream& stream) {
    if (allocator_ && !(stream == stream_)) allocator_->record_stream(data_, stream);
  }
  /// Has `hook(context, data)` called when the memory of an allocator is let go; null: nothing.
  void set_release_hook(void (*hook)(void* context, void* data) noexcept, void* context) noexcept {
    deleter_ = hook;
    deleter_context_ = context;
  }
  VersionCounter& version() noexcept { return version_; }
  uint32_t use_count() const noexcept { return ref_.load(); }

  void retain() noexcept { ref_.add(); }
  void release() noexcept {
    if (ref_.drop()) delete this;
  }
  static void* operator new(size_t size);
  static void operator delete(void* p) noexcept;

 private:
  Storage() = default;
  detail::RefCount ref_;
  VersionCounter version_;
  void* data_ = nullptr;
  size_t nbytes_ = 0;
  Allocator* allocator_ = nullptr;
  Stream stream_;
  void (*deleter_)(void*, void*) noexcept = nullptr;  // or the release hook
  void* deleter_context_ = nullptr;
};

}  // namespace adjoint
