// SPDX-License-Identifier: MIT
// Note [Caching on the CPU]
// A block's size is rounded up to one of four sizes per power of two. Freed blocks of up to 64 KiB
// go to a list of the freeing thread, which holds a bounded number of bytes and needs no lock; what
// does not fit, and larger blocks, go to lists shared by all threads. A thread's lists are handed
// to the shared ones when it ends. So a training step in its steady state never asks the system,
// and memory cannot grow with the number of threads that come and go. empty_cache() returns the
// shared lists and those of the calling thread; other threads hand theirs over at their next
// request.
#include "cpu/allocator.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>

#include "adjoint/error.h"

namespace adjoint::cpu {
namespace {

constexpr size_t kAlignment = 64;
constexpr int kNumClasses = 4 * 42;
constexpr size_t kMaxThreadBlock = 64 * 1024;
constexpr size_t kMaxThreadBytesPerClass = 512 * 1024;

// Classes 0..3 are 64, 128, 192, 256 bytes; then four per doubling.
int class_of(size_t nbytes) {
  if (nbytes <= 256) return int((nbytes + 63) / 64) - 1;
  int log2 = int(std::bit_width(nbytes - 1)) - 1;  // 2^log2 < nbytes <= 2^(log2 + 1)
  size_t quarter = size_t(1) << (log2 - 2);
  return 4 * (log2 - 7) + int((nbytes - 1 - (size_t(1) << log2)) / quarter);
}
size_t class_bytes(int c) {
  if (c < 4) return size_t(c + 1) * 64;
  int log2 = c / 4 + 7;
  return (size_t(1) << log2) + size_t(c % 4 + 1) * (size_t(1) << (log2 - 2));
}
constexpr int kNumThreadClasses = 36;  // up to kMaxThreadBlock

// A trap: std::aligned_alloc wants a size that is a multiple of the alignment, as a large block's
// need not be of a large page.
void* aligned_memory(size_t alignment, size_t bytes) {
  void* block = nullptr;
  return posix_memalign(&block, alignment, bytes) == 0 ? block : nullptr;
}

// Large blocks ask for large pages: a walk through one then meets few of them, and no page of its
// own for each row of a matrix. Whether the system has some does not matter.
void* system_memory(size_t bytes) {
#if defined(__linux__)
  constexpr size_t kLargePage = size_t(2) << 20;
  if (bytes >= kLargePage) {
    void* block = aligned_memory(kLargePage, bytes);
    if (block) madvise(block, bytes, MADV_HUGEPAGE);
    return block;
  }
#endif
  return aligned_memory(kAlignment, bytes);
}

struct FreeBlock {
  FreeBlock* next;
};

struct ThreadCache {
  FreeBlock* heads[kNumThreadClasses];
  size_t bytes[kNumThreadClasses];
  uint32_t epoch;
  bool registered;
  bool closed;
};
constinit thread_local ThreadCache cache{};

class CpuAllocator final : public Allocator {
 public:
  void* allocate(size_t nbytes, const Stream&) override {
    int c = class_of(nbytes);
    size_t bytes = class_bytes(c);
    void* block = c < kNumThreadClasses ? take_from_thread(c, bytes) : nullptr;
    if (!block) block = take_shared(c, bytes);
    num_allocations_.fetch_add(1, std::memory_order_relaxed);
    int64_t now = allocated_.fetch_add(int64_t(bytes), std::memory_order_relaxed) + int64_t(bytes);
    int64_t peak = peak_.load(std::memory_order_relaxed);
    while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
    }
    return block;
  }

  void deallocate(void* p, size_t nbytes, const Stream&) noexcept override {
    int c = class_of(nbytes);
    size_t bytes = class_bytes(c);
    allocated_.fetch_sub(int64_t(bytes), std::memory_order_relaxed);
    auto* block = static_cast<FreeBlock*>(p);
    if (c < kNumThreadClasses && cache.registered && !cache.closed &&
        cache.bytes[c] + bytes <= kMaxThreadBytesPerClass) {
      block->next = cache.heads[c];
      cache.heads[c] = block;
      cache.bytes[c] += bytes;
      return;
    }
    std::lock_guard lock(mutex_);
    block->next = shared_[c];
    shared_[c] = block;
  }

  MemoryStats stats() const override {
    MemoryStats s;
    s.allocated = allocated_.load(std::memory_order_relaxed);
    s.peak_allocated = peak_.load(std::memory_order_relaxed);
    s.reserved = reserved_.load(std::memory_order_relaxed);
    s.limit = limit_.load(std::memory_order_relaxed);
    s.num_allocations = num_allocations_.load(std::memory_order_relaxed);
    s.num_system_allocations = num_system_allocations_.load(std::memory_order_relaxed);
    return s;
  }
  void reset_peak() override {
    peak_.store(allocated_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  void empty_cache() override {
    epoch_.fetch_add(1, std::memory_order_relaxed);
    flush_thread();
    release_shared();
  }
  void set_limit(int64_t bytes) override { limit_.store(bytes, std::memory_order_relaxed); }

  /// Hands the calling thread's blocks to the shared lists.
  void flush_thread() noexcept {
    cache.epoch = epoch_.load(std::memory_order_relaxed);
    std::lock_guard lock(mutex_);
    for (int c = 0; c < kNumThreadClasses; ++c) {
      while (FreeBlock* block = cache.heads[c]) {
        cache.heads[c] = block->next;
        block->next = shared_[c];
        shared_[c] = block;
      }
      cache.bytes[c] = 0;
    }
  }

 private:
  struct FlushAtThreadEnd {
    CpuAllocator* allocator;
    ~FlushAtThreadEnd() {
      cache.closed = true;
      allocator->flush_thread();
    }
  };

  void* take_from_thread(int c, size_t bytes) {
    if (cache.epoch != epoch_.load(std::memory_order_relaxed)) [[unlikely]]
      flush_thread();
    FreeBlock* block = cache.heads[c];
    if (!block) return nullptr;
    cache.heads[c] = block->next;
    cache.bytes[c] -= bytes;
    return block;
  }

  [[gnu::noinline]] void* take_shared(int c, size_t bytes) {
    if (!cache.registered && !cache.closed) {
      cache.registered = true;
      cache.epoch = epoch_.load(std::memory_order_relaxed);
      thread_local FlushAtThreadEnd flush{this};
      (void)flush;
    }
    {
      std::lock_guard lock(mutex_);
      if (FreeBlock* block = shared_[c]) {
        shared_[c] = block->next;
        return block;
      }
    }
    if (void* block = from_system(bytes)) return block;
    empty_cache();
    if (void* block = from_system(bytes)) return block;
    MemoryStats s = stats();
    detail::fail<OutOfMemoryError>(
        "CPU out of memory. Tried to allocate ", bytes, " bytes; ", s.allocated,
        " bytes are held by tensors and ", s.reserved, " bytes reserved in all",
        s.limit ? detail::str(", with a limit of ", s.limit, " bytes") : std::string());
  }

  void* from_system(size_t bytes) {
    int64_t limit = limit_.load(std::memory_order_relaxed);
    int64_t reserved =
        reserved_.fetch_add(int64_t(bytes), std::memory_order_relaxed) + int64_t(bytes);
    void* block = limit != 0 && reserved > limit ? nullptr : system_memory(bytes);
    if (!block) {
      reserved_.fetch_sub(int64_t(bytes), std::memory_order_relaxed);
      return nullptr;
    }
    num_system_allocations_.fetch_add(1, std::memory_order_relaxed);
    return block;
  }

  void release_shared() {
    std::lock_guard lock(mutex_);
    for (int c = 0; c < kNumClasses; ++c) {
      while (FreeBlock* block = shared_[c]) {
        shared_[c] = block->next;
        std::free(block);
        reserved_.fetch_sub(int64_t(class_bytes(c)), std::memory_order_relaxed);
      }
    }
  }

  std::atomic<int64_t> allocated_{0}, peak_{0}, reserved_{0}, limit_{0};
  std::atomic<int64_t> num_allocations_{0}, num_system_allocations_{0};
  std::atomic<uint32_t> epoch_{0};
  std::mutex mutex_;
  FreeBlock* shared_[kNumClasses] = {};
};

}  // namespace

Allocator& allocator() {
  static CpuAllocator& instance = *new CpuAllocator();
  return instance;
}

}  // namespace adjoint::cpu
