// SPDX-License-Identifier: MIT
// Functions of one element. Those with irrational values give floating point (the default dtype)
// for integers.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <optional>

#include "adjoint/tensor_class.h"

namespace adjoint {

ADJOINT_API Tensor neg(const Tensor& self);
ADJOINT_API Tensor exp(const Tensor& self);
ADJOINT_API Tensor log(const Tensor& self);
ADJOINT_API Tensor sqrt(const Tensor& self);
ADJOINT_API Tensor rsqrt(const Tensor& self);
ADJOINT_API Tensor reciprocal(const Tensor& self);
ADJOINT_API Tensor square(const Tensor& self);
/// The gradient at 0 is 0.
ADJOINT_API Tensor abs(const Tensor& self);
/// -1, 0 or 1, and 0 of NaN; the gradient is 0.
ADJOINT_API Tensor sign(const Tensor& self);
ADJOINT_API Tensor sin(const Tensor& self);
ADJOINT_API Tensor cos(const Tensor& self);
/// 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
ADJOINT_API Tensor erf(const Tensor& self);
/// 1 - erf(x)
ADJOINT_API Tensor erfc(const Tensor& self);
/// log(1 + x) and exp(x) - 1, exact for small x too.
ADJOINT_API Tensor log1p(const Tensor& self);
ADJOINT_API Tensor expm1(const Tensor& self);
/// To the bases 2 and 10.
ADJOINT_API Tensor log2(const Tensor& self);
ADJOINT_API Tensor log10(const Tensor& self);
/// 2^x
ADJOINT_API Tensor exp2(const Tensor& self);
/// As sign().
ADJOINT_API Tensor sgn(const Tensor& self);

// In radians.
ADJOINT_API Tensor tan(const Tensor& self);
ADJOINT_API Tensor asin(const Tensor& self);
ADJOINT_API Tensor acos(const Tensor& self);
ADJOINT_API Tensor atan(const Tensor& self);
ADJOINT_API Tensor sinh(const Tensor& self);
ADJOINT_API Tensor cosh(const Tensor& self);
ADJOINT_API Tensor asinh(const Tensor& self);
ADJOINT_API Tensor acosh(const Tensor& self);
ADJOINT_API Tensor atanh(const Tensor& self);

// To integers, which stay what they are; the gradient is 0. Throw NotImplementedError for bools.
ADJOINT_API Tensor floor(const Tensor& self);
ADJOINT_API Tensor ceil(const Tensor& self);
/// Ties go to the even neighbour.
ADJOINT_API Tensor round(const Tensor& self);
/// Towards 0.
ADJOINT_API Tensor trunc(const Tensor& self);
/// x - trunc(x); floating-point tensors only.
ADJOINT_API Tensor frac(const Tensor& self);

/// Bounds are included; NaN stays. The gradient is 1 strictly within the bounds, else 0.
ADJOINT_API Tensor clamp(const Tensor& self, const std::optional<Scalar>& min,
                         const std::optional<Scalar>& max = std::nullopt);
ADJOINT_API Tensor clamp_min(const Tensor& self, const Scalar& min);
ADJOINT_API Tensor clamp_max(const Tensor& self, const Scalar& max);
/// An element's bounds are those of the tensors, which broadcast; where they cross, `max` counts.
/// The gradient goes to the one that is the result, and to `self` where that equals a bound.
ADJOINT_API Tensor clamp(const Tensor& self, const std::optional<Tensor>& min = std::nullopt,
                         const std::optional<Tensor>& max = std::nullopt);
ADJOINT_API Tensor clamp_min(const Tensor& self, const Tensor& min);
ADJOINT_API Tensor clamp_max(const Tensor& self, const Tensor& max);

}  // namespace adjoint
