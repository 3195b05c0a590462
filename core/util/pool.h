// SPDX-License-Identifier: MIT
// Memory for the runtime's own small objects (tensors, storages, nodes): per-thread free lists, so
// that a running program asks the system for none. Each list is bounded; threads return theirs when
// they end.
#pragma once

#include <cstddef>
#include <cstdint>

namespace adjoint {
namespace detail {

inline constexpr size_t kPoolGranule = 64;
inline constexpr size_t kPoolClasses = 24;
inline constexpr size_t kPoolMaxBytesPerClass = 256 * 1024;

struct FreeObject {
  FreeObject* next;
};
// Trivially constructed, so that access needs no initialisation check.
struct ThreadPool {
  FreeObject* heads[kPoolClasses];
  uint32_t counts[kPoolClasses];
  bool open;    // this thread empties its lists when it ends
  bool closed;  // it has: what is freed now, by destructors of statics, goes to the system
};
extern constinit thread_local ThreadPool thread_pool;

void* pool_allocate_slowly(size_t size);
void pool_deallocate_slowly(void* p) noexcept;

}  // namespace detail

/// At least `size` (> 0) bytes, aligned to 16. Throws std::bad_alloc.
inline void* pool_allocate(size_t size) {
  size_t c = (size - 1) / detail::kPoolGranule;
  detail::ThreadPool& pool = detail::thread_pool;
  if (c < detail::kPoolClasses && pool.heads[c]) [[likely]] {
    detail::FreeObject* object = pool.heads[c];
    pool.heads[c] = object->next;
    --pool.counts[c];
    return object;
  }
  return detail::pool_allocate_slowly(size);
}

/// Gives back what pool_allocate(size) returned, on any thread.
inline void pool_deallocate(void* p, size_t size) noexcept {
  size_t c = (size - 1) / detail::kPoolGranule;
  detail::ThreadPool& pool = detail::thread_pool;
  if (c < detail::kPoolClasses && pool.open &&
      pool.counts[c] * (c + 1) * detail::kPoolGranule < detail::kPoolMaxBytesPerClass) [[likely]] {
    auto* object = static_cast<detail::FreeObject*>(p);
    object->next = pool.heads[c];
    pool.heads[c] = object;
    ++pool.counts[c];
    return;
  }
  detail::pool_deallocate_slowly(p);
}

}  // namespace adjoint
