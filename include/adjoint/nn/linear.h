// SPDX-License-Identifier: MIT
// Linear, Bilinear, Flatten, Unflatten, Identity.
#pragma once

#include <vector>

#include "adjoint/nn/layer.h"
#include "adjoint/options.h"

namespace adjoint::nn {

class ADJOINT_API LinearOptions {
 public:
  LinearOptions(int64_t in_features, int64_t out_features)
      : in_features_(in_features), out_features_(out_features) {}
  ADJOINT_OPTION(LinearOptions, int64_t, in_features, 0);
  ADJOINT_OPTION(LinearOptions, int64_t, out_features, 0);
  ADJOINT_OPTION(LinearOptions, bool, bias, true);
};

/// x [*, in_features] -> x weight^T + bias [*, out_features]. weight [out, in] and bias [out] start
/// uniform within 1 / sqrt(in_features).
class ADJOINT_API LinearImpl : public ClonedByOptions<LinearImpl, Layer> {
 public:
  LinearImpl(int64_t in_features, int64_t out_features)
      : LinearImpl(LinearOptions(in_features, out_features)) {}
  explicit LinearImpl(const LinearOptions& options);
  void reset_parameters();
  Tensor forward(const Tensor& input) override { return linear(input, weight, bias); }
  void pretty_print(std::ostream& out) const override;

  LinearOptions options;
  Tensor weight, bias;
};
ADJOINT_MODULE(Linear);

class ADJOINT_API FlattenOptions {
 public:
  ADJOINT_OPTION(FlattenOptions, int64_t, start_dim, 1);
  ADJOINT_OPTION(FlattenOptions, int64_t, end_dim, -1);
};

/// Dimensions start_dim to end_dim become one.
class ADJOINT_API FlattenImpl : public ClonedByOptions<FlattenImpl, Layer> {
 public:
  explicit FlattenImpl(const FlattenOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input) override {
    return input.flatten(options.start_dim(), options.end_dim());
  }
  void pretty_print(std::ostream& out) const override;

  FlattenOptions options;
};
ADJOINT_MODULE(Flatten);

class ADJOINT_API UnflattenOptions {
 public:
  UnflattenOptions(int64_t dim, std::vector<int64_t> sizes) : dim_(dim), sizes_(std::move(sizes)) {}
  ADJOINT_OPTION(UnflattenOptions, int64_t, dim, 0);
  ADJOINT_OPTION(UnflattenOptions, std::vector<int64_t>, sizes, {});
};

/// Dimension `dim` becomes several, of which one size may be -1.
class ADJOINT_API UnflattenImpl : public ClonedByOptions<UnflattenImpl, Layer> {
 public:
  UnflattenImpl(int64_t dim, std::vector<int64_t> sizes)
      : UnflattenImpl(UnflattenOptions(dim, std::move(sizes))) {}
  explicit UnflattenImpl(const UnflattenOptions& options) : options(options) {}
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  UnflattenOptions options;
};
ADJOINT_MODULE(Unflatten);

class ADJOINT_API BilinearOptions {
 public:
  BilinearOptions(int64_t in1_features, int64_t in2_features, int64_t out_features)
      : in1_features_(in1_features), in2_features_(in2_features), out_features_(out_features) {}
  ADJOINT_OPTION(BilinearOptions, int64_t, in1_features, 0);
  ADJOINT_OPTION(BilinearOptions, int64_t, in2_features, 0);
  ADJOINT_OPTION(BilinearOptions, int64_t, out_features, 0);
  ADJOINT_OPTION(BilinearOptions, bool, bias, true);
};

/// bilinear() with weight [out, in1, in2] and bias [out], which start uniform within
/// 1 / sqrt(in1_features).
class ADJOINT_API BilinearImpl : public ClonedByOptions<BilinearImpl, Module> {
 public:
  BilinearImpl(int64_t in1_features, int64_t in2_features, int64_t out_features)
      : BilinearImpl(BilinearOptions(in1_features, in2_features, out_features)) {}
  explicit BilinearImpl(const BilinearOptions& options);
  void reset_parameters();
  Tensor forward(const Tensor& input1, const Tensor& input2) {
    return bilinear(input1, input2, weight, bias);
  }
  void pretty_print(std::ostream& out) const override;

  BilinearOptions options;
  Tensor weight, bias;
};
ADJOINT_MODULE(Bilinear);

class ADJOINT_API IdentityImpl : public ClonedByOptions<IdentityImpl, Layer> {
 public:
  Tensor forward(const Tensor& input) override { return input; }
};
ADJOINT_MODULE(Identity);

}  // namespace adjoint::nn
