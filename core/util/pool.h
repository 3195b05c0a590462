// SPDX-License-Identifier: MIT
// Memory for the runtime's own small objects (tensors, storages, nodes): per-thread free lists, so
// that a running program asks the system for none. Each list is bounded; threads return theirs when
// they end.
#pragma once

#include <cstddef>

namespace adjoint {

/// At least `size` bytes, aligned to 16. Throws std::bad_alloc.
void* pool_allocate(size_t size);
/// Gives back what pool_allocate(size) returned, on any thread.
void pool_deallocate(void* p, size_t size) noexcept;

}  // namespace adjoint
