// SPDX-License-Identifier: MIT
// The parts of cudaMalloc's memory that a caching allocator has handed out.
#pragma once

#include "engine.h"

namespace cudasim {

/// The bytes that a kernel may access through `pointer`: the allocator's block, or else
/// cudaMalloc's allocation. A pointer into a freed block is a violation, and has none; neither has
/// pinned memory.
bool range_of(const void* pointer, const std::string& who, RangeAccess* range);

/// Notes a violation where the bytes lie in no one block of an allocation that is handed out in
/// blocks.
void check_block(const void* pointer, size_t bytes, const std::string& who);

/// cudaFree: the memory is gone.
void forget_blocks(const Allocation& allocation);

}  // namespace cudasim
