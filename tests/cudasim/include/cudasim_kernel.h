// SPDX-License-Identifier: MIT
// What cuda/portable.cuh is written with on the simulated device.
#pragma once

#include <cstddef>

#include "cudasim/launch.h"

namespace cudasim {

/// The running block's shared object that `tag` names; the same memory for all its threads.
void* shared_memory(const void* tag, size_t bytes, size_t alignment);

/// The same, named by a type: that of a lambda expression differs from place to place, and from one
/// instance of a template to the next.
template <class Tag>
void* shared_memory(Tag, size_t bytes, size_t alignment) {
  static const char tag = 0;
  return shared_memory(static_cast<const void*>(&tag), bytes, alignment);
}

/// The running launch's dynamic shared memory, aligned to 16 bytes.
void* dynamic_shared_memory();

/// An allocator that hands out parts of cudaMalloc's memory says so: the bytes are in use for work
/// on `stream` from here on, or no longer.
void block_allocated(const void* block, size_t bytes, cudaStream_t stream);
void block_freed(const void* block, size_t bytes, cudaStream_t stream);

}  // namespace cudasim
