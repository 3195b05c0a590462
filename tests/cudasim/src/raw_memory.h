// SPDX-License-Identifier: MIT
// Memory as the sanitizers see it: what is not to be used, and copies that are the device's, not
// the calling thread's.
#pragma once

#include <cstddef>
#include <cstring>

#if defined(__SANITIZE_ADDRESS__)
#define CUDASIM_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CUDASIM_ASAN 1
#endif
#endif

#if defined(CUDASIM_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace cudasim {

#if defined(CUDASIM_ASAN)
inline constexpr bool kPoisons = true;
inline void poison(void* memory, size_t bytes) { __asan_poison_memory_region(memory, bytes); }
inline void unpoison(void* memory, size_t bytes) { __asan_unpoison_memory_region(memory, bytes); }
#else
inline constexpr bool kPoisons = false;
inline void poison(void*, size_t) {}
inline void unpoison(void*, size_t) {}
#endif

#if defined(CUDASIM_TSAN)
// ThreadSanitizer would take the C library's functions for accesses by the host's thread. The
// stores are volatile so that the compiler does not make calls of them.
inline void raw_copy(void* to, const void* from, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) {
    static_cast<volatile char*>(to)[i] = static_cast<const char*>(from)[i];
  }
}
inline void raw_fill(void* to, int value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) {
    static_cast<volatile char*>(to)[i] = static_cast<char>(value);
  }
}
#else
inline void raw_copy(void* to, const void* from, size_t bytes) { std::memmove(to, from, bytes); }
inline void raw_fill(void* to, int value, size_t bytes) { std::memset(to, value, bytes); }
#endif

}  // namespace cudasim
