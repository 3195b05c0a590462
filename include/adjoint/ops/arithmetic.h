// SPDX-License-Identifier: MIT
// Arithmetic of two tensors, or of a tensor and a number.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

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
inline Tensor operator-(const Scalar& a, const Tensor& b) { return rsub(b, a); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator*(const Tensor& a, const Scalar& b) { return mul(a, b); }
inline Tensor operator*(const Scalar& a, const Tensor& b) { return mul(b, a); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator/(const Tensor& a, const Scalar& b) { return div(a, b); }
inline Tensor operator/(const Scalar& a, const Tensor& b) { return div(a, b); }

}  // namespace adjoint
