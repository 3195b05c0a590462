// SPDX-License-Identifier: MIT
// BatchNorm1d, BatchNorm2d, LayerNorm.
#pragma once

#include <optional>
#include <vector>

#include "adjoint/nn/layer.h"
#include "adjoint/options.h"

namespace adjoint::nn {

class ADJOINT_API BatchNormOptions {
 public:
  BatchNormOptions(int64_t num_features) : num_features_(num_features) {}
  ADJOINT_OPTION(BatchNormOptions, int64_t, num_features, 0);
  ADJOINT_OPTION(BatchNormOptions, double, eps, 1e-5);
  /// None: running statistics are plain averages over all batches.
  ADJOINT_OPTION(BatchNormOptions, std::optional<double>, momentum, 0.1);
  ADJOINT_OPTION(BatchNormOptions, bool, affine, true);
  ADJOINT_OPTION(BatchNormOptions, bool, track_running_stats, true);
};

/// batch_norm with weight and bias [num_features] (ones and zeros at the start, if affine) and
/// buffers running_mean, running_var, num_batches_tracked.
class ADJOINT_API BatchNormImplBase : public Layer {
 public:
  explicit BatchNormImplBase(const BatchNormOptions& options);
  void reset_running_stats();
  void reset_parameters();
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  BatchNormOptions options;
  Tensor weight, bias, running_mean, running_var, num_batches_tracked;

 protected:
  /// Throws ValueError for an input of another number of dimensions.
  virtual void check_input_dim(const Tensor& input) const = 0;
};

/// Of [n, c] or [n, c, l].
class ADJOINT_API BatchNorm1dImpl : public ClonedByOptions<BatchNorm1dImpl, BatchNormImplBase> {
 public:
  using ClonedByOptions::ClonedByOptions;

 protected:
  void check_input_dim(const Tensor& input) const override;
};
ADJOINT_MODULE(BatchNorm1d);

/// Of [n, c, h, w].
class ADJOINT_API BatchNorm2dImpl : public ClonedByOptions<BatchNorm2dImpl, BatchNormImplBase> {
 public:
  using ClonedByOptions::ClonedByOptions;

 protected:
  void check_input_dim(const Tensor& input) const override;
};
ADJOINT_MODULE(BatchNorm2d);

class ADJOINT_API LayerNormOptions {
 public:
  LayerNormOptions(std::vector<int64_t> normalized_shape)
      : normalized_shape_(std::move(normalized_shape)) {}
  ADJOINT_OPTION(LayerNormOptions, std::vector<int64_t>, normalized_shape, {});
  ADJOINT_OPTION(LayerNormOptions, double, eps, 1e-5);
  ADJOINT_OPTION(LayerNormOptions, bool, elementwise_affine, true);
};

/// layer_norm with weight and bias of normalized_shape, ones and zeros at the start.
class ADJOINT_API LayerNormImpl : public ClonedByOptions<LayerNormImpl, Layer> {
 public:
  explicit LayerNormImpl(std::vector<int64_t> normalized_shape)
      : LayerNormImpl(LayerNormOptions(std::move(normalized_shape))) {}
  explicit LayerNormImpl(const LayerNormOptions& options);
  void reset_parameters();
  Tensor forward(const Tensor& input) override {
    return layer_norm(input, options.normalized_shape(), weight, bias, options.eps());
  }
  void pretty_print(std::ostream& out) const override;

  LayerNormOptions options;
  Tensor weight, bias;
};
ADJOINT_MODULE(LayerNorm);

}  // namespace adjoint::nn
