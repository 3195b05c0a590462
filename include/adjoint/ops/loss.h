// SPDX-License-Identifier: MIT
// Losses.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include "adjoint/tensor_class.h"

namespace adjoint {

enum class Reduction : int8_t { None, Mean, Sum };

/// (input - target)^2
ADJOINT_API Tensor mse_loss(const Tensor& input, const Tensor& target,
                            Reduction reduction = Reduction::Mean);
/// -weight[target] * input[target] for log-probabilities input [n, c, *] (or [c]) and classes
/// target [n, *] (or 0-d, kLong). Mean divides by the sum of the weights. Targets equal to
/// ignore_index count nothing. Throws IndexError for other targets outside [0, c).
ADJOINT_API Tensor nll_loss(const Tensor& input, const Tensor& target, const Tensor& weight = {},
                            Reduction reduction = Reduction::Mean, int64_t ignore_index = -100);
/// nll_loss(log_softmax(input, 1), target, ...); with label_smoothing e the target is e / c plus
/// 1 - e at the class. A floating-point target of input's shape gives class probabilities.
ADJOINT_API Tensor cross_entropy(const Tensor& input, const Tensor& target,
                                 const Tensor& weight = {}, Reduction reduction = Reduction::Mean,
                                 int64_t ignore_index = -100, double label_smoothing = 0.0);
/// -weight * (pos_weight * t * log s(x) + (1 - t) * log(1 - s(x))) with the sigmoid s, safe from
/// overflow. weight and pos_weight broadcast and may be undefined.
ADJOINT_API Tensor binary_cross_entropy_with_logits(const Tensor& input, const Tensor& target,
                                                    const Tensor& weight = {},
                                                    const Tensor& pos_weight = {},
                                                    Reduction reduction = Reduction::Mean);

}  // namespace adjoint
