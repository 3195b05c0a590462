// SPDX-License-Identifier: MIT
// The caching allocator of a GPU's memory.
//
// Note [Stream-ordered memory]
// Memory is obtained from CUDA in segments of 2 MB (for blocks of up to 1 MB) or 20 MB and more,
// each of which belongs to one stream. Blocks are cut from segments in multiples of 512 bytes, and
// grow together with their free neighbours when they are given back.
// - A block that is given back is at once free for its own stream, although work enqueued there may
//   still use it: what uses it next comes later in the stream. No other stream ever gets it.
// - A small one is left as it is for the next request of its size; these are joined with their
//   neighbours where a request finds nothing else.
// - Where another stream used it too (record_stream), an event is recorded on that stream when the
//   block is given back, and the block waits until the event has passed. Events are looked at only
//   where no free block fits.
// - A capture allocates from a private pool, and what is given back there stays there: the graph's
//   addresses are its own until the pool is released, and so are its tickets (cuda/scratch.h).
//   While a capture is under way no event is recorded or queried, as CUDA demands: blocks with
//   other streams' uses wait for its end.
// - Where CUDA or the limit gives no more, all that is free is given back and CUDA is asked once
//   more; then OutOfMemoryError says who holds what.
// So a program in its steady state calls neither cudaMalloc nor cudaFree.
#pragma once

#include <mutex>
#include <string>

#include "adjoint/memory.h"
#include "cuda/block_pool.h"
#include "cuda/event.h"
#include "cuda/stream.h"

namespace adjoint::cuda {

/// The free blocks of one stream.
struct StreamPool {
  FreeBlocks small, large;
  RecentBlocks recent;
  uint32_t stream;
};

struct PrivatePool {
  uint64_t id;  ///< 0 is the general one
  bool released = false;
  std::unique_ptr<StreamPool> streams[kNumStreams];
  unsigned* tickets = nullptr;  ///< of the streams
  bool has_ticket[kNumStreams] = {};
};

struct Segment {
  char* data;
  size_t size;
  bool large;
  cudaStream_t raw_stream;
  StreamPool* pool;
  PrivatePool* owner;
  Block* first;
  Segment *previous, *next;
};

class DeviceAllocator final : public Allocator {
 public:
  explicit DeviceAllocator(DeviceIndex index);
  void* allocate(size_t nbytes, const Stream& stream) override;
  void deallocate(void* data, size_t nbytes, const Stream& stream) noexcept override;
  void record_stream(void* data, const Stream& stream) override;
  MemoryStats stats() const override;
  void reset_peak() override;
  void empty_cache() override;
  void set_limit(int64_t bytes) override;
  std::vector<SegmentInfo> snapshot() const override;
  /// Off: every block is one of cudaMalloc's own and goes back at once, so that compute-sanitizer
  /// sees what reaches beyond it. Off from the start where ADJOINT_CUDA_CACHING is 0.
  void set_caching(bool on);
  uint64_t create_pool() override;
  void begin_allocate_to_pool(uint64_t pool) override;
  void end_allocate_to_pool(uint64_t pool) override;
  void release_pool(uint64_t pool) override;
  /// The stream's ticket of the pool that this thread allocates from; null where that is the
  /// general one.
  unsigned* ticket_of_pool(const Stream& stream);

 private:
  struct Pending {
    Block* block;
    PooledEvent* event;
    Stream stream;
  };

  StreamPool& pool_of(PrivatePool& owner, uint32_t stream);
  PrivatePool& target_pool() noexcept;
  PrivatePool& find_pool(uint64_t id, const char* who);
  Block* take(size_t size, const Stream& stream, PrivatePool& owner, StreamPool& pool);
  Block* from_system(size_t size, const Stream& stream, PrivatePool& owner);
  Block* add_segment(size_t nbytes, bool large, const Stream& stream, PrivatePool& owner);
  void split(Block* block, size_t size);
  void make_free(Block* block) noexcept;
  void join(Block* block) noexcept;
  void join_recent(StreamPool& pool) noexcept;
  void join_recent(PrivatePool& owner) noexcept;
  Block* absorb(Block* block, Block* neighbour) noexcept;
  void record_uses(Block* block) noexcept;
  void poll_pending(bool wait) noexcept;
  void release_segments() noexcept;
  void release(Segment* segment) noexcept;
  std::string out_of_memory(size_t nbytes) const;
  std::vector<SegmentInfo> snapshot_locked() const;

  const DeviceIndex device_;
  const size_t total_memory_;
  bool caching_;
  mutable std::mutex mutex_;
  MemoryStats stats_;
  PrivatePool general_{0, false, {}};
  std::vector<std::unique_ptr<PrivatePool>> private_pools_;
  uint64_t last_pool_ = 0;
  int captures_ = 0;
  BlockObjects objects_;
  BlockMap used_;
  Segment* segments_ = nullptr;
  std::vector<Pending> pending_;
  std::vector<Block*> deferred_;  // given back during a capture, with other streams' uses
};

/// The device's allocator, made on the first call and never destroyed.
DeviceAllocator& device_allocator(DeviceIndex index);

/// The pool that a capture of this thread allocates from, and whose it is: to give it to another
/// thread.
struct AllocationTarget {
  const DeviceAllocator* allocator;
  PrivatePool* pool;
};
AllocationTarget allocation_target() noexcept;
void set_allocation_target(AllocationTarget target) noexcept;

}  // namespace adjoint::cuda
