// SPDX-License-Identifier: MIT
// Bytes around objects that nobody is to write.
#pragma once

#include <cstddef>

#include "raw_memory.h"

namespace cudasim {

inline constexpr unsigned char kUninitialized = 0xff, kRedzoneByte = 0xfd;

inline void make_redzone(void* begin, size_t bytes) {
  unpoison(begin, bytes);
  raw_fill(begin, kRedzoneByte, bytes);
  poison(begin, bytes);
}

/// The place of the first byte that was written, or `bytes`.
size_t find_written(const void* redzone, size_t bytes);

}  // namespace cudasim
