// SPDX-License-Identifier: MIT
#include "redzone.h"

#include <cstdint>

namespace cudasim {

__attribute__((no_sanitize("address"))) size_t find_written(const void* redzone, size_t bytes) {
  using Word __attribute__((may_alias, aligned(1))) = uint64_t;
  constexpr uint64_t kUntouched = kRedzoneByte * 0x0101010101010101u;
  const auto* begin = static_cast<const unsigned char*>(redzone);
  size_t i = 0;
  while (i + sizeof(Word) <= bytes && *reinterpret_cast<const Word*>(begin + i) == kUntouched) {
    i += sizeof(Word);
  }
  while (i < bytes && begin[i] == kRedzoneByte) ++i;
  return i;
}

}  // namespace cudasim
