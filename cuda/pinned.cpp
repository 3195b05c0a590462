// SPDX-License-Identifier: MIT
#include "cuda/pinned.h"

#include <algorithm>
#include <bit>

#include "adjoint/error.h"
#include "cuda/check.h"

namespace adjoint::cuda {
namespace {

constexpr size_t kMinBlock = 512;

int class_of(size_t size) { return int(std::countr_zero(size)); }

}  // namespace

void* PinnedAllocator::allocate(size_t nbytes, const Stream&) {
  ADJOINT_CHECK_WITH(OutOfMemoryError, nbytes < size_t(1) << (kNumClasses - 1),
                     "out of pinned host memory. Tried to allocate ", nbytes, " bytes");
  size_t size = std::bit_ceil(std::max(nbytes, kMinBlock));
  std::lock_guard lock(mutex_);
  std::vector<HostBlock*>& free = free_[class_of(size)];
  if (free.empty()) poll_pending(false);
  HostBlock* block = nullptr;
  if (!free.empty()) {
    block = free.back();
    free.pop_back();
  } else {
    block = from_system(size);
  }
  block->used = true;
  ++stats_.num_allocations;
  stats_.allocated += int64_t(size);
  stats_.peak_allocated = std::max(stats_.peak_allocated, stats_.allocated);
  return block->data;
}

void PinnedAllocator::deallocate(void* data, size_t, const Stream&) noexcept {
  std::lock_guard lock(mutex_);
  HostBlock* block = block_of(data);
  if (!block) return;
  block->used = false;
  stats_.allocated -= int64_t(block->size);
  for (const Stream& stream : block->streams) {
    try {
      RelaxedCapture relaxed;
      cudaStream_t handle = raw(stream);
      PooledEvent* event = take_event(stream.device().index());
      pending_.push_back({block, event});
      if (cudaEventRecord(event->event, handle) == cudaSuccess) {
        ++block->num_events;
      } else {
        (void)cudaGetLastError();  // nothing will run any more
        pending_.pop_back();
        give_back_event(event);
      }
    } catch (...) {
    }
  }
  block->streams.clear();
  if (block->num_events == 0) free_[class_of(block->size)].push_back(block);
}

bool PinnedAllocator::contains(const void* data) const {
  std::lock_guard lock(mutex_);
  return const_cast<PinnedAllocator*>(this)->block_of(data) != nullptr;
}

bool PinnedAllocator::note_use(const void* data, const Stream& stream) {
  std::lock_guard lock(mutex_);
  HostBlock* block = block_of(data);
  if (!block) return false;
  for (const Stream& s : block->streams) {
    if (s == stream) return true;
  }
  block->streams.push_back(stream);
  return true;
}

PinnedAllocator::HostBlock* PinnedAllocator::block_of(const void* data) {
  auto at = blocks_.upper_bound(static_cast<const char*>(data));
  if (at == blocks_.begin()) return nullptr;
  HostBlock& block = (--at)->second;
  return block.used && static_cast<const char*>(data) < block.data + block.size ? &block : nullptr;
}

PinnedAllocator::HostBlock* PinnedAllocator::from_system(size_t size) {
  RelaxedCapture relaxed;
  auto ask = [&]() -> void* {
    if (stats_.limit != 0 && stats_.reserved + int64_t(size) > stats_.limit) return nullptr;
    void* data = nullptr;
    cudaError_t status = cudaHostAlloc(&data, size, cudaHostAllocPortable);
    if (status == cudaErrorMemoryAllocation) {
      (void)cudaGetLastError();
      return nullptr;
    }
    check(status, "cudaHostAlloc");
    return data;
  };
  void* data = ask();
  if (!data) {
    release_free();
    data = ask();
  }
  ADJOINT_CHECK_WITH(OutOfMemoryError, data, "out of pinned host memory. Tried to allocate ", size,
                     " bytes; ", stats_.allocated, " bytes are held by tensors and ",
                     stats_.reserved, " bytes reserved in all");
  auto* bytes = static_cast<char*>(data);
  HostBlock& block = blocks_[bytes];
  block.data = bytes;
  block.size = size;
  stats_.reserved += int64_t(size);
  ++stats_.num_system_allocations;
  return &block;
}

void PinnedAllocator::poll_pending(bool wait) noexcept {
  std::erase_if(pending_, [&](Pending& entry) {
    RelaxedCapture relaxed;
    cudaError_t status =
        wait ? cudaEventSynchronize(entry.event->event) : cudaEventQuery(entry.event->event);
    if (status != cudaSuccess) (void)cudaGetLastError();
    // An event that a capture recorded belongs to its graph, which may run at any time from now on.
    if (status == cudaErrorNotReady || status == cudaErrorCapturedEvent) return false;
    give_back_event(entry.event);
    if (--entry.block->num_events == 0) free_[class_of(entry.block->size)].push_back(entry.block);
    return true;
  });
}

void PinnedAllocator::release_free() {
  poll_pending(true);
  for (std::vector<HostBlock*>& free : free_) {
    for (HostBlock* block : free) {
      stats_.reserved -= int64_t(block->size);
      if (cudaFreeHost(block->data) != cudaSuccess) (void)cudaGetLastError();
      blocks_.erase(block->data);
    }
    free.clear();
  }
}

void PinnedAllocator::empty_cache() {
  std::lock_guard lock(mutex_);
  release_free();
}
MemoryStats PinnedAllocator::stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}
void PinnedAllocator::reset_peak() {
  std::lock_guard lock(mutex_);
  stats_.peak_allocated = stats_.allocated;
}
void PinnedAllocator::set_limit(int64_t bytes) {
  std::lock_guard lock(mutex_);
  stats_.limit = bytes;
}

PinnedAllocator& pinned_allocator() {
  static PinnedAllocator& instance = *new PinnedAllocator();
  return instance;
}

}  // namespace adjoint::cuda
