// SPDX-License-Identifier: MIT
// Dropout, of elements and of channels; AlphaDropout.
#pragma once

#include "adjoint/nn/layer.h"
#include "adjoint/options.h"

namespace adjoint::nn {

class ADJOINT_API DropoutOptions {
 public:
  DropoutOptions(double p = 0.5) : p_(p) {}
  ADJOINT_OPTION(DropoutOptions, double, p, 0.5);
  /// The result takes the input's place.
  ADJOINT_OPTION(DropoutOptions, bool, inplace, false);
};
using Dropout2dOptions = DropoutOptions;
using Dropout3dOptions = DropoutOptions;
using AlphaDropoutOptions = DropoutOptions;
using FeatureAlphaDropoutOptions = DropoutOptions;

/// What the layers share. Throws ValueError for a probability outside of [0, 1].
class ADJOINT_API DropoutImplBase : public Layer {
 public:
  explicit DropoutImplBase(const DropoutOptions& options);
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  DropoutOptions options;

 protected:
  virtual Tensor drop(const Tensor& input) const = 0;
};

template <class Derived>
class DropoutOf : public ClonedByOptions<Derived, DropoutImplBase> {
 public:
  explicit DropoutOf(double p) : DropoutOf(DropoutOptions(p)) {}
  explicit DropoutOf(const DropoutOptions& options = {})
      : ClonedByOptions<Derived, DropoutImplBase>(options) {}
};

class ADJOINT_API DropoutImpl : public DropoutOf<DropoutImpl> {
 public:
  using DropoutOf::DropoutOf;

 protected:
  Tensor drop(const Tensor& input) const override {
    return dropout(input, options.p(), is_training());
  }
};
ADJOINT_MODULE(Dropout);

class ADJOINT_API Dropout2dImpl : public DropoutOf<Dropout2dImpl> {
 public:
  using DropoutOf::DropoutOf;

 protected:
  Tensor drop(const Tensor& input) const override {
    return feature_dropout(input, options.p(), is_training());
  }
};
ADJOINT_MODULE(Dropout2d);

class ADJOINT_API Dropout3dImpl : public DropoutOf<Dropout3dImpl> {
 public:
  using DropoutOf::DropoutOf;

 protected:
  Tensor drop(const Tensor& input) const override {
    return feature_dropout(input, options.p(), is_training());
  }
};
ADJOINT_MODULE(Dropout3d);

class ADJOINT_API AlphaDropoutImpl : public DropoutOf<AlphaDropoutImpl> {
 public:
  using DropoutOf::DropoutOf;

 protected:
  Tensor drop(const Tensor& input) const override {
    return alpha_dropout(input, options.p(), is_training());
  }
};
ADJOINT_MODULE(AlphaDropout);

class ADJOINT_API FeatureAlphaDropoutImpl : public DropoutOf<FeatureAlphaDropoutImpl> {
 public:
  using DropoutOf::DropoutOf;

 protected:
  Tensor drop(const Tensor& input) const override {
    return feature_alpha_dropout(input, options.p(), is_training());
  }
};
ADJOINT_MODULE(FeatureAlphaDropout);

}  // namespace adjoint::nn
