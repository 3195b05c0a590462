// SPDX-License-Identifier: MIT
// A vector for one scope at a time, whose memory the thread keeps for the next scope.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace adjoint {

/// Empty at the start of the scope and after it. A scope inside of another has its own memory. What
/// a thread keeps is bounded; vectors of one type that live at the same time have a Tag each.
template <class T, class Tag = void>
class ReusedVector {
 public:
  ReusedVector() { std::swap(vector_, spare()); }
  ~ReusedVector() {
    vector_.clear();
    if (vector_.capacity() * sizeof(T) <= kMaxKeptBytes) std::swap(vector_, spare());
  }
  ReusedVector(const ReusedVector&) = delete;
  ReusedVector& operator=(const ReusedVector&) = delete;
  std::vector<T>& operator*() { return vector_; }
  std::vector<T>* operator->() { return &vector_; }

 private:
  static constexpr size_t kMaxKeptBytes = 1 << 20;
  static std::vector<T>& spare() {
    thread_local std::vector<T> kept;
    return kept;
  }
  std::vector<T> vector_;
};

}  // namespace adjoint
