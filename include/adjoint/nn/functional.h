// SPDX-License-Identifier: MIT
// The operations that networks are made of, with the arguments that LibTorch's
// torch::nn::functional gives them. Where an operation of adjoint/ops.h has another order of
// arguments, the one here is LibTorch's. Contracts: adjoint/ops.h.
#pragma once

#include <vector>

#include "adjoint/expanding_array.h"
#include "adjoint/nn/activation.h"
#include "adjoint/nn/embedding.h"
#include "adjoint/nn/fold.h"
#include "adjoint/nn/functional/image.h"
#include "adjoint/nn/functional/layers.h"
#include "adjoint/nn/functional/loss.h"
#include "adjoint/nn/normalization.h"
#include "adjoint/ops.h"
#include "adjoint/options.h"

namespace adjoint::nn::functional {

using adjoint::binary_cross_entropy_with_logits;
using adjoint::celu;
using adjoint::cross_entropy;
using adjoint::elu;
using adjoint::gelu;
using adjoint::glu;
using adjoint::hardshrink;
using adjoint::hardsigmoid;
using adjoint::hardswish;
using adjoint::hardtanh;
using adjoint::leaky_relu;
using adjoint::linear;
using adjoint::log_softmax;
using adjoint::mish;
using adjoint::mse_loss;
using adjoint::nll_loss;
using adjoint::one_hot;
using adjoint::pdist;
using adjoint::prelu;
using adjoint::relu;
using adjoint::relu6;
using adjoint::selu;
using adjoint::sigmoid;
using adjoint::silu;
using adjoint::softmax;
using adjoint::softplus;
using adjoint::softshrink;
using adjoint::tanh;
using adjoint::threshold;

using SoftmaxFuncOptions = SoftmaxOptions;
inline Tensor softmax(const Tensor& input, const SoftmaxFuncOptions& options) {
  return adjoint::softmax(input, options.dim());
}
using LogSoftmaxFuncOptions = LogSoftmaxOptions;
inline Tensor log_softmax(const Tensor& input, const LogSoftmaxFuncOptions& options) {
  return adjoint::log_softmax(input, options.dim());
}
// With options: in place, and returning the input, where `inplace` is set.
using ReLUFuncOptions = ReLUOptions;
inline Tensor relu(Tensor input, const ReLUFuncOptions& options) {
  return options.inplace() ? input.relu_() : adjoint::relu(input);
}
using ReLU6FuncOptions = ReLU6Options;
inline Tensor relu6(Tensor input, const ReLU6FuncOptions& options) {
  return options.inplace() ? adjoint::relu6_(input) : adjoint::relu6(input);
}
using SELUFuncOptions = SELUOptions;
inline Tensor selu(Tensor input, const SELUFuncOptions& options) {
  return options.inplace() ? adjoint::selu_(input) : adjoint::selu(input);
}
using LeakyReLUFuncOptions = LeakyReLUOptions;
inline Tensor leaky_relu(Tensor input, const LeakyReLUFuncOptions& options) {
  return options.inplace() ? adjoint::leaky_relu_(input, options.negative_slope())
                           : adjoint::leaky_relu(input, options.negative_slope());
}
using ELUFuncOptions = ELUOptions;
inline Tensor elu(Tensor input, const ELUFuncOptions& options) {
  return options.inplace() ? adjoint::elu_(input, options.alpha())
                           : adjoint::elu(input, options.alpha());
}
using CELUFuncOptions = CELUOptions;
inline Tensor celu(Tensor input, const CELUFuncOptions& options) {
  return options.inplace() ? adjoint::celu_(input, options.alpha())
                           : adjoint::celu(input, options.alpha());
}
using HardtanhFuncOptions = HardtanhOptions;
inline Tensor hardtanh(Tensor input, const HardtanhFuncOptions& options) {
  return options.inplace() ? adjoint::hardtanh_(input, options.min_val(), options.max_val())
                           : adjoint::hardtanh(input, options.min_val(), options.max_val());
}
using ThresholdFuncOptions = ThresholdOptions;
inline Tensor threshold(Tensor input, const ThresholdFuncOptions& options) {
  return options.inplace() ? adjoint::threshold_(input, options.threshold(), options.value())
                           : adjoint::threshold(input, options.threshold(), options.value());
}
using SoftplusFuncOptions = SoftplusOptions;
inline Tensor softplus(const Tensor& input, const SoftplusFuncOptions& options) {
  return adjoint::softplus(input, options.beta(), options.threshold());
}
using HardshrinkFuncOptions = HardshrinkOptions;
inline Tensor hardshrink(const Tensor& input, const HardshrinkFuncOptions& options) {
  return adjoint::hardshrink(input, options.lambda());
}
using SoftshrinkFuncOptions = SoftshrinkOptions;
inline Tensor softshrink(const Tensor& input, const SoftshrinkFuncOptions& options) {
  return adjoint::softshrink(input, options.lambda());
}
using GLUFuncOptions = GLUOptions;
inline Tensor glu(const Tensor& input, const GLUFuncOptions& options) {
  return adjoint::glu(input, options.dim());
}
inline Tensor logsigmoid(const Tensor& input) { return adjoint::log_sigmoid(input); }
using SoftminFuncOptions = SoftminOptions;
inline Tensor softmin(const Tensor& input, const SoftminFuncOptions& options) {
  return adjoint::softmax(-input, options.dim());
}
class RReLUFuncOptions {
 public:
  ADJOINT_OPTION(RReLUFuncOptions, double, lower, 1.0 / 8);
  ADJOINT_OPTION(RReLUFuncOptions, double, upper, 1.0 / 3);
  ADJOINT_OPTION(RReLUFuncOptions, bool, training, false);
  ADJOINT_OPTION(RReLUFuncOptions, bool, inplace, false);
};
inline Tensor rrelu(Tensor input, const RReLUFuncOptions& options = {}) {
  return options.inplace()
             ? adjoint::rrelu_(input, options.lower(), options.upper(), options.training())
             : adjoint::rrelu(input, options.lower(), options.upper(), options.training());
}
class GumbelSoftmaxFuncOptions {
 public:
  ADJOINT_OPTION(GumbelSoftmaxFuncOptions, double, tau, 1);
  ADJOINT_OPTION(GumbelSoftmaxFuncOptions, bool, hard, false);
  ADJOINT_OPTION(GumbelSoftmaxFuncOptions, int, dim, -1);
};
/// A sample of the classes with these logits, relaxed: softmax((logits + Gumbel noise) / tau);
/// `hard`: 1 at its largest and 0 elsewhere, with the gradient of the relaxed one. E. Jang, S. Gu,
/// B. Poole, Categorical reparameterization with Gumbel-softmax (2017).
ADJOINT_API Tensor gumbel_softmax(const Tensor& logits,
                                  const GumbelSoftmaxFuncOptions& options = {});

using GELUFuncOptions = GELUOptions;
inline Tensor gelu(const Tensor& input, const GELUFuncOptions& options) {
  return adjoint::gelu(input, options.approximate());
}

class LayerNormFuncOptions {
 public:
  LayerNormFuncOptions(std::vector<int64_t> normalized_shape)
      : normalized_shape_(std::move(normalized_shape)) {}
  ADJOINT_OPTION(LayerNormFuncOptions, std::vector<int64_t>, normalized_shape, {});
  ADJOINT_OPTION(LayerNormFuncOptions, Tensor, weight, {});
  ADJOINT_OPTION(LayerNormFuncOptions, Tensor, bias, {});
  ADJOINT_OPTION(LayerNormFuncOptions, double, eps, 1e-5);
};
inline Tensor layer_norm(const Tensor& input, const LayerNormFuncOptions& options) {
  return adjoint::layer_norm(input, options.normalized_shape(), options.weight(), options.bias(),
                             options.eps());
}
using LocalResponseNormFuncOptions = LocalResponseNormOptions;
class BatchNormFuncOptions {
 public:
  ADJOINT_OPTION(BatchNormFuncOptions, Tensor, weight, {});
  ADJOINT_OPTION(BatchNormFuncOptions, Tensor, bias, {});
  ADJOINT_OPTION(BatchNormFuncOptions, bool, training, false);
  ADJOINT_OPTION(BatchNormFuncOptions, double, momentum, 0.1);
  ADJOINT_OPTION(BatchNormFuncOptions, double, eps, 1e-5);
};
inline Tensor batch_norm(const Tensor& input, const Tensor& running_mean, const Tensor& running_var,
                         const BatchNormFuncOptions& options = {}) {
  return adjoint::batch_norm(input, options.weight(), options.bias(), running_mean, running_var,
                             options.training(), options.momentum(), options.eps());
}

class EmbeddingFuncOptions {
 public:
  ADJOINT_OPTION(EmbeddingFuncOptions, std::optional<int64_t>, padding_idx, std::nullopt);
};
inline Tensor embedding(const Tensor& indices, const Tensor& weight,
                        const EmbeddingFuncOptions& options = {}) {
  return adjoint::embedding(weight, indices, options.padding_idx().value_or(-1));
}

using MSELossFuncOptions = MSELossOptions;
inline Tensor mse_loss(const Tensor& input, const Tensor& target,
                       const MSELossFuncOptions& options) {
  return adjoint::mse_loss(input, target, options.reduction());
}
using NLLLossFuncOptions = NLLLossOptions;
inline Tensor nll_loss(const Tensor& input, const Tensor& target,
                       const NLLLossFuncOptions& options) {
  return adjoint::nll_loss(input, target, options.weight(), options.reduction(),
                           options.ignore_index());
}
using CrossEntropyFuncOptions = CrossEntropyLossOptions;
inline Tensor cross_entropy(const Tensor& input, const Tensor& target,
                            const CrossEntropyFuncOptions& options) {
  return adjoint::cross_entropy(input, target, options.weight(), options.reduction(),
                                options.ignore_index(), options.label_smoothing());
}
using BinaryCrossEntropyWithLogitsFuncOptions = BCEWithLogitsLossOptions;
inline Tensor binary_cross_entropy_with_logits(
    const Tensor& input, const Tensor& target,
    const BinaryCrossEntropyWithLogitsFuncOptions& options) {
  return adjoint::binary_cross_entropy_with_logits(input, target, options.weight(),
                                                   options.pos_weight(), options.reduction());
}

}  // namespace adjoint::nn::functional
