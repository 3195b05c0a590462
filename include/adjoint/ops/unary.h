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
/// Bounds are included; NaN stays. The gradient is 1 strictly within the bounds, else 0.
ADJOINT_API Tensor clamp(const Tensor& self, const std::optional<Scalar>& min = std::nullopt,
                         const std::optional<Scalar>& max = std::nullopt);
ADJOINT_API Tensor clamp_min(const Tensor& self, const Scalar& min);
ADJOINT_API Tensor clamp_max(const Tensor& self, const Scalar& max);

}  // namespace adjoint
