// SPDX-License-Identifier: MIT
// The shared memory of the block that runs.
#pragma once

#include <cstddef>

#include "cudasim/launch.h"

namespace cudasim {

inline constexpr size_t kStaticSharedLimit = 48 << 10, kDynamicSharedLimit = 227 << 10;

/// One arena for all blocks, which run one after another. Objects get their place when a thread
/// first asks for them, between redzones; each block finds them full of 0xFF.
class SharedMemory {
 public:
  SharedMemory();
  void begin_launch(const Launch& launch);
  void begin_block();
  /// Looks at the redzones. What was written out of bounds is reported once a launch.
  void end_block();
  void* object(const void* tag, size_t bytes, size_t alignment);
  void* dynamic();

 private:
  struct Object {
    const void* tag;
    size_t begin, bytes;
  };
  static constexpr int kMaxObjects = 64;
  static constexpr size_t kArena = 512 << 10, kRedzone = 64;

  void* add(const void* tag, size_t bytes, size_t alignment);
  bool report(const char* kind, const std::string& text);

  char* arena_;
  const Launch* launch_ = nullptr;
  Object objects_[kMaxObjects];
  int count_ = 0, latest_ = 0;
  size_t used_ = 0, static_bytes_ = 0;
  bool reported_ = false;
};

}  // namespace cudasim
