// SPDX-License-Identifier: MIT
#include "cuda/allocator.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "adjoint/atomic.h"
#include "adjoint/error.h"
#include "cuda/check.h"
#include "cuda/portable.cuh"

namespace adjoint::cuda {
namespace {

constexpr size_t kUnit = 512;
constexpr size_t kMiB = size_t(1) << 20;
constexpr size_t kMaxSmall = kMiB;
constexpr size_t kSmallSegment = 2 * kMiB;
constexpr size_t kLargeSegment = 20 * kMiB;
constexpr size_t kMinOwnSegment = 10 * kMiB;  // from here a block has a segment of its own
constexpr size_t kOwnSegmentUnit = 2 * kMiB;

size_t round_up(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

size_t segment_size(size_t size) {
  if (size <= kMaxSmall) return kSmallSegment;
  return size < kMinOwnSegment ? kLargeSegment : round_up(size, kOwnSegmentUnit);
}

constinit thread_local AllocationTarget target{};

std::string size_text(size_t nbytes) {
  char text[32];
  if (nbytes < kMiB) {
    std::snprintf(text, sizeof text, "%.2f KiB", double(nbytes) / 1024);
  } else if (nbytes < 1024 * kMiB) {
    std::snprintf(text, sizeof text, "%.2f MiB", double(nbytes) / double(kMiB));
  } else {
    std::snprintf(text, sizeof text, "%.2f GiB", double(nbytes) / double(1024 * kMiB));
  }
  return text;
}

FreeBlocks& bins_of(const Segment& segment) {
  return segment.large ? segment.pool->large : segment.pool->small;
}

}  // namespace

AllocationTarget allocation_target() noexcept { return target; }
void set_allocation_target(AllocationTarget next) noexcept { target = next; }

DeviceAllocator::DeviceAllocator(DeviceIndex index)
    : device_(index), total_memory_(properties(index).total_memory) {
  const char* caching = std::getenv("ADJOINT_CUDA_CACHING");
  caching_ = !caching || std::strcmp(caching, "0") != 0;
}

void* DeviceAllocator::allocate(size_t nbytes, const Stream& stream) {
  std::lock_guard lock(mutex_);
  if (nbytes > total_memory_) throw OutOfMemoryError(out_of_memory(nbytes));
  const size_t size = round_up(nbytes, kUnit);
  PrivatePool& owner = target_pool();
  StreamPool& pool = pool_of(owner, stream.id());
  Block* block = RecentBlocks::holds(size) ? pool.recent.pop(size) : nullptr;
  if (!block) {
    block = take(size, stream, owner, pool);
    if (!block) throw OutOfMemoryError(out_of_memory(nbytes));
    split(block, size);
    used_.insert(block);
  }
  block->requested = nbytes;
  ++stats_.num_allocations;
  stats_.allocated += int64_t(block->size);
  stats_.peak_allocated = std::max(stats_.peak_allocated, stats_.allocated);
  note_block_allocated(block->data, nbytes, block->segment->raw_stream);
  return block->data;
}

void DeviceAllocator::deallocate(void* data, size_t, const Stream&) noexcept {
  std::lock_guard lock(mutex_);
  Block* block = used_.find(data);
  if (!block || block->recent) return;
  stats_.allocated -= int64_t(block->size);
  if (block->uses.empty() && RecentBlocks::holds(block->size) && caching_) [[likely]] {
    note_block_freed(block->data, block->requested, block->segment->raw_stream);
    block->requested = 0;
    block->segment->pool->recent.push(block);
    return;
  }
  used_.remove(block);
  if (block->uses.empty()) {
    make_free(block);
  } else if (captures_ > 0) {
    ++block->num_events;
    deferred_.push_back(block);
  } else {
    record_uses(block);
  }
}

void DeviceAllocator::record_stream(void* data, const Stream& stream) {
  std::lock_guard lock(mutex_);
  Block* block = used_.find(data);
  if (!block || block->segment->raw_stream == static_cast<cudaStream_t>(stream.handle())) return;
  for (const Stream& s : block->uses) {
    if (s == stream) return;
  }
  block->uses.push_back(stream);
}

// A free block of at least `size` bytes, taken out of its bin; null where there is no more memory.
Block* DeviceAllocator::take(size_t size, const Stream& stream, PrivatePool& owner,
                             StreamPool& pool) {
  FreeBlocks& bins = size <= kMaxSmall ? pool.small : pool.large;
  Block* block = bins.find(size);
  if (!block) {
    join_recent(pool);
    block = bins.find(size);
  }
  if (!block && !pending_.empty() && captures_ == 0) {
    poll_pending(false);
    block = bins.find(size);
  }
  if (!block) return from_system(size, stream, owner);
  bins.remove(block);
  block->free = false;
  return block;
}

Block* DeviceAllocator::from_system(size_t size, const Stream& stream, PrivatePool& owner) {
  bool large = size > kMaxSmall;
  size_t nbytes = caching_ ? segment_size(size) : size;
  if (Block* block = add_segment(nbytes, large, stream, owner)) return block;
  // What is free may have a graph under way as its last user: then it stays.
  if (captures_ > 0) return nullptr;
  poll_pending(true);
  FreeBlocks& bins = large ? pool_of(owner, stream.id()).large : pool_of(owner, stream.id()).small;
  if (Block* block = bins.find(size)) {
    bins.remove(block);
    block->free = false;
    return block;
  }
  release_segments();
  return add_segment(nbytes, large, stream, owner);
}

// A block of the whole of a new segment; null where the limit or CUDA does not allow it.
Block* DeviceAllocator::add_segment(size_t nbytes, bool large, const Stream& stream,
                                    PrivatePool& owner) {
  if (stats_.limit != 0 && stats_.reserved + int64_t(nbytes) > stats_.limit) return nullptr;
  auto segment = std::make_unique<Segment>();
  cudaStream_t raw_stream = raw(stream);
  void* data = nullptr;
  {
    RelaxedCapture relaxed;
    cudaError_t status = cudaMalloc(&data, nbytes);
    if (status == cudaErrorMemoryAllocation) {
      (void)cudaGetLastError();
      return nullptr;
    }
    check(status, "cudaMalloc");
  }
  Block* block = objects_.make();
  *segment = {static_cast<char*>(data),
              nbytes,
              large,
              raw_stream,
              &pool_of(owner, stream.id()),
              &owner,
              block,
              nullptr,
              segments_};
  if (segments_) segments_->previous = segment.get();
  block->data = segment->data;
  block->size = nbytes;
  block->segment = segments_ = segment.release();
  stats_.reserved += int64_t(nbytes);
  ++stats_.num_system_allocations;
  return block;
}

// Cuts off what `size` bytes do not need, where that is worth while.
void DeviceAllocator::split(Block* block, size_t size) {
  size_t rest = block->size - size;
  if (block->segment->large ? rest <= kMaxSmall : rest < kUnit) return;
  Block* other = objects_.make();
  other->data = block->data + size;
  other->size = rest;
  other->segment = block->segment;
  other->previous = block;
  other->next = block->next;
  if (other->next) other->next->previous = other;
  block->next = other;
  block->size = size;
  other->free = true;
  bins_of(*block->segment).insert(other);
}

void DeviceAllocator::make_free(Block* block) noexcept {
  note_block_freed(block->data, block->requested, block->segment->raw_stream);
  block->requested = 0;
  block->uses.clear();
  join(block);
}

// Makes one free block of this one and its free neighbours.
void DeviceAllocator::join(Block* block) noexcept {
  FreeBlocks& bins = bins_of(*block->segment);
  if (Block* next = block->next; next && next->free) {
    bins.remove(next);
    block = absorb(block, next);
  }
  if (Block* previous = block->previous; previous && previous->free) {
    bins.remove(previous);
    block = absorb(previous, block);
  }
  block->free = true;
  bins.insert(block);
  if (!caching_ && captures_ == 0 && !block->previous && !block->next) release(block->segment);
}

void DeviceAllocator::join_recent(StreamPool& pool) noexcept {
  pool.recent.drain([&](Block* block) {
    used_.remove(block);
    join(block);
  });
}

void DeviceAllocator::join_recent(PrivatePool& owner) noexcept {
  for (const auto& pool : owner.streams) {
    if (pool) join_recent(*pool);
  }
}

// One block of two neighbours.
Block* DeviceAllocator::absorb(Block* block, Block* neighbour) noexcept {
  block->size += neighbour->size;
  block->next = neighbour->next;
  if (block->next) block->next->previous = block;
  objects_.give_back(neighbour);
  return block;
}

// Has the block wait for the work that is now on the other streams that used it.
void DeviceAllocator::record_uses(Block* block) noexcept {
  for (const Stream& stream : block->uses) {
    try {
      cudaStream_t handle = raw(stream);
      PooledEvent* event = take_event(stream.device().index());
      pending_.push_back({block, event, stream});
      if (cudaEventRecord(event->event, handle) == cudaSuccess) {
        ++block->num_events;
      } else {
        // The context is lost, or the driver is gone at the program's end: nothing will run any
        // more.
        (void)cudaGetLastError();
        pending_.pop_back();
        give_back_event(event);
      }
    } catch (...) {
    }
  }
  if (block->num_events == 0) make_free(block);
}

// Frees the blocks whose events have passed; with `wait`, all of them.
void DeviceAllocator::poll_pending(bool wait) noexcept {
  // What a stream has not reached, it has not passed: these are not asked again.
  SmallVector<Stream, 8> stuck;
  auto is_stuck = [&](const Stream& s) {
    return std::find(stuck.begin(), stuck.end(), s) != stuck.end();
  };
  size_t kept = 0;
  for (size_t i = 0; i < pending_.size(); ++i) {
    Pending entry = pending_[i];
    if (is_stuck(entry.stream)) {
      pending_[kept++] = entry;
      continue;
    }
    cudaError_t status =
        wait ? cudaEventSynchronize(entry.event->event) : cudaEventQuery(entry.event->event);
    if (status != cudaSuccess) (void)cudaGetLastError();
    if (status == cudaErrorNotReady) {
      stuck.push_back(entry.stream);
      pending_[kept++] = entry;
      continue;
    }
    give_back_event(entry.event);
    if (--entry.block->num_events == 0) make_free(entry.block);
  }
  pending_.resize(kept);
}

// Gives back to CUDA the segments that nothing lives in.
void DeviceAllocator::release_segments() noexcept {
  join_recent(general_);
  for (const auto& pool : private_pools_) join_recent(*pool);
  for (Segment* segment = segments_; segment;) {
    Segment* next = segment->next;
    bool unused = segment->first->free && !segment->first->next;
    if (unused && (segment->owner == &general_ || segment->owner->released)) release(segment);
    segment = next;
  }
  std::erase_if(private_pools_, [&](const std::unique_ptr<PrivatePool>& pool) {
    if (!pool->released) return false;
    for (const Segment* s = segments_; s; s = s->next) {
      if (s->owner == pool.get()) return false;
    }
    if (cudaFree(pool->tickets) != cudaSuccess) (void)cudaGetLastError();
    return true;
  });
}

// cudaFree waits for the work on the memory.
void DeviceAllocator::release(Segment* segment) noexcept {
  bins_of(*segment).remove(segment->first);
  objects_.give_back(segment->first);
  if (segment->previous) segment->previous->next = segment->next;
  if (segment->next) segment->next->previous = segment->previous;
  if (segments_ == segment) segments_ = segment->next;
  stats_.reserved -= int64_t(segment->size);
  if (cudaFree(segment->data) != cudaSuccess) (void)cudaGetLastError();
  delete segment;
}

void DeviceAllocator::empty_cache() {
  std::lock_guard lock(mutex_);
  use_device(device_);
  if (captures_ == 0) {
    poll_pending(true);
    release_segments();
  }
}

void DeviceAllocator::set_caching(bool on) {
  std::lock_guard lock(mutex_);
  use_device(device_);
  poll_pending(true);
  release_segments();
  caching_ = on;
}

MemoryStats DeviceAllocator::stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}
void DeviceAllocator::reset_peak() {
  std::lock_guard lock(mutex_);
  stats_.peak_allocated = stats_.allocated;
}
void DeviceAllocator::set_limit(int64_t bytes) {
  std::lock_guard lock(mutex_);
  stats_.limit = bytes;
}

// ---- Pools

StreamPool& DeviceAllocator::pool_of(PrivatePool& owner, uint32_t stream) {
  std::unique_ptr<StreamPool>& pool = owner.streams[stream];
  if (!pool) [[unlikely]] {
    pool = std::make_unique<StreamPool>();
    pool->stream = stream;
  }
  return *pool;
}

PrivatePool& DeviceAllocator::target_pool() noexcept {
  return target.allocator == this ? *target.pool : general_;
}

PrivatePool& DeviceAllocator::find_pool(uint64_t id, const char* who) {
  for (const auto& pool : private_pools_) {
    if (pool->id == id && !pool->released) return *pool;
  }
  detail::fail<Error>(who, ": expected a pool that create_pool made and that is not released, got ",
                      id);
}

uint64_t DeviceAllocator::create_pool() {
  auto pool = std::make_unique<PrivatePool>();
  std::lock_guard lock(mutex_);
  private_pools_.reserve(private_pools_.size() + 1);
  use_device(device_);
  cudaStream_t stream = nullptr;  // one that nobody captures
  check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  try {
    pool->tickets = make_tickets(stream);
  } catch (...) {
    (void)cudaStreamDestroy(stream);
    throw;
  }
  (void)cudaStreamDestroy(stream);
  pool->id = ++last_pool_;
  private_pools_.push_back(std::move(pool));
  return last_pool_;
}

void DeviceAllocator::begin_allocate_to_pool(uint64_t id) {
  std::lock_guard lock(mutex_);
  PrivatePool& pool = find_pool(id, "begin_allocate_to_pool");
  ADJOINT_CHECK(!target.allocator,
                "begin_allocate_to_pool: this thread allocates to a pool already");
  target = {this, &pool};
  ++captures_;
}

void DeviceAllocator::end_allocate_to_pool(uint64_t id) {
  std::lock_guard lock(mutex_);
  ADJOINT_CHECK(target.allocator == this && target.pool->id == id,
                "end_allocate_to_pool: this thread does not allocate to pool ", id);
  target = {};
  if (--captures_ > 0) return;
  for (Block* block : deferred_) {
    --block->num_events;
    record_uses(block);
  }
  deferred_.clear();
}

void DeviceAllocator::release_pool(uint64_t id) {
  std::lock_guard lock(mutex_);
  find_pool(id, "release_pool").released = true;
}

unsigned* DeviceAllocator::ticket_of_pool(const Stream& stream) {
  if (target.allocator != this) return nullptr;
  PrivatePool& pool = *target.pool;
  unsigned* const ticket = ticket_in(pool.tickets, stream.id());
  std::lock_guard lock(mutex_);
  if (!pool.has_ticket[stream.id()]) {
    note_block_allocated(ticket, kTicketBytes, static_cast<cudaStream_t>(stream.handle()));
    pool.has_ticket[stream.id()] = true;
  }
  return ticket;
}

// ---- What is where

std::vector<SegmentInfo> DeviceAllocator::snapshot() const {
  std::lock_guard lock(mutex_);
  return snapshot_locked();
}

std::vector<SegmentInfo> DeviceAllocator::snapshot_locked() const {
  std::vector<SegmentInfo> out;
  for (const Segment* segment = segments_; segment; segment = segment->next) {
    SegmentInfo& info = out.emplace_back();
    info.device = Device(kCUDA, device_);
    info.address = segment->data;
    info.total_size = segment->size;
    info.stream = segment->pool->stream;
    info.is_large = segment->large;
    info.pool = segment->owner->id;
    for (const Block* block = segment->first; block; block = block->next) {
      BlockInfo& b = info.blocks.emplace_back();
      b.size = block->size;
      b.requested_size = block->requested;
      b.active = !block->free && !block->recent;
      b.allocated = b.active && block->num_events == 0;
      if (b.allocated) info.allocated_size += b.size;
      if (b.active) info.active_size += b.size;
    }
  }
  std::sort(out.begin(), out.end(),
            [](const SegmentInfo& a, const SegmentInfo& b) { return a.address < b.address; });
  return out;
}

std::string DeviceAllocator::out_of_memory(size_t nbytes) const {
  size_t free_memory = 0, total_memory = 0;
  if (cudaMemGetInfo(&free_memory, &total_memory) != cudaSuccess) (void)cudaGetLastError();
  std::string text =
      detail::str("CUDA out of memory. Tried to allocate ", size_text(nbytes), ". GPU ",
                  int(device_), " has a total capacity of ", size_text(total_memory), " of which ",
                  size_text(free_memory), " is free");
  if (stats_.limit != 0)
    text += "; the limit set by set_memory_limit is " + size_text(size_t(stats_.limit));
  text += ". " + size_text(size_t(stats_.allocated)) + " is held by tensors, " +
          size_text(size_t(stats_.reserved)) + " is reserved in all.";
  struct Sum {
    uint64_t pool;
    uint32_t stream;
    size_t segments, total, active, largest_free;
  };
  std::vector<Sum> sums;
  for (const SegmentInfo& segment : snapshot_locked()) {
    auto same = [&](const Sum& s) { return s.pool == segment.pool && s.stream == segment.stream; };
    auto sum = std::find_if(sums.begin(), sums.end(), same);
    if (sum == sums.end())
      sum = sums.insert(sums.end(), Sum{segment.pool, segment.stream, 0, 0, 0, 0});
    ++sum->segments;
    sum->total += segment.total_size;
    sum->active += segment.active_size;
    for (const BlockInfo& block : segment.blocks) {
      if (!block.active) sum->largest_free = std::max(sum->largest_free, block.size);
    }
  }
  for (const Sum& sum : sums) {
    text += detail::str(
        "\n  stream ", sum.stream, sum.pool != 0 ? detail::str(", pool ", sum.pool) : std::string(),
        ": ", sum.segments, " segments of ", size_text(sum.total), ", ", size_text(sum.active),
        " in use, largest free block ", size_text(sum.largest_free));
  }
  return text;
}

DeviceAllocator& device_allocator(DeviceIndex index) {
  static adjoint::detail::Atomic<DeviceAllocator*> allocators[kMaxDevices]{};
  check_device(index);
  if (DeviceAllocator* allocator = allocators[index].acquire()) return *allocator;
  auto* fresh = new DeviceAllocator(index);
  DeviceAllocator* expected = nullptr;
  if (allocators[index].compare_exchange(expected, fresh)) return *fresh;
  delete fresh;
  return *expected;
}

}  // namespace adjoint::cuda
