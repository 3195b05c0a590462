// SPDX-License-Identifier: MIT
// Losses as functions of tensors and options (cross_entropy and the like: nn/functional.h).
#pragma once

#include "adjoint/nn/loss.h"
#include "adjoint/nn/margin_loss.h"

namespace adjoint::nn::functional {

using L1LossFuncOptions = L1LossOptions;
using adjoint::l1_loss;
inline Tensor l1_loss(const Tensor& input, const Tensor& target, const L1LossFuncOptions& options) {
  return adjoint::l1_loss(input, target, options.reduction());
}

using SmoothL1LossFuncOptions = SmoothL1LossOptions;
using adjoint::smooth_l1_loss;
inline Tensor smooth_l1_loss(const Tensor& input, const Tensor& target,
                             const SmoothL1LossFuncOptions& options) {
  return adjoint::smooth_l1_loss(input, target, options.reduction(), options.beta().value_or(1));
}

using HuberLossFuncOptions = HuberLossOptions;
using adjoint::huber_loss;
inline Tensor huber_loss(const Tensor& input, const Tensor& target,
                         const HuberLossFuncOptions& options) {
  return adjoint::huber_loss(input, target, options.reduction(), options.delta());
}

using BinaryCrossEntropyFuncOptions = BCELossOptions;
using adjoint::binary_cross_entropy;
inline Tensor binary_cross_entropy(const Tensor& input, const Tensor& target,
                                   const BinaryCrossEntropyFuncOptions& options) {
  return adjoint::binary_cross_entropy(input, target, options.weight(), options.reduction());
}

using PoissonNLLLossFuncOptions = PoissonNLLLossOptions;
inline Tensor poisson_nll_loss(const Tensor& input, const Tensor& target,
                               const PoissonNLLLossFuncOptions& options = {}) {
  return adjoint::poisson_nll_loss(input, target, options.log_input(), options.full(),
                                   options.eps(), options.reduction());
}

using MarginRankingLossFuncOptions = MarginRankingLossOptions;
using adjoint::margin_ranking_loss;
inline Tensor margin_ranking_loss(const Tensor& input1, const Tensor& input2, const Tensor& target,
                                  const MarginRankingLossFuncOptions& options) {
  return adjoint::margin_ranking_loss(input1, input2, target, options.margin(),
                                      options.reduction());
}

using HingeEmbeddingLossFuncOptions = HingeEmbeddingLossOptions;
using adjoint::hinge_embedding_loss;
inline Tensor hinge_embedding_loss(const Tensor& input, const Tensor& target,
                                   const HingeEmbeddingLossFuncOptions& options) {
  return adjoint::hinge_embedding_loss(input, target, options.margin(), options.reduction());
}

using CosineEmbeddingLossFuncOptions = CosineEmbeddingLossOptions;
using adjoint::cosine_embedding_loss;
inline Tensor cosine_embedding_loss(const Tensor& input1, const Tensor& input2,
                                    const Tensor& target,
                                    const CosineEmbeddingLossFuncOptions& options) {
  return adjoint::cosine_embedding_loss(input1, input2, target, options.margin(),
                                        options.reduction());
}

using TripletMarginLossFuncOptions = TripletMarginLossOptions;
using adjoint::triplet_margin_loss;
inline Tensor triplet_margin_loss(const Tensor& anchor, const Tensor& positive,
                                  const Tensor& negative,
                                  const TripletMarginLossFuncOptions& options) {
  return adjoint::triplet_margin_loss(anchor, positive, negative, options.margin(), options.p(),
                                      options.eps(), options.swap(), options.reduction());
}

using SoftMarginLossFuncOptions = SoftMarginLossOptions;
using adjoint::soft_margin_loss;
inline Tensor soft_margin_loss(const Tensor& input, const Tensor& target,
                               const SoftMarginLossFuncOptions& options) {
  return adjoint::soft_margin_loss(input, target, options.reduction());
}

using MultiMarginLossFuncOptions = MultiMarginLossOptions;
using adjoint::multi_margin_loss;
inline Tensor multi_margin_loss(const Tensor& input, const Tensor& target,
                                const MultiMarginLossFuncOptions& options) {
  return adjoint::multi_margin_loss(input, target, options.p(), options.margin(), options.weight(),
                                    options.reduction());
}

using MultilabelSoftMarginLossFuncOptions = MultiLabelSoftMarginLossOptions;
using adjoint::multilabel_soft_margin_loss;
inline Tensor multilabel_soft_margin_loss(const Tensor& input, const Tensor& target,
                                          const MultilabelSoftMarginLossFuncOptions& options) {
  return adjoint::multilabel_soft_margin_loss(input, target, options.weight(), options.reduction());
}

using MultilabelMarginLossFuncOptions = MultiLabelMarginLossOptions;
using adjoint::multilabel_margin_loss;
inline Tensor multilabel_margin_loss(const Tensor& input, const Tensor& target,
                                     const MultilabelMarginLossFuncOptions& options) {
  return adjoint::multilabel_margin_loss(input, target, options.reduction());
}

using CTCLossFuncOptions = CTCLossOptions;
using adjoint::ctc_loss;
inline Tensor ctc_loss(const Tensor& log_probs, const Tensor& targets, const Tensor& input_lengths,
                       const Tensor& target_lengths, const CTCLossFuncOptions& options) {
  return adjoint::ctc_loss(log_probs, targets, input_lengths, target_lengths, options.blank(),
                           options.reduction(), options.zero_infinity());
}

}  // namespace adjoint::nn::functional
