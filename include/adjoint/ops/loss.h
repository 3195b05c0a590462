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

/// |input - target|
ADJOINT_API Tensor l1_loss(const Tensor& input, const Tensor& target,
                           Reduction reduction = Reduction::Mean);
/// With d = |input - target|: d^2 / (2 beta) where d < beta, else d - beta / 2. R. Girshick, Fast
/// R-CNN (2015). Throws Error for a negative beta.
ADJOINT_API Tensor smooth_l1_loss(const Tensor& input, const Tensor& target,
                                  Reduction reduction = Reduction::Mean, double beta = 1.0);
/// With d = |input - target|: d^2 / 2 where d <= delta, else delta * (d - delta / 2). P. J. Huber,
/// Robust estimation of a location parameter (1964). Throws Error unless delta > 0.
ADJOINT_API Tensor huber_loss(const Tensor& input, const Tensor& target,
                              Reduction reduction = Reduction::Mean, double delta = 1.0);
/// -weight * (t * log x + (1 - t) * log(1 - x)) for probabilities x and targets t of one shape,
/// with logarithms of at least -100 and weight broadcast. Inputs outside of [0, 1] give NaN:
/// nothing is read on the host. The gradient is weight * (x - t) / max(x * (1 - x), 1e-12).
ADJOINT_API Tensor binary_cross_entropy(const Tensor& input, const Tensor& target,
                                        const Tensor& weight = {},
                                        Reduction reduction = Reduction::Mean);
/// target * (log target - input) for log-probabilities input; 0 where target is 0. With log_target
/// the target is given by its logarithm. The mean is over elements.
ADJOINT_API Tensor kl_div(const Tensor& input, const Tensor& target,
                          Reduction reduction = Reduction::Mean, bool log_target = false);
/// exp(input) - target * input, or with log_input off input - target * log(input + eps); `full`
/// adds Stirling's approximation of log(target!) where target > 1.
ADJOINT_API Tensor poisson_nll_loss(const Tensor& input, const Tensor& target, bool log_input,
                                    bool full, double eps, Reduction reduction);
/// max(0, -target * (input1 - input2) + margin), target 1 or -1. Throws Error unless all have the
/// same number of dimensions.
ADJOINT_API Tensor margin_ranking_loss(const Tensor& input1, const Tensor& input2,
                                       const Tensor& target, double margin = 0.0,
                                       Reduction reduction = Reduction::Mean);
/// input where target is 1, max(0, margin - input) where it is -1.
ADJOINT_API Tensor hinge_embedding_loss(const Tensor& input, const Tensor& target,
                                        double margin = 1.0, Reduction reduction = Reduction::Mean);
/// 1 - cos(input1, input2) where target is 1, max(0, cos - margin) where it is -1, for rows of
/// [n, d] and target [n], or [d] and a 0-d target. Throws Error for other shapes.
ADJOINT_API Tensor cosine_embedding_loss(const Tensor& input1, const Tensor& input2,
                                         const Tensor& target, double margin = 0.0,
                                         Reduction reduction = Reduction::Mean);
/// max(0, margin + d(anchor, positive) - d(anchor, negative)) with d = pairwise_distance(., ., p,
/// eps); with `swap` the last distance is the smaller of it and d(positive, negative). V. Balntas
/// et al., Learning local feature descriptors with triplets and shallow convolutional neural
/// networks (2016). Throws Error for a margin that is not positive.
ADJOINT_API Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive,
                                       const Tensor& negative, double margin = 1.0, double p = 2.0,
                                       double eps = 1e-6, bool swap = false,
                                       Reduction reduction = Reduction::Mean);
/// log(1 + exp(-target * input)), safe from overflow; target 1 or -1.
ADJOINT_API Tensor soft_margin_loss(const Tensor& input, const Tensor& target,
                                    Reduction reduction = Reduction::Mean);
/// sum over i != y of weight[y] * max(0, margin - x[y] + x[i])^p / c, for rows x of input [n, c]
/// (or [c]) and classes y of target [n] (or 0-d, kLong). Throws Error unless p is 1 or 2.
ADJOINT_API Tensor multi_margin_loss(const Tensor& input, const Tensor& target, const Scalar& p = 1,
                                     const Scalar& margin = 1, const Tensor& weight = {},
                                     Reduction reduction = Reduction::Mean);
/// sum over labels j and all i that are none of max(0, 1 - x[j] + x[i]) / c, for rows x of input
/// [n, c] (or [c]) and target (kLong) of the same shape, whose labels stand in front of the first
/// -1. Throws Error for other shapes.
ADJOINT_API Tensor multilabel_margin_loss(const Tensor& input, const Tensor& target,
                                          Reduction reduction = Reduction::Mean);
/// -log of the probability that log_probs [steps, n, c] (or [steps, c]) give to all alignments of
/// each target: a label, or `blank`, a step, where repeated labels without a blank between are one.
/// targets: labels (kLong) [n, longest], or those of all, one behind the other; lengths [n] of
/// inputs and targets, in host memory. Mean divides by the lengths of the targets first;
/// zero_infinity puts 0 for a target that has no alignment. A. Graves et al., Connectionist
/// temporal classification (2006). Throws Error for lengths that do not fit.
ADJOINT_API Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets,
                            IntArrayRef input_lengths, IntArrayRef target_lengths,
                            int64_t blank = 0, Reduction reduction = Reduction::Mean,
                            bool zero_infinity = false);
ADJOINT_API Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets,
                            const Tensor& input_lengths, const Tensor& target_lengths,
                            int64_t blank = 0, Reduction reduction = Reduction::Mean,
                            bool zero_infinity = false);
/// The mean over the last dimension of -weight * (t * log s(x) + (1 - t) * log s(-x)), s the
/// sigmoid.
ADJOINT_API Tensor multilabel_soft_margin_loss(const Tensor& input, const Tensor& target,
                                               const Tensor& weight = {},
                                               Reduction reduction = Reduction::Mean);

}  // namespace adjoint
