// SPDX-License-Identifier: MIT
// Activations as layers.
#pragma once

#include "adjoint/nn/layer.h"
#include "adjoint/options.h"

namespace adjoint::nn {

class ADJOINT_API ReLUImpl : public ClonedByOptions<ReLUImpl, Layer> {
 public:
  Tensor forward(const Tensor& input) override { return relu(input); }
};
ADJOINT_MODULE(ReLU);

class ADJOINT_API TanhImpl : public ClonedByOptions<TanhImpl, Layer> {
 public:
  Tensor forward(const Tensor& input) override { return tanh(input); }
};
ADJOINT_MODULE(Tanh);

class ADJOINT_API SigmoidImpl : public ClonedByOptions<SigmoidImpl, Layer> {
 public:
  Tensor forward(const Tensor& input) override { return sigmoid(input); }
};
ADJOINT_MODULE(Sigmoid);

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
