// SPDX-License-Identifier: MIT
// Functions of three numbers, and bounds.
#pragma once

#include "core/math/scalar.h"

namespace adjoint::math {
inline namespace ADJOINT_MATH_SET {

struct Where {
  template <class M, class T>
  HOST_DEVICE T forward(M condition, T a, T b) const {
    return where(condition, a, b);
  }
};

/// min(max(x, lower), upper); NaN stays, as does a NaN bound.
template <class S>
struct Clamp {
  S lower;
  S upper;
  template <class T>
  HOST_DEVICE T forward(T x) const {
    return minimum(maximum(x, T(lower)), T(upper));
  }
  /// The gradient passes where x lies within the bounds, which belong to it.
  template <class T>
  HOST_DEVICE T backward(T dy, T x) const {
    return where((x >= T(lower)) & (x <= T(upper)), dy, T(0));
  }
};

/// a + weight (b - a), exact at both ends.
struct Lerp {
  template <class T>
  HOST_DEVICE T forward(T a, T b, T weight) const {
    return where(abs(weight) < T(0.5), a + weight * (b - a), b - (b - a) * (T(1) - weight));
  }
};

/// The same with one weight for all.
template <class S>
struct LerpBy {
  S weight;
  template <class T>
  HOST_DEVICE T forward(T a, T b) const {
    return Lerp{}.forward(a, b, T(weight));
  }
};

/// a + value b c
template <class S>
struct Addcmul {
  S value;
  template <class T>
  HOST_DEVICE T forward(T a, T b, T c) const {
    return a + T(value) * b * c;
  }
};
/// a + value b / c
template <class S>
struct Addcdiv {
  S value;
  template <class T>
  HOST_DEVICE T forward(T a, T b, T c) const {
    return a + T(value) * b / c;
  }
};

}  // namespace ADJOINT_MATH_SET
}  // namespace adjoint::math
