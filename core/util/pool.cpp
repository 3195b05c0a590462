// SPDX-License-Identifier: MIT
#include "core/util/pool.h"

#include <cstdint>
#include <new>

namespace adjoint {
namespace {

constexpr size_t kGranule = 64;
constexpr size_t kNumClasses = 24;
constexpr size_t kMaxPooled = kGranule * kNumClasses;
constexpr size_t kMaxBytesPerClass = 256 * 1024;

struct FreeObject {
  FreeObject* next;
};

// Trivially constructed, so that access needs no initialisation check; `Flush` empties it when the
// thread ends, and what is freed after that (by destructors of statics) goes to the system.
struct ThreadPool {
  FreeObject* heads[kNumClasses];
  uint32_t counts[kNumClasses];
  bool registered;
  bool closed;
};
constinit thread_local ThreadPool pool{};

struct Flush {
  ~Flush() {
    pool.closed = true;
    for (size_t c = 0; c < kNumClasses; ++c) {
      while (FreeObject* object = pool.heads[c]) {
        pool.heads[c] = object->next;
        ::operator delete(object);
      }
    }
  }
};

[[gnu::noinline]] void* allocate_from_system(size_t size) {
  if (!pool.registered && !pool.closed) {
    pool.registered = true;
    thread_local Flush flush;
    (void)flush;
  }
  return ::operator new(size);
}

constexpr size_t class_of(size_t size) { return (size - 1) / kGranule; }

}  // namespace

void* pool_allocate(size_t size) {
  size_t c = class_of(size);
  if (size > kMaxPooled) return ::operator new(size);
  if (FreeObject* object = pool.heads[c]) {
    pool.heads[c] = object->next;
    --pool.counts[c];
    return object;
  }
  return allocate_from_system((c + 1) * kGranule);
}

void pool_deallocate(void* p, size_t size) noexcept {
  size_t c = class_of(size);
  if (size > kMaxPooled || pool.closed || !pool.registered ||
      pool.counts[c] * (c + 1) * kGranule >= kMaxBytesPerClass) {
    ::operator delete(p);
    return;
  }
  auto* object = static_cast<FreeObject*>(p);
  object->next = pool.heads[c];
  pool.heads[c] = object;
  ++pool.counts[c];
}

}  // namespace adjoint
