// SPDX-License-Identifier: MIT
// Functions of probabilities and logarithms, and what is made of numbers that are none.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <optional>

#include "adjoint/tensor_class.h"

namespace adjoint {

/// The x with erf(x) = self: infinite at -1 and 1, NaN beyond.
ADJOINT_API Tensor erfinv(const Tensor& self);
/// log(x / (1 - x)); with `eps`, of x between eps and 1 - eps, and the gradient outside is 0.
ADJOINT_API Tensor logit(const Tensor& self, std::optional<double> eps = std::nullopt);
/// self * log(other), 0 where self is 0 (and other no NaN).
ADJOINT_API Tensor xlogy(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor xlogy(const Tensor& self, const Scalar& other);
ADJOINT_API Tensor xlogy(const Scalar& self, const Tensor& other);
/// log(e^self + e^other), log2(2^self + 2^other), safe from overflow; floating-point tensors only.
ADJOINT_API Tensor logaddexp(const Tensor& self, const Tensor& other);
ADJOINT_API Tensor logaddexp2(const Tensor& self, const Tensor& other);
/// sin(pi x) / (pi x), 1 at 0.
ADJOINT_API Tensor sinc(const Tensor& self);
/// 0 where self < 0, `values` where it is 0, else 1 (0 of NaN). Backward through it throws
/// NotImplementedError. Throws Error for different dtypes.
ADJOINT_API Tensor heaviside(const Tensor& self, const Tensor& values);
/// With `nan` in the place of NaN, and `posinf`, `neginf` (by default the largest and the smallest
/// number of the dtype) in that of infinities. The gradient there is 0.
ADJOINT_API Tensor nan_to_num(const Tensor& self, std::optional<double> nan = std::nullopt,
                              std::optional<double> posinf = std::nullopt,
                              std::optional<double> neginf = std::nullopt);
ADJOINT_API Tensor& nan_to_num_(Tensor& self, std::optional<double> nan = std::nullopt,
                                std::optional<double> posinf = std::nullopt,
                                std::optional<double> neginf = std::nullopt);

}  // namespace adjoint
