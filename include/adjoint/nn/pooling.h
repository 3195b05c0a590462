// SPDX-License-Identifier: MIT
// MaxPool2d.
#pragma once

#include <optional>

#include "adjoint/expanding_array.h"
#include "adjoint/nn/layer.h"
#include "adjoint/options.h"

namespace adjoint::nn {

class ADJOINT_API MaxPool2dOptions {
 public:
  /// The stride is the kernel's size until set.
  MaxPool2dOptions(ExpandingArray<2> kernel_size)
      : kernel_size_(kernel_size), stride_(kernel_size) {}
  ADJOINT_OPTION(MaxPool2dOptions, ExpandingArray<2>, kernel_size, 1);
  ADJOINT_OPTION(MaxPool2dOptions, ExpandingArray<2>, stride, 1);
  ADJOINT_OPTION(MaxPool2dOptions, ExpandingArray<2>, padding, 0);
  ADJOINT_OPTION(MaxPool2dOptions, ExpandingArray<2>, dilation, 1);
  ADJOINT_OPTION(MaxPool2dOptions, bool, ceil_mode, false);
};

class ADJOINT_API MaxPool2dImpl : public ClonedByOptions<MaxPool2dImpl, Layer> {
 public:
  MaxPool2dImpl(ExpandingArray<2> kernel_size) : MaxPool2dImpl(MaxPool2dOptions(kernel_size)) {}
  explicit MaxPool2dImpl(const MaxPool2dOptions& options) : options(options) {}
  Tensor forward(const Tensor& input) override {
    return max_pool2d(input, options.kernel_size(), options.stride(), options.padding(),
                      options.dilation(), options.ceil_mode());
  }
  void pretty_print(std::ostream& out) const override;

  MaxPool2dOptions options;
};
ADJOINT_MODULE(MaxPool2d);

}  // namespace adjoint::nn
