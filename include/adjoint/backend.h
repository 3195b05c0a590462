// SPDX-License-Identifier: MIT
// What a kind of device implements to run tensors. Kernels are installed beside it, op by op, in
// the op registry (adjoint/op_registry.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "adjoint/device.h"
#include "adjoint/export.h"
#include "adjoint/memory.h"
#include "adjoint/stream.h"

namespace adjoint {

class OpRegistry;

/// Work that a Graph is made of, in pieces.
class ADJOINT_API GraphWork {
 public:
  virtual ~GraphWork();
  virtual size_t num_pieces() const = 0;
  /// Enqueues a piece on its stream.
  virtual void enqueue(size_t piece) = 0;
};

/// Work that a device was given once and does as often as it is launched.
class ADJOINT_API Graph {
 public:
  virtual ~Graph();
  /// Enqueues all of it on `stream`, with the arguments that it was made with.
  virtual void launch(const Stream& stream) = 0;
};

/// One per DeviceType, for all devices of that type. Events and streams are opaque handles of it.
class ADJOINT_API Backend {
 public:
  virtual ~Backend();
  virtual DeviceType type() const = 0;
  /// The host's own backend: one device whose one stream does its work at once.
  bool single_stream() const { return single_stream_; }
  virtual int device_count() = 0;
  virtual Allocator& allocator(DeviceIndex index) = 0;

  virtual DeviceIndex current_device() = 0;
  virtual void set_device(DeviceIndex index) = 0;
  virtual Stream current_stream(DeviceIndex index) = 0;
  /// The stream becomes current on its device, which need not be the current one.
  virtual void set_stream(const Stream& stream) = 0;
  virtual void synchronize(const Stream& stream) = 0;
  /// Waits for all streams of the device.
  virtual void synchronize_device(DeviceIndex index);
  /// The stream that is current where none was set.
  virtual Stream default_stream(DeviceIndex index);
  /// A stream beside the current one; the current one where the device has no more.
  virtual Stream stream_from_pool(DeviceIndex index, bool high_priority);

  /// `timing`: for elapsed_ms.
  virtual void* create_event(DeviceIndex index, bool timing = false) = 0;
  virtual void destroy_event(void* event) noexcept = 0;
  virtual void record_event(void* event, const Stream& stream) = 0;
  virtual void wait_event(void* event, const Stream& stream) = 0;
  virtual bool query_event(void* event) = 0;
  virtual void synchronize_event(void* event) = 0;

  /// What this backend keeps for each thread and work depends on.
  class ADJOINT_API ThreadState {
   public:
    virtual ~ThreadState();
    /// Gives it to the calling thread.
    virtual void take_over() const = 0;
  };
  /// A copy of the calling thread's, for another thread to go on with; null where there is nothing.
  /// As long as it is not overridden: the current device and its stream.
  virtual std::unique_ptr<ThreadState> thread_state();

  /// Milliseconds between two events with timing that have passed.
  virtual double elapsed_ms(void* start, void* end);

  /// Copies within the device, from the host and to the host, in the order of `stream`. The host
  /// forms return when the host's memory may be reused or read; with `non_blocking`, and where that
  /// memory is pinned, before that.
  virtual void copy_on_device(void* dst, const void* src, size_t nbytes, const Stream& stream) = 0;
  virtual void copy_from_host(void* dst, const void* src, size_t nbytes, const Stream& stream,
                              bool non_blocking = false) = 0;
  virtual void copy_to_host(void* dst, const void* src, size_t nbytes, const Stream& stream,
                            bool non_blocking = false) = 0;
  /// A copy between two devices of this type, in the order of `stream`, which is one of either's.
  virtual void copy_peer(void* dst, DeviceIndex dst_device, const void* src, DeviceIndex src_device,
                         size_t nbytes, const Stream& stream);
  /// Hands out host memory that non-blocking copies need; a block is handed out again when its
  /// copies are done. Null where plain memory is as good.
  virtual Allocator* pinned_allocator() { return nullptr; }
  virtual bool is_pinned(const void* host_memory);

  /// What `work`, which must outlive it, enqueues on `stream`, as a graph: nothing runs before it
  /// is launched. Memory that the pieces take for themselves is the graph's own. Null where the
  /// device has no graphs.
  virtual std::unique_ptr<Graph> make_graph(GraphWork& work, const Stream& stream);

  /// Calls `f(context, begin, end)` for ranges that cover [0, n), on as many of the threads that
  /// the backend's kernels work with as it likes; returns when all are done. Ranges begin at
  /// multiples of `grain`. As long as it is not overridden: one range, on the calling thread.
  virtual void for_ranges(int64_t n, int64_t grain, void (*f)(void*, int64_t, int64_t),
                          void* context);

  /// Installs this backend's kernels.
  virtual void register_kernels(OpRegistry& registry) = 0;

  /// Whether a library was found that the backend can do without: "cudnn".
  virtual bool has_library(std::string_view name);

 protected:
  explicit Backend(bool single_stream = false) : single_stream_(single_stream) {}

 private:
  const bool single_stream_;
};

/// Makes a backend known; it must outlive all use of tensors. Throws Error if its type has one.
ADJOINT_API void register_backend(Backend& backend);
/// The backend of a type: the plug-in libadjoint_cuda is found and loaded when it is first asked
/// for. Throws Error, saying why and what to do, where there is none.
ADJOINT_API Backend& get_backend(DeviceType type);
/// True where `get_backend(type)` would not throw and there is at least one device.
ADJOINT_API bool has_backend(DeviceType type) noexcept;

/// Pinned host memory, of the backend that has it. Throws Error where there is none.
ADJOINT_API Allocator& pinned_allocator();
/// Whether the host's address lies in memory that a backend in use has pinned.
ADJOINT_API bool is_pinned(const void* host_memory);

}  // namespace adjoint
