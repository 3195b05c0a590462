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
/// x sigmoid(x), also known as swish.
ADJOINT_API Tensor silu(const Tensor& self);
/// x tanh(log(1 + e^x)). D. Misra, Mish (2019).
ADJOINT_API Tensor mish(const Tensor& self);
/// log(1 + e^(beta x)) / beta; x itself where beta x > threshold.
ADJOINT_API Tensor softplus(const Tensor& self, const Scalar& beta = 1,
                            const Scalar& threshold = 20);
/// Where x > 0, scale x; elsewhere alpha scale (e^(input_scale x) - 1).
ADJOINT_API Tensor elu(const Tensor& self, const Scalar& alpha = 1, const Scalar& scale = 1,
                       const Scalar& input_scale = 1);
/// elu() with the constants that keep mean and variance.
/// G. Klambauer et al., Self-normalizing neural networks (2017).
ADJOINT_API Tensor selu(const Tensor& self);
/// elu() with a continuous derivative for every alpha: alpha (e^(x / alpha) - 1) for x <= 0. Throws
/// Error for an alpha of 0.
ADJOINT_API Tensor celu(const Tensor& self, const Scalar& alpha = 1);

// Of straight pieces. The gradient at an end of a piece is that of the lower one, but for shrinks,
// whose middle piece has both its ends, and hardtanh, whose middle piece has neither.
/// x where x > 0, else negative_slope x.
ADJOINT_API Tensor leaky_relu(const Tensor& self, const Scalar& negative_slope = 0.01);
/// x where x > 0, else x times a number drawn for it, uniform in [lower, upper]; their mean where
/// not `training`. B. Xu et al., Empirical evaluation of rectified activations in convolutional
/// network (2015). Throws Error where the bounds cross.
ADJOINT_API Tensor rrelu(const Tensor& self, const Scalar& lower = 0.125,
                         const Scalar& upper = 1.0 / 3, bool training = false);
ADJOINT_API Tensor& rrelu_(Tensor& self, const Scalar& lower = 0.125, const Scalar& upper = 1.0 / 3,
                           bool training = false);
/// x where x > 0, else weight x; `weight` has one element, or one for each channel (dimension 1).
ADJOINT_API Tensor prelu(const Tensor& self, const Tensor& weight);
/// x between the bounds. Throws ValueError where they cross.
ADJOINT_API Tensor hardtanh(const Tensor& self, const Scalar& min_val = -1,
                            const Scalar& max_val = 1);
/// hardtanh() between 0 and 6.
ADJOINT_API Tensor relu6(const Tensor& self);
/// x / 6 + 1/2 between 0 and 1.
ADJOINT_API Tensor hardsigmoid(const Tensor& self);
/// x hardsigmoid(x)
ADJOINT_API Tensor hardswish(const Tensor& self);
/// x where |x| > lambd, else 0.
ADJOINT_API Tensor hardshrink(const Tensor& self, const Scalar& lambd = 0.5);
/// x, moved towards 0 by lambd, where |x| > lambd, else 0. Throws Error for a negative lambd.
ADJOINT_API Tensor softshrink(const Tensor& self, const Scalar& lambd = 0.5);
/// x where x > threshold, else value.
ADJOINT_API Tensor threshold(const Tensor& self, const Scalar& threshold, const Scalar& value);
/// The first half along `dim`, times sigmoid() of the second. Throws Error for an odd size.
ADJOINT_API Tensor glu(const Tensor& self, int64_t dim = -1);

// In place; they return the tensor.
ADJOINT_API Tensor& silu_(Tensor& self);
ADJOINT_API Tensor& mish_(Tensor& self);
ADJOINT_API Tensor& elu_(Tensor& self, const Scalar& alpha = 1, const Scalar& scale = 1,
                         const Scalar& input_scale = 1);
ADJOINT_API Tensor& selu_(Tensor& self);
ADJOINT_API Tensor& celu_(Tensor& self, const Scalar& alpha = 1);
ADJOINT_API Tensor& leaky_relu_(Tensor& self, const Scalar& negative_slope = 0.01);
ADJOINT_API Tensor& hardtanh_(Tensor& self, const Scalar& min_val = -1, const Scalar& max_val = 1);
ADJOINT_API Tensor& relu6_(Tensor& self);
ADJOINT_API Tensor& hardsigmoid_(Tensor& self);
ADJOINT_API Tensor& threshold_(Tensor& self, const Scalar& threshold, const Scalar& value);

/// exp(x) / sum(exp(x)) along `dim`, in `dtype` if given.
ADJOINT_API Tensor softmax(const Tensor& self, int64_t dim,
                           std::optional<ScalarType> dtype = std::nullopt);
ADJOINT_API Tensor log_softmax(const Tensor& self, int64_t dim,
                               std::optional<ScalarType> dtype = std::nullopt);
/// Zeroes elements with probability p and scales the others by 1 / (1 - p); nothing where not
/// `train`.
ADJOINT_API Tensor dropout(const Tensor& self, double p, bool train);
/// dropout of whole channels of [n, c, *]. J. Tompson et al., Efficient object localization using
/// convolutional networks (2015).
ADJOINT_API Tensor feature_dropout(const Tensor& self, double p, bool train);
/// Elements, or channels, take the value that SELU has at minus infinity with probability p; all
/// are then moved so that mean 0 and variance 1 stay. G. Klambauer et al., Self-normalizing neural
/// networks (2017).
ADJOINT_API Tensor alpha_dropout(const Tensor& self, double p, bool train);
ADJOINT_API Tensor feature_alpha_dropout(const Tensor& self, double p, bool train);

}  // namespace adjoint
