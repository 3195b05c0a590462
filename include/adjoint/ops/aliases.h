// SPDX-License-Identifier: MIT
// Other names of the same operations.
#pragma once

#include <optional>
#include <string_view>

#include "adjoint/ops/arithmetic.h"
#include "adjoint/ops/comparison.h"
#include "adjoint/ops/unary.h"

namespace adjoint {

inline Tensor absolute(const Tensor& self) { return adjoint::abs(self); }
inline Tensor negative(const Tensor& self) { return adjoint::neg(self); }
inline Tensor fix(const Tensor& self) { return adjoint::trunc(self); }
inline Tensor arcsin(const Tensor& self) { return adjoint::asin(self); }
inline Tensor arccos(const Tensor& self) { return adjoint::acos(self); }
inline Tensor arctan(const Tensor& self) { return adjoint::atan(self); }
inline Tensor arcsinh(const Tensor& self) { return adjoint::asinh(self); }
inline Tensor arccosh(const Tensor& self) { return adjoint::acosh(self); }
inline Tensor arctanh(const Tensor& self) { return adjoint::atanh(self); }
/// The tensor itself. Throws Error for bool tensors.
ADJOINT_API Tensor positive(const Tensor& self);
inline Tensor arctan2(const Tensor& self, const Tensor& other) { return atan2(self, other); }
inline Tensor clip(const Tensor& self, const std::optional<Scalar>& min,
                   const std::optional<Scalar>& max = std::nullopt) {
  return clamp(self, min, max);
}
inline Tensor clip(const Tensor& self, const std::optional<Tensor>& min = std::nullopt,
                   const std::optional<Tensor>& max = std::nullopt) {
  return clamp(self, min, max);
}
inline Tensor subtract(const Tensor& self, const Tensor& other, const Scalar& alpha = 1) {
  return sub(self, other, alpha);
}
inline Tensor subtract(const Tensor& self, const Scalar& other, const Scalar& alpha = 1) {
  return sub(self, other, alpha);
}
inline Tensor multiply(const Tensor& self, const Tensor& other) { return mul(self, other); }
inline Tensor multiply(const Tensor& self, const Scalar& other) { return mul(self, other); }
inline Tensor divide(const Tensor& self, const Tensor& other) { return div(self, other); }
inline Tensor divide(const Tensor& self, const Scalar& other) { return div(self, other); }
inline Tensor true_divide(const Tensor& self, const Tensor& other) { return div(self, other); }
inline Tensor true_divide(const Tensor& self, const Scalar& other) { return div(self, other); }
inline Tensor not_equal(const Tensor& self, const Tensor& other) { return ne(self, other); }
inline Tensor not_equal(const Tensor& self, const Scalar& other) { return ne(self, other); }
inline Tensor less(const Tensor& self, const Tensor& other) { return lt(self, other); }
inline Tensor less(const Tensor& self, const Scalar& other) { return lt(self, other); }
inline Tensor less_equal(const Tensor& self, const Tensor& other) { return le(self, other); }
inline Tensor less_equal(const Tensor& self, const Scalar& other) { return le(self, other); }
inline Tensor greater(const Tensor& self, const Tensor& other) { return gt(self, other); }
inline Tensor greater(const Tensor& self, const Scalar& other) { return gt(self, other); }
inline Tensor greater_equal(const Tensor& self, const Tensor& other) { return ge(self, other); }
inline Tensor greater_equal(const Tensor& self, const Scalar& other) { return ge(self, other); }
inline Tensor divide(const Tensor& self, const Tensor& other,
                     std::optional<std::string_view> rounding_mode) {
  return div(self, other, rounding_mode);
}
inline Tensor divide(const Tensor& self, const Scalar& other,
                     std::optional<std::string_view> rounding_mode) {
  return div(self, other, rounding_mode);
}

}  // namespace adjoint
