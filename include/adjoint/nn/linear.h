// SPDX-License-Identifier: MIT
// Linear, Flatten, Identity.
#pragma once

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

class ADJOINT_API IdentityImpl : public ClonedByOptions<IdentityImpl, Layer> {
 public:
  Tensor forward(const Tensor& input) override { return input; }
};
ADJOINT_MODULE(Identity);

}  // namespace adjoint::nn
