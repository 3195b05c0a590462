// SPDX-License-Identifier: MIT
// Page-locked host memory, from and to which copies run while the host goes on.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "adjoint/memory.h"
#include "cuda/event.h"
#include "cuda/stream.h"

namespace adjoint::cuda {

/// Hands out blocks of powers of two and keeps those that are given back. A block that copies used
/// (note_use) is handed out again after they are done. One for all devices.
class PinnedAllocator final : public Allocator {
 public:
  void* allocate(size_t nbytes, const Stream& stream) override;
  void deallocate(void* data, size_t nbytes, const Stream& stream) noexcept override;
  void record_stream(void* data, const Stream& stream) override { (void)note_use(data, stream); }
  MemoryStats stats() const override;
  void reset_peak() override;
  void empty_cache() override;
  void set_limit(int64_t bytes) override;

  /// Whether the address lies in a block that is handed out.
  bool contains(const void* data) const;
  /// Says that work on `stream` uses the block that the address lies in; false, and nothing is
  /// noted, for other memory.
  bool note_use(const void* data, const Stream& stream);

 private:
  struct HostBlock {
    char* data;
    size_t size;
    bool used = false;
    uint32_t num_events = 0;
    std::vector<Stream> streams;
  };
  struct Pending {
    HostBlock* block;
    PooledEvent* event;
  };
  static constexpr int kNumClasses = 48;

  HostBlock* block_of(const void* data);
  HostBlock* from_system(size_t size);
  void poll_pending(bool wait) noexcept;
  void release_free();

  mutable std::mutex mutex_;
  MemoryStats stats_;
  std::map<const char*, HostBlock> blocks_;  // all there are
  std::vector<HostBlock*> free_[kNumClasses];
  std::vector<Pending> pending_;
};

/// Made on the first call and never destroyed.
PinnedAllocator& pinned_allocator();

}  // namespace adjoint::cuda
