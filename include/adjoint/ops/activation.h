// SPDX-License-Identifier: MIT
// Activations, softmax and dropout.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <optional>
#include <string_view>

#include "adjoint/tensor_class.h"

namespace adjoint {

ADJOINT_API Tensor tanh(const Tensor& self);
ADJOINT_API Tensor sigmoid(const Tensor& self);
/// log(sigmoid(x)), safe from overflow; floating-point tensors only.
ADJOINT_API Tensor log_sigmoid(const Tensor& self);
/// max(x, 0); the gradient at 0 is 0.
ADJOINT_API Tensor relu(const Tensor& self);
/// x * Phi(x); `approximate` is "none" (by erf) or "tanh".
/// D. Hendrycks, K. Gimpel, Gaussian error linear units (2016).
ADJOINT_API Tensor gelu(const Tensor& self, std::string_view approximate = "none");
/// exp(x) / sum(exp(x)) along `dim`, in `dtype` if given.
ADJOINT_API Tensor softmax(const Tensor& self, int64_t dim,
                           std::optional<ScalarType> dtype = std::nullopt);
ADJOINT_API Tensor log_softmax(const Tensor& self, int64_t dim,
                               std::optional<ScalarType> dtype = std::nullopt);
/// Zeroes elements with probability p and scales the others by 1 / (1 - p); nothing where not
/// `train`.
ADJOINT_API Tensor dropout(const Tensor& self, double p, bool train);

}  // namespace adjoint
