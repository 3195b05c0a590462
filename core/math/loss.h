// SPDX-License-Identifier: MIT
// Losses of one element and their slopes along the input.
#pragma once

#include "core/math/scalar.h"

namespace adjoint::math {
inline namespace ADJOINT_MATH_SET {

/// (x - t)^2
struct MseLoss {
  template <class T>
  HOST_DEVICE T forward(T x, T t) const {
    T difference = x - t;
    return difference * difference;
  }
  template <class T>
  HOST_DEVICE T backward(T x, T t) const {
    T difference = x - t;
    return difference + difference;
  }
};

/// -p t log s(x) - (1 - t) log(1 - s(x)) with the logistic function s and a weight p; `positive` is
/// p t + (1 - t), which is what log s(x) is weighted with once log(1 - s(x)) = log s(x) - x.
struct BceWithLogitsLoss {
  template <class T>
  HOST_DEVICE T positive(T t, T p) const {
    return (p - T(1)) * t + T(1);
  }
  template <class T>
  HOST_DEVICE T forward(T x, T t, T positive) const {
    T minus_log = log1p(exp(-abs(x))) + maximum(-x, T(0));  // -log s(x)
    return (T(1) - t) * x + positive * minus_log;
  }
  template <class T>
  HOST_DEVICE T backward(T x, T t, T positive) const {
    return (T(1) - t) - positive / (T(1) + exp(x));
  }
};

}  // namespace ADJOINT_MATH_SET
}  // namespace adjoint::math
