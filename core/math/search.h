// SPDX-License-Identifier: MIT
// A value's place in a sorted sequence.
#pragma once

#include "core/math/scalar.h"

namespace adjoint::math {
inline namespace ADJOINT_MATH_SET {

/// How many of the n elements load(0) <= load(1) <= ... are below `value`, or not above it if
/// `right`. NaN is above all numbers.
template <class C, class Load>
HOST_DEVICE int64_t place_in_sorted(C value, int64_t n, bool right, const Load& load) {
  int64_t low = 0, high = n;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    const C x = load(middle);
    const bool before = right ? !(x > value || (x != x && value == value))
                              : (x < value || (value != value && x == x));
    if (before) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace ADJOINT_MATH_SET
}  // namespace adjoint::math
