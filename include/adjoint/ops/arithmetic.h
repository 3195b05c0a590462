// SPDX-License-Identifier: MIT
// Arithmetic of two tensors, or of a tensor and a number.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <optional>
#include <string_view>

#include "adjoint/tensor_class.h"

namespace adjoint {

/// self + alpha * other
ADJOINT_API Tensor add(const Tensor& self, const Tensor& other, const Scalar& alpha = 1);
ADJOINT_API Tensor add(const Tensor& self, const Scalar& other, const Scalar& alpha = 1);
/// self - alpha * other. Throws Error for bool tensors.
ADJOINT_API Tensor sub(const Tensor& self, const Tensor& other, const Scalar& alpha = 1);
ADJOINT_API Tensor sub(const Tensor& self, const Scalar& other, const Scalar& alpha = 1);
/// other - alpha * self
ADJOINT_API Tensor rsub(const Tensor& self, const Scalar& other, const Scalar& alpha = 1);
ADJOINT_API Tensor mul(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor mul(const Tensor& self, const Scalar& other);
/// True division: floating point also for integers.
ADJOINT_API Tensor div(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor div(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor div(const Scalar& self, const Tensor& other);
/// The quotient rounded: "floor" (down), "trunc" (towards 0), or not, as div() above; then integers
/// give integers, and the gradient is 0. An integer divided by 0 throws Error; on another device
/// than the CPU, where the divisor is a tensor, it gives 0.
ADJOINT_API Tensor div(const Tensor& self, const Tensor& other,
                       std::optional<std::string_view> rounding_mode);
ADJOINT_API Tensor div(const Tensor& self, const Scalar& other,
                       std::optional<std::string_view> rounding_mode);
/// div(self, other, "floor"), but backward through it throws NotImplementedError, as LibTorch's.
ADJOINT_API Tensor floor_divide(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor floor_divide(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor floor_divide(const Scalar& self, const Tensor& other);
/// What div() with "floor" leaves: self - other * floor(self / other), of the sign of `other`.
ADJOINT_API Tensor remainder(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor remainder(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor remainder(const Scalar& self, const Tensor& other);
/// What div() with "trunc" leaves, of the sign of `self`, as C's fmod.
ADJOINT_API Tensor fmod(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor fmod(const Tensor& self, const Scalar& other);
/// The angle in radians from (1, 0) to (other, self), in [-pi, pi].
ADJOINT_API Tensor atan2(const Tensor& self, const Tensor& other);
/// sqrt(self^2 + other^2), safe from overflow; floating-point tensors only.
ADJOINT_API Tensor hypot(const Tensor& self, const Tensor& other);
/// self + weight * (end - self), exact at both ends; floating-point tensors of one dtype.
ADJOINT_API Tensor lerp(const Tensor& self, const Tensor& end, const Tensor& weight);
ADJOINT_API Tensor lerp(const Tensor& self, const Tensor& end, const Scalar& weight);
/// self + value * tensor1 * tensor2
ADJOINT_API Tensor addcmul(const Tensor& self, const Tensor& tensor1, const Tensor& tensor2,
                           const Scalar& value = 1);
/// self + value * tensor1 / tensor2; floating-point tensors only.
ADJOINT_API Tensor addcdiv(const Tensor& self, const Tensor& tensor1, const Tensor& tensor2,
                           const Scalar& value = 1);
/// self ** exponent, as C's pow. Throws Error for integers to negative integer powers.
ADJOINT_API Tensor pow(const Tensor& self, const Tensor& exponent);
ADJOINT_API Tensor pow(const Tensor& self, const Scalar& exponent);
ADJOINT_API Tensor pow(const Scalar& self, const Tensor& exponent);
/// Element-wise, NaN where either is. The gradient at equal values is halved between the two; at
/// NaN both get all of it.
ADJOINT_API Tensor maximum(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor minimum(const Tensor& self, const Tensor& other);

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator+(const Tensor& a, const Scalar& b) { return add(a, b); }
inline Tensor operator+(const Scalar& a, const Tensor& b) { return add(b, a); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator-(const Tensor& a, const Scalar& b) { return sub(a, b); }
ADJOINT_API Tensor operator-(const Scalar& a, const Tensor& b);
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator*(const Tensor& a, const Scalar& b) { return mul(a, b); }
inline Tensor operator*(const Scalar& a, const Tensor& b) { return mul(b, a); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator/(const Tensor& a, const Scalar& b) { return div(a, b); }
inline Tensor operator/(const Scalar& a, const Tensor& b) { return div(a, b); }
inline Tensor operator%(const Tensor& a, const Tensor& b) { return remainder(a, b); }
inline Tensor operator%(const Tensor& a, const Scalar& b) { return remainder(a, b); }
inline Tensor operator%(const Scalar& a, const Tensor& b) { return remainder(a, b); }

}  // namespace adjoint
