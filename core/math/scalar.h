// SPDX-License-Identifier: MIT
// The functions that the functors of core/math call, for scalars.
#pragma once

#include <math.h>

#include <type_traits>

#include "adjoint/half.h"
#include "core/math/host_device.h"

namespace adjoint::math {
inline namespace ADJOINT_MATH_SET {

/// The type in which elements stored as T are computed with.
template <class T>
struct OpMath {
  using type = T;
};
template <>
struct OpMath<Half> {
  using type = float;
};
template <>
struct OpMath<BFloat16> {
  using type = float;
};
template <class T>
using opmath_t = typename OpMath<T>::type;

#define ADJOINT_SCALAR_FUNCTION(name)                      \
  HOST_DEVICE float name(float x) { return ::name##f(x); } \
  HOST_DEVICE double name(double x) { return ::name(x); }
ADJOINT_SCALAR_FUNCTION(exp)
ADJOINT_SCALAR_FUNCTION(expm1)
ADJOINT_SCALAR_FUNCTION(log)
ADJOINT_SCALAR_FUNCTION(log1p)
ADJOINT_SCALAR_FUNCTION(tanh)
ADJOINT_SCALAR_FUNCTION(erf)
ADJOINT_SCALAR_FUNCTION(sin)
ADJOINT_SCALAR_FUNCTION(cos)
ADJOINT_SCALAR_FUNCTION(sqrt)
ADJOINT_SCALAR_FUNCTION(floor)
ADJOINT_SCALAR_FUNCTION(ceil)
ADJOINT_SCALAR_FUNCTION(trunc)
ADJOINT_SCALAR_FUNCTION(log2)
ADJOINT_SCALAR_FUNCTION(log10)
ADJOINT_SCALAR_FUNCTION(exp2)
ADJOINT_SCALAR_FUNCTION(erfc)
ADJOINT_SCALAR_FUNCTION(tan)
ADJOINT_SCALAR_FUNCTION(asin)
ADJOINT_SCALAR_FUNCTION(acos)
ADJOINT_SCALAR_FUNCTION(atan)
ADJOINT_SCALAR_FUNCTION(sinh)
ADJOINT_SCALAR_FUNCTION(cosh)
ADJOINT_SCALAR_FUNCTION(asinh)
ADJOINT_SCALAR_FUNCTION(acosh)
ADJOINT_SCALAR_FUNCTION(atanh)
#undef ADJOINT_SCALAR_FUNCTION

/// To the nearest integer, ties to even.
HOST_DEVICE float round(float x) { return ::rintf(x); }
HOST_DEVICE double round(double x) { return ::rint(x); }
#define ADJOINT_SCALAR_FUNCTION_2(name)                                \
  HOST_DEVICE float name(float x, float y) { return ::name##f(x, y); } \
  HOST_DEVICE double name(double x, double y) { return ::name(x, y); }
ADJOINT_SCALAR_FUNCTION_2(pow)
ADJOINT_SCALAR_FUNCTION_2(fmod)
ADJOINT_SCALAR_FUNCTION_2(atan2)
ADJOINT_SCALAR_FUNCTION_2(hypot)
ADJOINT_SCALAR_FUNCTION_2(copysign)
#undef ADJOINT_SCALAR_FUNCTION_2

template <class T>
requires std::is_arithmetic_v<T> HOST_DEVICE T where(bool condition, T a, T b) {
  return condition ? a : b;
}
template <class T>
requires std::is_arithmetic_v<T> HOST_DEVICE bool isnan(T x) { return x != x; }
template <class T>
requires std::is_arithmetic_v<T> HOST_DEVICE T abs(T x) {
  if constexpr (std::is_floating_point_v<T>) return T(::fabs(x));
  return x < T(0) ? T(-x) : x;
}
/// The larger one; NaN if either is NaN.
template <class T>
requires std::is_arithmetic_v<T> HOST_DEVICE T maximum(T a, T b) { return a != a || a > b ? a : b; }
/// The smaller one; NaN if either is NaN.
template <class T>
requires std::is_arithmetic_v<T> HOST_DEVICE T minimum(T a, T b) { return a != a || a < b ? a : b; }

}  // namespace ADJOINT_MATH_SET
}  // namespace adjoint::math
