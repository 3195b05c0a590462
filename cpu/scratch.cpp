// SPDX-License-Identifier: MIT
// Work memory of the calling thread: one growing block per user.
#include "cpu/scratch.h"

#include <new>

namespace adjoint::cpu {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kGrain = std::size_t{1} << 16;

struct Block {
  void* data = nullptr;
  std::size_t size = 0;
  ~Block() { release(); }

  void release() {
    ::operator delete (data, std::align_val_t{kAlignment});
    data = nullptr;
    size = 0;
  }

  void* at_least(std::size_t bytes) {
    if (bytes > size) {
      const std::size_t rounded = (bytes + kGrain - 1) / kGrain * kGrain;
      release();
      data = ::operator new (rounded, std::align_val_t{kAlignment});
      size = rounded;
    }
    return data;
  }
};

thread_local Block blocks[static_cast<int>(Scratch::kCount)];

}  // namespace

void* scratch(Scratch user, std::size_t bytes) {
  return blocks[static_cast<int>(user)].at_least(bytes);
}

}  // namespace adjoint::cpu
