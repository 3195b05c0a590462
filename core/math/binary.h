// SPDX-License-Identifier: MIT
// Functions of two numbers and, where a kernel fuses them, their derivatives.
#pragma once

#include "core/math/scalar.h"

namespace adjoint::math {
inline namespace ADJOINT_MATH_SET {

/// a + alpha b
template <class S>
struct AddScaled {
  S alpha;
  template <class T>
  HOST_DEVICE T forward(T a, T b) const {
    return a + T(alpha) * b;
  }
};

#define ADJOINT_BINARY(Name, formula)          \
  struct Name {                                \
    template <class T>                         \
    HOST_DEVICE auto forward(T a, T b) const { \
      return formula;                          \
    }                                          \
  };

ADJOINT_BINARY(Add, a + b)
ADJOINT_BINARY(Sub, a - b)
ADJOINT_BINARY(Mul, a* b)
ADJOINT_BINARY(Div, a / b)
ADJOINT_BINARY(Eq, a == b)
ADJOINT_BINARY(Ne, a != b)
ADJOINT_BINARY(Lt, a < b)
ADJOINT_BINARY(Le, a <= b)
ADJOINT_BINARY(Gt, a > b)
ADJOINT_BINARY(Ge, a >= b)
ADJOINT_BINARY(LogicalAnd, (a != T(0)) & (b != T(0)))
ADJOINT_BINARY(LogicalOr, (a != T(0)) | (b != T(0)))
ADJOINT_BINARY(LogicalXor, (a != T(0)) ^ (b != T(0)))
ADJOINT_BINARY(Atan2, atan2(a, b))
ADJOINT_BINARY(Hypot, hypot(a, b))
#undef ADJOINT_BINARY

/// Ties share the gradient evenly.
struct Maximum {
  template <class T>
  HOST_DEVICE T forward(T a, T b) const {
    return maximum(a, b);
  }
  template <class T>
  HOST_DEVICE T backward_a(T dy, T a, T b) const {
    return where(a == b, dy * T(0.5), where(a < b, T(0), dy));
  }
};
struct Minimum {
  template <class T>
  HOST_DEVICE T forward(T a, T b) const {
    return minimum(a, b);
  }
  template <class T>
  HOST_DEVICE T backward_a(T dy, T a, T b) const {
    return where(a == b, dy * T(0.5), where(a > b, T(0), dy));
  }
};

/// a^b as C's pow.
struct Pow {
  template <class T>
  HOST_DEVICE T forward(T a, T b) const {
    return pow(a, b);
  }
  /// b a^(b - 1), and 0 for b = 0 also where a is 0.
  template <class T>
  HOST_DEVICE T backward_a(T dy, T a, T b) const {
    return where(b == T(0), T(0), dy * b * pow(a, b - T(1)));
  }
  /// a^b log(a), and 0 for a = 0 and b >= 0.
  template <class T>
  HOST_DEVICE T backward_b(T dy, T a, T b, T y) const {
    return where((a == T(0)) & (b >= T(0)), T(0), dy * y * log(a));
  }
};

}  // namespace ADJOINT_MATH_SET
}  // namespace adjoint::math
