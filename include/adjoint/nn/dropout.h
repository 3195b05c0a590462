// SPDX-License-Identifier: MIT
// Dropout.
#pragma once

#include "adjoint/nn/layer.h"
#include "adjoint/options.h"

namespace adjoint::nn {

class ADJOINT_API DropoutOptions {
 public:
  DropoutOptions(double p = 0.5) : p_(p) {}
  ADJOINT_OPTION(DropoutOptions, double, p, 0.5);
};

/// While training, zeroes elements with probability p and scales the others by 1 / (1 - p). Throws
/// ValueError for a p outside of [0, 1].
class ADJOINT_API DropoutImpl : public ClonedByOptions<DropoutImpl, Layer> {
 public:
  explicit DropoutImpl(double p) : DropoutImpl(DropoutOptions(p)) {}
  explicit DropoutImpl(const DropoutOptions& options = {});
  Tensor forward(const Tensor& input) override {
    return dropout(input, options.p(), is_training());
  }
  void pretty_print(std::ostream& out) const override;

  DropoutOptions options;
};
ADJOINT_MODULE(Dropout);

}  // namespace adjoint::nn
