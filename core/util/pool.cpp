// SPDX-License-Identifier: MIT
#include "core/util/pool.h"

#include <new>

namespace adjoint::detail {

constinit thread_local ThreadPool thread_pool{};

namespace {

struct EmptyAtThreadEnd {
  ~EmptyAtThreadEnd() {
    thread_pool.open = false;
    thread_pool.closed = true;
    for (FreeObject*& head : thread_pool.heads) {
      while (FreeObject* object = head) {
        head = object->next;
        ::operator delete(object);
      }
    }
  }
};

}  // namespace

void* pool_allocate_slowly(size_t size) {
  if (!thread_pool.open && !thread_pool.closed) {
    thread_pool.open = true;
    thread_local EmptyAtThreadEnd cleanup;
    (void)cleanup;
  }
  size_t whole = (size + kPoolGranule - 1) / kPoolGranule * kPoolGranule;
  return ::operator new(whole);
}

void pool_deallocate_slowly(void* p) noexcept { ::operator delete(p); }

}  // namespace adjoint::detail
