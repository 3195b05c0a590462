// SPDX-License-Identifier: MIT
// One number of any kind, as an operation's argument. It is never turned into a tensor.
#pragma once

#include <cstdint>
#include <type_traits>

#include "adjoint/scalar_type.h"

namespace adjoint {

class Scalar {
 public:
  constexpr Scalar() : Scalar(int64_t(0)) {}
  template <class T>
  requires std::is_arithmetic_v<T>
  constexpr Scalar(T value)
      : kind_(std::is_same_v<T, bool>       ? Kind::Bool
              : std::is_floating_point_v<T> ? Kind::Double
                                            : Kind::Long) {
    if constexpr (std::is_floating_point_v<T>) {
      double_ = double(value);
    } else {
      long_ = int64_t(value);
    }
  }
  constexpr Scalar(Half value) : Scalar(float(value)) {}
  constexpr Scalar(BFloat16 value) : Scalar(float(value)) {}

  constexpr bool isFloatingPoint() const { return kind_ == Kind::Double; }
  constexpr bool isIntegral(bool include_bool) const {
    return kind_ == Kind::Long || (include_bool && kind_ == Kind::Bool);
  }
  constexpr bool isBoolean() const { return kind_ == Kind::Bool; }
  /// kDouble, kLong or kBool.
  constexpr ScalarType type() const {
    return kind_ == Kind::Double ? kDouble : kind_ == Kind::Long ? kLong : kBool;
  }

  /// The value converted as C++ converts it.
  template <class T>
  constexpr T to() const {
    if constexpr (std::is_same_v<T, bool>) {
      return kind_ == Kind::Double ? double_ != 0 : long_ != 0;
    } else if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>) {
      return T(float(toDouble()));
    } else {
      return kind_ == Kind::Double ? T(double_) : T(long_);
    }
  }
  constexpr double toDouble() const { return to<double>(); }
  constexpr float toFloat() const { return to<float>(); }
  constexpr int64_t toLong() const { return to<int64_t>(); }
  constexpr int toInt() const { return to<int>(); }
  constexpr bool toBool() const { return to<bool>(); }
  constexpr Scalar operator-() const {
    return kind_ == Kind::Double ? Scalar(-double_) : Scalar(-long_);
  }

 private:
  enum class Kind : uint8_t { Bool, Long, Double };
  union {
    double double_;
    int64_t long_;
  };
  Kind kind_;
};

}  // namespace adjoint
