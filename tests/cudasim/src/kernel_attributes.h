// SPDX-License-Identifier: MIT
// Shared memory that a launch may ask for.
#pragma once

#include <cstddef>

namespace cudasim {

inline constexpr size_t kSharedBytesPerBlock = size_t{48} << 10;
inline constexpr size_t kSharedBytesPerBlockOptin = size_t{227} << 10;

/// The most dynamic shared memory of a kernel: what cudaFuncSetAttribute allowed, or 48 KB.
size_t max_dynamic_shared_bytes(const void* function);

}  // namespace cudasim
