// SPDX-License-Identifier: MIT
// Functions of one number and their derivatives. `y` is the forward's result; functions without a
// backward have no derivative worth the name.
#pragma once

#include "core/math/scalar.h"

namespace adjoint::math {
inline namespace ADJOINT_MATH_SET {

#define ADJOINT_UNARY(Name, formula)      \
  struct Name {                           \
    template <class T>                    \
    HOST_DEVICE auto forward(T x) const { \
      return formula;                     \
    }                                     \
  };
// `argument` is what the derivative is written in: x or y.
#define ADJOINT_DIFFERENTIABLE_UNARY(Name, formula, argument, derivative) \
  struct Name {                                                           \
    template <class T>                                                    \
    HOST_DEVICE T forward(T x) const {                                    \
      return formula;                                                     \
    }                                                                     \
    template <class T>                                                    \
    HOST_DEVICE T backward(T dy, T argument) const {                      \
      return derivative;                                                  \
    }                                                                     \
  };

/// -1, 0 or 1; 0 of NaN.
struct Sign {
  template <class T>
  HOST_DEVICE T forward(T x) const {
    return where(x > T(0), T(1), where(x < T(0), T(-1), T(0)));
  }
};

ADJOINT_UNARY(Identity, x)
ADJOINT_UNARY(Neg, -x)
ADJOINT_UNARY(Floor, floor(x))
ADJOINT_UNARY(Ceil, ceil(x))
ADJOINT_UNARY(Round, round(x))
ADJOINT_UNARY(Trunc, trunc(x))
/// What is left of x; of an infinity nothing, as NaN.
ADJOINT_UNARY(Frac, x - trunc(x))
ADJOINT_UNARY(Log2, log2(x))
ADJOINT_UNARY(Log10, log10(x))
ADJOINT_UNARY(Exp2, exp2(x))
ADJOINT_UNARY(Erfc, erfc(x))
ADJOINT_UNARY(Tan, tan(x))
ADJOINT_UNARY(Asin, asin(x))
ADJOINT_UNARY(Acos, acos(x))
ADJOINT_UNARY(Atan, atan(x))
ADJOINT_UNARY(Sinh, sinh(x))
ADJOINT_UNARY(Cosh, cosh(x))
ADJOINT_UNARY(Asinh, asinh(x))
ADJOINT_UNARY(Acosh, acosh(x))
ADJOINT_UNARY(Atanh, atanh(x))
ADJOINT_UNARY(IsNan, isnan(x))
ADJOINT_UNARY(LogicalNot, x == T(0))

ADJOINT_DIFFERENTIABLE_UNARY(Exp, exp(x), y, dy* y)
ADJOINT_DIFFERENTIABLE_UNARY(Expm1, expm1(x), y, dy*(y + T(1)))
ADJOINT_DIFFERENTIABLE_UNARY(Log, log(x), x, dy / x)
ADJOINT_DIFFERENTIABLE_UNARY(Log1p, log1p(x), x, dy / (x + T(1)))
ADJOINT_DIFFERENTIABLE_UNARY(Sqrt, sqrt(x), y, dy / (y + y))
ADJOINT_DIFFERENTIABLE_UNARY(Rsqrt, T(1) / sqrt(x), y, T(-0.5) * dy * y * y * y)
ADJOINT_DIFFERENTIABLE_UNARY(Abs, abs(x), x, dy* Sign{}.forward(x))
ADJOINT_DIFFERENTIABLE_UNARY(Square, x* x, x, dy*(x + x))
ADJOINT_DIFFERENTIABLE_UNARY(Reciprocal, T(1) / x, y, -dy* y* y)
ADJOINT_DIFFERENTIABLE_UNARY(Sin, sin(x), x, dy* cos(x))
ADJOINT_DIFFERENTIABLE_UNARY(Cos, cos(x), x, -dy* sin(x))
ADJOINT_DIFFERENTIABLE_UNARY(Erf, erf(x), x, dy* T(1.1283791670955125739) * exp(-x * x))

/// The inverse of erf, of single numbers only: S. Winitzki's approximation, and three steps of
/// Halley's method from there. Near 1 the error is that of erfc, which has more digits there.
struct Erfinv {
  template <class T>
  HOST_DEVICE T forward(T x) const {
    constexpr T a = T(0.147), center = T(2 / (3.14159265358979323846 * 0.147));
    const T y = abs(x);
    if (y == T(1)) return x * T(HUGE_VAL);
    const T l = log1p(-y * y), t = center + l / T(2);
    T z = sqrt((-l / a) / (sqrt(t * t - l / a) + t));
    for (int i = 0; i < 3; ++i) {
      const T error = y < T(0.5) ? erf(z) - y : (T(1) - y) - erfc(z);
      const T step = error * T(0.88622692545275801365) * exp(z * z);
      z -= step / (T(1) + z * step);
    }
    return copysign(z, x);
  }
};

#undef ADJOINT_UNARY
#undef ADJOINT_DIFFERENTIABLE_UNARY

}  // namespace ADJOINT_MATH_SET
}  // namespace adjoint::math
