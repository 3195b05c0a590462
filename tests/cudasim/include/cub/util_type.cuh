// SPDX-License-Identifier: MIT
// Stand-in for CUB's header of this name.
#pragma once

namespace cub {

/// No values.
struct NullType {};

/// Two arrays; the current one holds what is to be sorted, and which one that is may change.
template <class T>
struct DoubleBuffer {
  T* d_buffers[2] = {nullptr, nullptr};
  int selector = 0;

  DoubleBuffer() = default;
  DoubleBuffer(T* current, T* alternate) : d_buffers{current, alternate} {}
  T* Current() const { return d_buffers[selector]; }
  T* Alternate() const { return d_buffers[selector ^ 1]; }
};

}  // namespace cub
