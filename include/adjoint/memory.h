// SPDX-License-Identifier: MIT
// Device memory: the allocator's interface and its statistics, the same on every device.
#pragma once

#include <cstddef>
#include <cstdint>

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
};

ADJOINT_API MemoryStats memory_stats(Device device = get_default_device());
ADJOINT_API void reset_peak_memory_stats(Device device = get_default_device());
ADJOINT_API void empty_cache(Device device = get_default_device());
ADJOINT_API void set_memory_limit(int64_t bytes, Device device = get_default_device());

}  // namespace adjoint
