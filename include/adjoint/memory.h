// SPDX-License-Identifier: MIT
// Device memory: the allocator's interface and its statistics, the same on every device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "adjoint/device.h"
#include "adjoint/export.h"
#include "adjoint/stream.h"

namespace adjoint {

/// All in bytes but the counts.
struct MemoryStats {
  int64_t allocated = 0;               ///< held by tensors now
  int64_t peak_allocated = 0;          ///< the most since the last reset_peak_memory_stats
  int64_t reserved = 0;                ///< obtained from the system, cached blocks included
  int64_t limit = 0;                   ///< the most that may be reserved; 0: no limit
  int64_t num_allocations = 0;         ///< since the start
  int64_t num_system_allocations = 0;  ///< those that had to ask the system
};

/// A part of a segment, in a memory_snapshot.
struct BlockInfo {
  size_t size = 0;
  size_t requested_size = 0;  ///< what was asked for; 0 where it is free
  bool allocated = false;     ///< held by a tensor
  bool active = false;        ///< that, or freed and still in use by another stream
};

/// A piece of memory that was obtained from the system, in a memory_snapshot.
struct SegmentInfo {
  Device device{kCPU};
  const void* address = nullptr;
  size_t total_size = 0;
  size_t allocated_size = 0;
  size_t active_size = 0;
  uint32_t stream = 0;  ///< the id of the stream that its blocks belong to
  bool is_large = false;
  uint64_t pool = 0;  ///< the private pool that it belongs to; 0: none
  std::vector<BlockInfo> blocks;
};

/// Hands out blocks of one device's memory. Safe to use from any thread.
class ADJOINT_API Allocator {
 public:
  virtual ~Allocator();
  /// A block of at least `nbytes` (> 0), aligned to 64 bytes or better, for use on `stream`.
  /// Throws OutOfMemoryError.
  virtual void* allocate(size_t nbytes, const Stream& stream) = 0;
  /// Gives back what `allocate(nbytes, stream)` returned; work already on `stream` may still use
  /// it.
  virtual void deallocate(void* block, size_t nbytes, const Stream& stream) noexcept = 0;
  virtual MemoryStats stats() const = 0;
  virtual void reset_peak() = 0;
  /// Returns cached blocks to the system.
  virtual void empty_cache() = 0;
  /// Caps the bytes obtained from the system; 0 lifts the cap.
  virtual void set_limit(int64_t bytes) = 0;

  /// Says that `block`, which allocate returned, is used on `stream` too, which is not its own:
  /// after its deallocation it is not handed out before the work that is then on `stream` is done.
  virtual void record_stream(void* block, const Stream& stream);
  virtual std::vector<SegmentInfo> snapshot() const;

  /// A pool of memory of its own, for a graph: its addresses are nobody else's while it lives.
  /// Throws NotImplementedError where the device has no graphs.
  virtual uint64_t create_pool();
  /// Between the two, what this thread allocates comes from the pool. No nesting.
  virtual void begin_allocate_to_pool(uint64_t pool);
  virtual void end_allocate_to_pool(uint64_t pool);
  /// The pool's memory may go back to the system once its blocks are deallocated.
  virtual void release_pool(uint64_t pool);
};

ADJOINT_API MemoryStats memory_stats(Device device = get_default_device());
ADJOINT_API void reset_peak_memory_stats(Device device = get_default_device());
ADJOINT_API void empty_cache(Device device = get_default_device());
ADJOINT_API void set_memory_limit(int64_t bytes, Device device = get_default_device());
/// What the device's allocator holds, segment by segment; nothing on the CPU.
ADJOINT_API std::vector<SegmentInfo> memory_snapshot(Device device = get_default_device());

}  // namespace adjoint
