// SPDX-License-Identifier: MIT
// Activations as layers.
#pragma once

#include "adjoint/nn/layer.h"
#include "adjoint/options.h"

namespace adjoint::nn {

namespace functional {

/// x / (1 + |x|)
inline Tensor softsign(const Tensor& input) { return input / (input.abs() + 1); }
/// x - tanh(x)
inline Tensor tanhshrink(const Tensor& input) { return input - input.tanh(); }

}  // namespace functional

// Of a function without settings.
#define ADJOINT_ACTIVATION(Name, function)                                   \
  class ADJOINT_API Name##Impl : public ClonedByOptions<Name##Impl, Layer> { \
   public:                                                                   \
    Tensor forward(const Tensor& input) override { return function(input); } \
  };                                                                         \
  ADJOINT_MODULE(Name)
ADJOINT_ACTIVATION(Tanh, tanh);
ADJOINT_ACTIVATION(Sigmoid, sigmoid);
ADJOINT_ACTIVATION(LogSigmoid, log_sigmoid);
ADJOINT_ACTIVATION(SiLU, silu);
ADJOINT_ACTIVATION(Mish, mish);
ADJOINT_ACTIVATION(Hardsigmoid, hardsigmoid);
ADJOINT_ACTIVATION(Hardswish, hardswish);
ADJOINT_ACTIVATION(Softsign, functional::softsign);
ADJOINT_ACTIVATION(Tanhshrink, functional::tanhshrink);
#undef ADJOINT_ACTIVATION

// Those with an option `inplace` change and return their input where it is set.

class ADJOINT_API ReLUOptions {
 public:
  ReLUOptions(bool inplace = false) : inplace_(inplace) {}
  ADJOINT_OPTION(ReLUOptions, bool, inplace, false);
};
class ADJOINT_API ReLUImpl : public ClonedByOptions<ReLUImpl, Layer> {
 public:
  explicit ReLUImpl(const ReLUOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  ReLUOptions options;
};
ADJOINT_MODULE(ReLU);

using ReLU6Options = ReLUOptions;
class ADJOINT_API ReLU6Impl : public ClonedByOptions<ReLU6Impl, Layer> {
 public:
  explicit ReLU6Impl(const ReLU6Options& options = {}) : options(options) {}
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  ReLU6Options options;
};
ADJOINT_MODULE(ReLU6);

using SELUOptions = ReLUOptions;
class ADJOINT_API SELUImpl : public ClonedByOptions<SELUImpl, Layer> {
 public:
  explicit SELUImpl(const SELUOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  SELUOptions options;
};
ADJOINT_MODULE(SELU);

class ADJOINT_API LeakyReLUOptions {
 public:
  ADJOINT_OPTION(LeakyReLUOptions, double, negative_slope, 0.01);
  ADJOINT_OPTION(LeakyReLUOptions, bool, inplace, false);
};
class ADJOINT_API LeakyReLUImpl : public ClonedByOptions<LeakyReLUImpl, Layer> {
 public:
  explicit LeakyReLUImpl(const LeakyReLUOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  LeakyReLUOptions options;
};
ADJOINT_MODULE(LeakyReLU);

class ADJOINT_API ELUOptions {
 public:
  ADJOINT_OPTION(ELUOptions, double, alpha, 1);
  ADJOINT_OPTION(ELUOptions, bool, inplace, false);
};
class ADJOINT_API ELUImpl : public ClonedByOptions<ELUImpl, Layer> {
 public:
  explicit ELUImpl(const ELUOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  ELUOptions options;
};
ADJOINT_MODULE(ELU);

class ADJOINT_API CELUOptions {
 public:
  ADJOINT_OPTION(CELUOptions, double, alpha, 1);
  ADJOINT_OPTION(CELUOptions, bool, inplace, false);
};
class ADJOINT_API CELUImpl : public ClonedByOptions<CELUImpl, Layer> {
 public:
  explicit CELUImpl(const CELUOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  CELUOptions options;
};
ADJOINT_MODULE(CELU);

class ADJOINT_API HardtanhOptions {
 public:
  ADJOINT_OPTION(HardtanhOptions, double, min_val, -1);
  ADJOINT_OPTION(HardtanhOptions, double, max_val, 1);
  ADJOINT_OPTION(HardtanhOptions, bool, inplace, false);
};
class ADJOINT_API HardtanhImpl : public ClonedByOptions<HardtanhImpl, Layer> {
 public:
  explicit HardtanhImpl(const HardtanhOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  HardtanhOptions options;
};
ADJOINT_MODULE(Hardtanh);

class ADJOINT_API ThresholdOptions {
 public:
  ThresholdOptions(double threshold, double value) : threshold_(threshold), value_(value) {}
  ADJOINT_OPTION(ThresholdOptions, double, threshold, 0);
  ADJOINT_OPTION(ThresholdOptions, double, value, 0);
  ADJOINT_OPTION(ThresholdOptions, bool, inplace, false);
};
class ADJOINT_API ThresholdImpl : public ClonedByOptions<ThresholdImpl, Layer> {
 public:
  ThresholdImpl(double threshold, double value)
      : ThresholdImpl(ThresholdOptions(threshold, value)) {}
  explicit ThresholdImpl(const ThresholdOptions& options) : options(options) {}
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  ThresholdOptions options;
};
ADJOINT_MODULE(Threshold);

class ADJOINT_API SoftplusOptions {
 public:
  ADJOINT_OPTION(SoftplusOptions, double, beta, 1);
  ADJOINT_OPTION(SoftplusOptions, double, threshold, 20);
};
class ADJOINT_API SoftplusImpl : public ClonedByOptions<SoftplusImpl, Layer> {
 public:
  explicit SoftplusImpl(const SoftplusOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  SoftplusOptions options;
};
ADJOINT_MODULE(Softplus);

class ADJOINT_API HardshrinkOptions {
 public:
  HardshrinkOptions(double lambda = 0.5) : lambda_(lambda) {}
  ADJOINT_OPTION(HardshrinkOptions, double, lambda, 0.5);
};
class ADJOINT_API HardshrinkImpl : public ClonedByOptions<HardshrinkImpl, Layer> {
 public:
  explicit HardshrinkImpl(const HardshrinkOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  HardshrinkOptions options;
};
ADJOINT_MODULE(Hardshrink);

class ADJOINT_API SoftshrinkOptions {
 public:
  SoftshrinkOptions(double lambda = 0.5) : lambda_(lambda) {}
  ADJOINT_OPTION(SoftshrinkOptions, double, lambda, 0.5);
};
class ADJOINT_API SoftshrinkImpl : public ClonedByOptions<SoftshrinkImpl, Layer> {
 public:
  explicit SoftshrinkImpl(const SoftshrinkOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  SoftshrinkOptions options;
};
ADJOINT_MODULE(Softshrink);

class ADJOINT_API GLUOptions {
 public:
  GLUOptions(int64_t dim = -1) : dim_(dim) {}
  ADJOINT_OPTION(GLUOptions, int64_t, dim, -1);
};
class ADJOINT_API GLUImpl : public ClonedByOptions<GLUImpl, Layer> {
 public:
  explicit GLUImpl(const GLUOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  GLUOptions options;
};
ADJOINT_MODULE(GLU);

class ADJOINT_API PReLUOptions {
 public:
  ADJOINT_OPTION(PReLUOptions, int64_t, num_parameters, 1);
  ADJOINT_OPTION(PReLUOptions, double, init, 0.25);
};
/// x where x > 0, else weight x; weight [num_parameters] is learned and starts at `init`.
class ADJOINT_API PReLUImpl : public ClonedByOptions<PReLUImpl, Layer> {
 public:
  explicit PReLUImpl(const PReLUOptions& options = {});
  void reset_parameters();
  Tensor forward(const Tensor& input) override { return prelu(input, weight); }
  void pretty_print(std::ostream& out) const override;

  PReLUOptions options;
  Tensor weight;
};
ADJOINT_MODULE(PReLU);

class ADJOINT_API RReLUOptions {
 public:
  ADJOINT_OPTION(RReLUOptions, double, lower, 1.0 / 8);
  ADJOINT_OPTION(RReLUOptions, double, upper, 1.0 / 3);
  ADJOINT_OPTION(RReLUOptions, bool, inplace, false);
};
/// rrelu: draws its slopes where it trains.
class ADJOINT_API RReLUImpl : public ClonedByOptions<RReLUImpl, Layer> {
 public:
  explicit RReLUImpl(const RReLUOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  RReLUOptions options;
};
ADJOINT_MODULE(RReLU);

/// softmax over the channels of images [n, c, h, w] or [c, h, w]. Throws Error for others.
class ADJOINT_API Softmax2dImpl : public ClonedByOptions<Softmax2dImpl, Layer> {
 public:
  Tensor forward(const Tensor& input) override;
};
ADJOINT_MODULE(Softmax2d);

class ADJOINT_API GELUOptions {
 public:
  /// "none" or "tanh".
  ADJOINT_OPTION(GELUOptions, std::string, approximate, "none");
};
class ADJOINT_API GELUImpl : public ClonedByOptions<GELUImpl, Layer> {
 public:
  explicit GELUImpl(const GELUOptions& options = {}) : options(options) {}
  Tensor forward(const Tensor& input) override { return gelu(input, options.approximate()); }
  void pretty_print(std::ostream& out) const override;

  GELUOptions options;
};
ADJOINT_MODULE(GELU);

class ADJOINT_API SoftmaxOptions {
 public:
  SoftmaxOptions(int64_t dim) : dim_(dim) {}
  ADJOINT_OPTION(SoftmaxOptions, int64_t, dim, -1);
};
class ADJOINT_API SoftmaxImpl : public ClonedByOptions<SoftmaxImpl, Layer> {
 public:
  explicit SoftmaxImpl(const SoftmaxOptions& options) : options(options) {}
  Tensor forward(const Tensor& input) override { return softmax(input, options.dim()); }
  void pretty_print(std::ostream& out) const override;

  SoftmaxOptions options;
};
ADJOINT_MODULE(Softmax);

using SoftminOptions = SoftmaxOptions;
class ADJOINT_API SoftminImpl : public ClonedByOptions<SoftminImpl, Layer> {
 public:
  explicit SoftminImpl(const SoftminOptions& options) : options(options) {}
  Tensor forward(const Tensor& input) override { return softmax(-input, options.dim()); }
  void pretty_print(std::ostream& out) const override;

  SoftminOptions options;
};
ADJOINT_MODULE(Softmin);

using LogSoftmaxOptions = SoftmaxOptions;
class ADJOINT_API LogSoftmaxImpl : public ClonedByOptions<LogSoftmaxImpl, Layer> {
 public:
  explicit LogSoftmaxImpl(const LogSoftmaxOptions& options) : options(options) {}
  Tensor forward(const Tensor& input) override { return log_softmax(input, options.dim()); }
  void pretty_print(std::ostream& out) const override;

  LogSoftmaxOptions options;
};
ADJOINT_MODULE(LogSoftmax);

}  // namespace adjoint::nn
