// SPDX-License-Identifier: MIT
// Steps of scans along a dimension: from what was so far, and an element, to what is now.
#pragma once

#include "core/math/scalar.h"

namespace adjoint::math {
inline namespace ADJOINT_MATH_SET {

/// Integers wrap around.
struct RunningSum {
  template <class C>
  HOST_DEVICE C operator()(C before, C x) const {
    if constexpr (std::is_integral_v<C>) {
      return C(uint64_t(before) + uint64_t(x));
    } else {
      return before + x;
    }
  }
};
struct RunningProduct {
  template <class C>
  HOST_DEVICE C operator()(C before, C x) const {
    if constexpr (std::is_integral_v<C>) {
      return C(uint64_t(before) * uint64_t(x));
    } else {
      return before * x;
    }
  }
};
/// log(exp(a) + exp(b)), safe from overflow.
struct RunningLogSum {
  template <class C>
  HOST_DEVICE C operator()(C a, C b) const {
    if (a != a || b != b) return a + b;
    const C high = a > b ? a : b, low = a > b ? b : a;
    if (high - high != C(0)) return high;  // infinite
    return high + log1p(exp(low - high));
  }
};

/// Whether `x` takes the place of the extremum so far: the last one of equal ones does, and NaN.
template <bool largest>
struct Overtakes {
  template <class C>
  HOST_DEVICE bool operator()(C x, C best) const {
    return x != x || (best == best && (largest ? x >= best : x <= best));
  }
};

}  // namespace ADJOINT_MATH_SET
}  // namespace adjoint::math
