// SPDX-License-Identifier: MIT
// Comparisons and logic, which give bool tensors without gradient, and choosing by a mask.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include "adjoint/tensor_class.h"

namespace adjoint {

ADJOINT_API Tensor eq(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor eq(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor ne(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor ne(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor lt(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor lt(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor le(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor le(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor gt(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor gt(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor ge(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor ge(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor isnan(const Tensor& self);
ADJOINT_API Tensor isinf(const Tensor& self);
ADJOINT_API Tensor isfinite(const Tensor& self);
ADJOINT_API Tensor isposinf(const Tensor& self);
ADJOINT_API Tensor isneginf(const Tensor& self);
/// Of truth values (not 0), as bool.
ADJOINT_API Tensor logical_not(const Tensor& self);
ADJOINT_API Tensor logical_and(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor logical_or(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor logical_xor(const Tensor& self, const Tensor& other);
/// Of all elements or along `dim`, as bool (kByte of kByte); NaN is true.
ADJOINT_API Tensor all(const Tensor& self);
ADJOINT_API Tensor all(const Tensor& self, int64_t dim, bool keepdim = false);
ADJOINT_API Tensor any(const Tensor& self);
ADJOINT_API Tensor any(const Tensor& self, int64_t dim, bool keepdim = false);
/// Same shape and equal values; NaN equals nothing.
ADJOINT_API bool equal(const Tensor& self, const Tensor& other);
/// |self - other| <= atol + rtol |other|; equal infinities are close, and NaN where equal_nan.
/// Throws Error for different dtypes and negative tolerances. allclose: whether all are.
ADJOINT_API Tensor isclose(const Tensor& self, const Tensor& other, double rtol = 1e-5,
                           double atol = 1e-8, bool equal_nan = false);
ADJOINT_API bool allclose(const Tensor& self, const Tensor& other, double rtol = 1e-5,
                          double atol = 1e-8, bool equal_nan = false);

inline Tensor operator==(const Tensor& a, const Tensor& b) { return eq(a, b); }
inline Tensor operator==(const Tensor& a, const Scalar& b) { return eq(a, b); }
inline Tensor operator!=(const Tensor& a, const Tensor& b) { return ne(a, b); }
inline Tensor operator!=(const Tensor& a, const Scalar& b) { return ne(a, b); }
inline Tensor operator<(const Tensor& a, const Tensor& b) { return lt(a, b); }
inline Tensor operator<(const Tensor& a, const Scalar& b) { return lt(a, b); }
inline Tensor operator<=(const Tensor& a, const Tensor& b) { return le(a, b); }
inline Tensor operator<=(const Tensor& a, const Scalar& b) { return le(a, b); }
inline Tensor operator>(const Tensor& a, const Tensor& b) { return gt(a, b); }
inline Tensor operator>(const Tensor& a, const Scalar& b) { return gt(a, b); }
inline Tensor operator>=(const Tensor& a, const Tensor& b) { return ge(a, b); }
inline Tensor operator>=(const Tensor& a, const Scalar& b) { return ge(a, b); }
inline Tensor operator==(const Scalar& a, const Tensor& b) { return eq(b, a); }
inline Tensor operator!=(const Scalar& a, const Tensor& b) { return ne(b, a); }
inline Tensor operator<(const Scalar& a, const Tensor& b) { return gt(b, a); }
inline Tensor operator<=(const Scalar& a, const Tensor& b) { return ge(b, a); }
inline Tensor operator>(const Scalar& a, const Tensor& b) { return lt(b, a); }
inline Tensor operator>=(const Scalar& a, const Tensor& b) { return le(b, a); }
inline Tensor operator!(const Tensor& a) { return logical_not(a); }
/// The bits of integers; truth values of bools. Throw NotImplementedError for floating point.
ADJOINT_API Tensor bitwise_not(const Tensor& self);
ADJOINT_API Tensor bitwise_and(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor bitwise_and(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor bitwise_or(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor bitwise_or(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor bitwise_xor(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor bitwise_xor(const Tensor& self, const Scalar& other);
inline Tensor operator~(const Tensor& a) { return bitwise_not(a); }
inline Tensor operator&(const Tensor& a, const Tensor& b) { return bitwise_and(a, b); }
inline Tensor operator&(const Tensor& a, const Scalar& b) { return bitwise_and(a, b); }
inline Tensor operator&(const Scalar& a, const Tensor& b) { return bitwise_and(b, a); }
inline Tensor operator|(const Tensor& a, const Tensor& b) { return bitwise_or(a, b); }
inline Tensor operator|(const Tensor& a, const Scalar& b) { return bitwise_or(a, b); }
inline Tensor operator|(const Scalar& a, const Tensor& b) { return bitwise_or(b, a); }
inline Tensor operator^(const Tensor& a, const Tensor& b) { return bitwise_xor(a, b); }
inline Tensor operator^(const Tensor& a, const Scalar& b) { return bitwise_xor(a, b); }
inline Tensor operator^(const Scalar& a, const Tensor& b) { return bitwise_xor(b, a); }
inline Tensor operator&&(const Tensor& a, const Tensor& b) { return logical_and(a, b); }
inline Tensor operator||(const Tensor& a, const Tensor& b) { return logical_or(a, b); }

/// `self` where `condition` (bool) holds, `other` elsewhere. All broadcast.
ADJOINT_API Tensor where(const Tensor& condition, const Tensor& self, const Tensor& other);
ADJOINT_API Tensor where(const Tensor& condition, const Tensor& self, const Scalar& other);
ADJOINT_API Tensor where(const Tensor& condition, const Scalar& self, const Tensor& other);
ADJOINT_API Tensor where(const Tensor& condition, const Scalar& self, const Scalar& other);
/// `value` where `mask` (bool, broadcast) holds.
ADJOINT_API Tensor masked_fill(const Tensor& self, const Tensor& mask, const Scalar& value);

}  // namespace adjoint
