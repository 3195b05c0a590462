// SPDX-License-Identifier: MIT
// What the stand-ins for CUB's warp and block primitives share. Like CUB's, they leave a barrier
// after the last use of their memory to the caller, so that a missing one is a race here too.
#pragma once

#include <cstring>
#include <string>
#include <type_traits>

#include "cuda_runtime.h"
#include "cudasim.h"
#include "cudasim/operators.h"

namespace cudasim {

/// Room for values in shared memory, which nobody constructs.
template <class T, int count>
struct SharedValues {
  alignas(T) unsigned char bytes[sizeof(T) * count];
  T& operator[](int i) { return reinterpret_cast<T*>(bytes)[i]; }
};

/// What a thread gets that is promised nothing.
template <class T>
T no_result(T value) {
  if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
    std::memset(&value, 0xff, sizeof value);
  }
  return value;
}

inline int linear_thread() {
  return int((threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x);
}

/// The threads of a block for which a primitive was instantiated.
template <int x, int y, int z>
void expect_block(const char* name) {
  if (linear_thread() == 0 && (blockDim.x != x || blockDim.y != y || blockDim.z != z)) {
    violation("CUB", std::string(name) + ": instantiated for a block of " +
                         std::to_string(x * y * z) + " threads, launched with " +
                         std::to_string(blockDim.x * blockDim.y * blockDim.z));
  }
}

}  // namespace cudasim
