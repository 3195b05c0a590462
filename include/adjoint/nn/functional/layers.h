// SPDX-License-Identifier: MIT
// Normalization, distances and dropout of channels as functions of tensors and options.
#pragma once

#include "adjoint/nn/distance.h"
#include "adjoint/ops.h"
#include "adjoint/options.h"

namespace adjoint::nn::functional {

class GroupNormFuncOptions {
 public:
  GroupNormFuncOptions(int64_t num_groups) : num_groups_(num_groups) {}
  ADJOINT_OPTION(GroupNormFuncOptions, int64_t, num_groups, 1);
  ADJOINT_OPTION(GroupNormFuncOptions, Tensor, weight, {});
  ADJOINT_OPTION(GroupNormFuncOptions, Tensor, bias, {});
  ADJOINT_OPTION(GroupNormFuncOptions, double, eps, 1e-5);
};
inline Tensor group_norm(const Tensor& input, const GroupNormFuncOptions& options) {
  return adjoint::group_norm(input, options.num_groups(), options.weight(), options.bias(),
                             options.eps());
}
class InstanceNormFuncOptions {
 public:
  ADJOINT_OPTION(InstanceNormFuncOptions, Tensor, running_mean, {});
  ADJOINT_OPTION(InstanceNormFuncOptions, Tensor, running_var, {});
  ADJOINT_OPTION(InstanceNormFuncOptions, Tensor, weight, {});
  ADJOINT_OPTION(InstanceNormFuncOptions, Tensor, bias, {});
  ADJOINT_OPTION(InstanceNormFuncOptions, bool, use_input_stats, true);
  ADJOINT_OPTION(InstanceNormFuncOptions, double, momentum, 0.1);
  ADJOINT_OPTION(InstanceNormFuncOptions, double, eps, 1e-5);
};
inline Tensor instance_norm(const Tensor& input, const InstanceNormFuncOptions& options = {}) {
  return adjoint::instance_norm(input, options.weight(), options.bias(), options.running_mean(),
                                options.running_var(), options.use_input_stats(),
                                options.momentum(), options.eps());
}
class NormalizeFuncOptions {
 public:
  ADJOINT_OPTION(NormalizeFuncOptions, double, p, 2.0);
  ADJOINT_OPTION(NormalizeFuncOptions, int64_t, dim, 1);
  ADJOINT_OPTION(NormalizeFuncOptions, double, eps, 1e-12);
};
inline Tensor normalize(const Tensor& input, const NormalizeFuncOptions& options = {}) {
  return adjoint::normalize(input, options.p(), options.dim(), options.eps());
}

using CosineSimilarityFuncOptions = CosineSimilarityOptions;
inline Tensor cosine_similarity(const Tensor& x1, const Tensor& x2,
                                const CosineSimilarityFuncOptions& options = {}) {
  return adjoint::cosine_similarity(x1, x2, options.dim(), options.eps());
}
using PairwiseDistanceFuncOptions = PairwiseDistanceOptions;
inline Tensor pairwise_distance(const Tensor& x1, const Tensor& x2,
                                const PairwiseDistanceFuncOptions& options = {}) {
  return adjoint::pairwise_distance(x1, x2, options.p(), options.eps(), options.keepdim());
}

class DropoutFuncOptions {
 public:
  ADJOINT_OPTION(DropoutFuncOptions, double, p, 0.5);
  ADJOINT_OPTION(DropoutFuncOptions, bool, training, true);
  /// The result takes the input's place.
  ADJOINT_OPTION(DropoutFuncOptions, bool, inplace, false);
};
class AlphaDropoutFuncOptions {
 public:
  ADJOINT_OPTION(AlphaDropoutFuncOptions, double, p, 0.5);
  ADJOINT_OPTION(AlphaDropoutFuncOptions, bool, training, false);
  ADJOINT_OPTION(AlphaDropoutFuncOptions, bool, inplace, false);
};
using Dropout2dFuncOptions = DropoutFuncOptions;
using Dropout3dFuncOptions = DropoutFuncOptions;
using FeatureAlphaDropoutFuncOptions = AlphaDropoutFuncOptions;
/// The output, in the place of the input if `inplace`.
inline Tensor placed(const Tensor& input, const Tensor& output, bool inplace) {
  return inplace && !output.is_same(input) ? input.copy_(output) : output;
}
using adjoint::dropout;
inline Tensor dropout(const Tensor& input, const DropoutFuncOptions& options = {}) {
  return placed(input, adjoint::dropout(input, options.p(), options.training()), options.inplace());
}
inline Tensor dropout2d(const Tensor& input, const Dropout2dFuncOptions& options = {}) {
  return placed(input, feature_dropout(input, options.p(), options.training()), options.inplace());
}
inline Tensor dropout3d(const Tensor& input, const Dropout3dFuncOptions& options = {}) {
  return dropout2d(input, options);
}
inline Tensor alpha_dropout(const Tensor& input, const AlphaDropoutFuncOptions& options = {}) {
  return placed(input, adjoint::alpha_dropout(input, options.p(), options.training()),
                options.inplace());
}
inline Tensor feature_alpha_dropout(const Tensor& input,
                                    const FeatureAlphaDropoutFuncOptions& options = {}) {
  return placed(input, adjoint::feature_alpha_dropout(input, options.p(), options.training()),
                options.inplace());
}

using adjoint::bilinear;
using adjoint::scaled_dot_product_attention;

}  // namespace adjoint::nn::functional
