// SPDX-License-Identifier: MIT
// Rounded quotients of two scalars and what they leave. Integers divided by 0 give 0, and the
// smallest integer divided by -1 wraps.
#pragma once

#include "core/math/scalar.h"

namespace adjoint::math {
inline namespace ADJOINT_MATH_SET {

/// a / b towards 0 of integers, defined for all of them.
template <class T>
HOST_DEVICE T integer_quotient(T a, T b) {
  if (b == T(0)) return T(0);
  if constexpr (T(-1) < T(0)) {
    if (b == T(-1)) return T(std::make_unsigned_t<T>(0) - std::make_unsigned_t<T>(a));
  }
  return T(a / b);
}
template <class T>
HOST_DEVICE T integer_rest(T a, T b) {
  if (b == T(0)) return T(0);
  if constexpr (T(-1) < T(0)) {
    if (b == T(-1)) return T(0);
  }
  return T(a % b);
}

/// What truncated division leaves, as C's fmod: of the sign of a.
struct Fmod {
  template <class T>
  HOST_DEVICE T forward(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      return fmod(a, b);
    } else {
      return integer_rest(a, b);
    }
  }
};
/// What floored division leaves: of the sign of b.
struct Remainder {
  template <class T>
  HOST_DEVICE T forward(T a, T b) const {
    T rest = Fmod{}.forward(a, b);
    return rest != T(0) && (rest < T(0)) != (b < T(0)) ? T(rest + b) : rest;
  }
};
struct DivTrunc {
  template <class T>
  HOST_DEVICE T forward(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      return trunc(a / b);
    } else {
      return integer_quotient(a, b);
    }
  }
};
/// The floating-point quotient is that of a less the rest, so that it and the remainder make
/// up a again: floor(a / b) would be one too much where a / b rounds up to an integer.
struct DivFloor {
  template <class T>
  HOST_DEVICE T forward(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      if (b == T(0)) return a / b;
      T rest = fmod(a, b), quotient = (a - rest) / b;
      if (rest != T(0) && (rest < T(0)) != (b < T(0))) quotient -= T(1);
      return quotient == T(0) ? copysign(T(0), a / b) : round(quotient);
    } else {
      T quotient = integer_quotient(a, b), rest = integer_rest(a, b);
      return rest != T(0) && (rest < T(0)) != (b < T(0)) ? T(quotient - T(1)) : quotient;
    }
  }
};

}  // namespace ADJOINT_MATH_SET
}  // namespace adjoint::math
