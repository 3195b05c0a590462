// SPDX-License-Identifier: MIT
// BatchNorm, InstanceNorm, GroupNorm, LayerNorm, LocalResponseNorm.
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

/// weight and bias [num_features] (ones and zeros at the start, if affine) and, if
/// track_running_stats, buffers running_mean, running_var, num_batches_tracked.
template <class Options>
class ADJOINT_API NormWithStatistics : public Layer {
 public:
  explicit NormWithStatistics(const Options& options);
  void reset_running_stats();
  void reset_parameters();

  Options options;
  Tensor weight, bias, running_mean, running_var, num_batches_tracked;
};

/// batch_norm.
class ADJOINT_API BatchNormImplBase : public NormWithStatistics<BatchNormOptions> {
 public:
  using NormWithStatistics::NormWithStatistics;
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

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

class ADJOINT_API BatchNorm3dImpl : public ClonedByOptions<BatchNorm3dImpl, BatchNormImplBase> {
 public:
  using ClonedByOptions::ClonedByOptions;

 protected:
  void check_input_dim(const Tensor& input) const override;
};
ADJOINT_MODULE(BatchNorm3d);
using BatchNorm1dOptions = BatchNormOptions;
using BatchNorm2dOptions = BatchNormOptions;
using BatchNorm3dOptions = BatchNormOptions;

class ADJOINT_API InstanceNormOptions {
 public:
  InstanceNormOptions(int64_t num_features) : num_features_(num_features) {}
  ADJOINT_OPTION(InstanceNormOptions, int64_t, num_features, 0);
  ADJOINT_OPTION(InstanceNormOptions, double, eps, 1e-5);
  ADJOINT_OPTION(InstanceNormOptions, double, momentum, 0.1);
  ADJOINT_OPTION(InstanceNormOptions, bool, affine, false);
  ADJOINT_OPTION(InstanceNormOptions, bool, track_running_stats, false);
};
using InstanceNorm1dOptions = InstanceNormOptions;
using InstanceNorm2dOptions = InstanceNormOptions;
using InstanceNorm3dOptions = InstanceNormOptions;

/// instance_norm, by each image's own statistics unless running ones are there and it does not
/// train.
class ADJOINT_API InstanceNormImplBase : public NormWithStatistics<InstanceNormOptions> {
 public:
  using NormWithStatistics::NormWithStatistics;
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

 protected:
  /// The number of dimensions of a batch; images without one have one less. Others are ValueErrors.
  virtual int64_t batched_dim() const = 0;
};

class ADJOINT_API InstanceNorm1dImpl
    : public ClonedByOptions<InstanceNorm1dImpl, InstanceNormImplBase> {
 public:
  using ClonedByOptions::ClonedByOptions;

 protected:
  int64_t batched_dim() const override { return 3; }
};
ADJOINT_MODULE(InstanceNorm1d);

class ADJOINT_API InstanceNorm2dImpl
    : public ClonedByOptions<InstanceNorm2dImpl, InstanceNormImplBase> {
 public:
  using ClonedByOptions::ClonedByOptions;

 protected:
  int64_t batched_dim() const override { return 4; }
};
ADJOINT_MODULE(InstanceNorm2d);

class ADJOINT_API InstanceNorm3dImpl
    : public ClonedByOptions<InstanceNorm3dImpl, InstanceNormImplBase> {
 public:
  using ClonedByOptions::ClonedByOptions;

 protected:
  int64_t batched_dim() const override { return 5; }
};
ADJOINT_MODULE(InstanceNorm3d);

class ADJOINT_API GroupNormOptions {
 public:
  GroupNormOptions(int64_t num_groups, int64_t num_channels)
      : num_groups_(num_groups), num_channels_(num_channels) {}
  ADJOINT_OPTION(GroupNormOptions, int64_t, num_groups, 1);
  ADJOINT_OPTION(GroupNormOptions, int64_t, num_channels, 1);
  ADJOINT_OPTION(GroupNormOptions, double, eps, 1e-5);
  ADJOINT_OPTION(GroupNormOptions, bool, affine, true);
};

/// Throws ValueError for channels that the number of groups does not divide.
class ADJOINT_API GroupNormImpl : public ClonedByOptions<GroupNormImpl, Layer> {
 public:
  GroupNormImpl(int64_t num_groups, int64_t num_channels)
      : GroupNormImpl(GroupNormOptions(num_groups, num_channels)) {}
  explicit GroupNormImpl(const GroupNormOptions& options);
  void reset_parameters();
  Tensor forward(const Tensor& input) override {
    return group_norm(input, options.num_groups(), weight, bias, options.eps());
  }
  void pretty_print(std::ostream& out) const override;

  GroupNormOptions options;
  Tensor weight, bias;
};
ADJOINT_MODULE(GroupNorm);

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

class ADJOINT_API LocalResponseNormOptions {
 public:
  LocalResponseNormOptions(int64_t size) : size_(size) {}
  /// Neighbouring channels.
  ADJOINT_OPTION(LocalResponseNormOptions, int64_t, size, 1);
  ADJOINT_OPTION(LocalResponseNormOptions, double, alpha, 1e-4);
  ADJOINT_OPTION(LocalResponseNormOptions, double, beta, 0.75);
  ADJOINT_OPTION(LocalResponseNormOptions, double, k, 1);
};

namespace functional {
/// x / (k + alpha * (mean of x^2 over `size` channels around, of zeros beyond them))^beta, for
/// [n, c, *]. A. Krizhevsky, I. Sutskever, G. E. Hinton, ImageNet classification with deep
/// convolutional neural networks (2012).
ADJOINT_API Tensor local_response_norm(const Tensor& input,
                                       const LocalResponseNormOptions& options);
}  // namespace functional

class ADJOINT_API LocalResponseNormImpl : public ClonedByOptions<LocalResponseNormImpl, Layer> {
 public:
  LocalResponseNormImpl(int64_t size) : options(size) {}
  explicit LocalResponseNormImpl(const LocalResponseNormOptions& o) : options(o) {}
  Tensor forward(const Tensor& input) override {
    return functional::local_response_norm(input, options);
  }
  void pretty_print(std::ostream& out) const override;

  LocalResponseNormOptions options;
};
ADJOINT_MODULE(LocalResponseNorm);

}  // namespace adjoint::nn
