// SPDX-License-Identifier: MIT
// D numbers, which one number can stand for: the height and width of a kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "adjoint/array_ref.h"

namespace adjoint {

template <size_t D>
class ExpandingArray {
 public:
  ExpandingArray(int64_t value) {
    for (int64_t& v : values_) v = value;
  }
  /// Throws Error unless there are D or one.
  ExpandingArray(IntArrayRef values) {
    ADJOINT_CHECK(values.size() == D || values.size() == 1, "Expected ", D,
                  " values, but instead got ", values.size());
    for (size_t i = 0; i < D; ++i) values_[i] = values[values.size() == 1 ? 0 : i];
  }
  ExpandingArray(std::initializer_list<int64_t> values) : ExpandingArray(IntArrayRef(values)) {}
  ExpandingArray(const std::vector<int64_t>& values) : ExpandingArray(IntArrayRef(values)) {}
  int64_t operator[](size_t i) const { return values_[i]; }
  operator IntArrayRef() const { return {values_, D}; }

 private:
  int64_t values_[D];
};

}  // namespace adjoint
