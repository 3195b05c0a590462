// SPDX-License-Identifier: MIT
// Conv2d.
#pragma once

#include "adjoint/expanding_array.h"
#include "adjoint/nn/layer.h"
#include "adjoint/options.h"

namespace adjoint::nn {

class ADJOINT_API Conv2dOptions {
 public:
  Conv2dOptions(int64_t in_channels, int64_t out_channels, ExpandingArray<2> kernel_size)
      : in_channels_(in_channels), out_channels_(out_channels), kernel_size_(kernel_size) {}
  ADJOINT_OPTION(Conv2dOptions, int64_t, in_channels, 0);
  ADJOINT_OPTION(Conv2dOptions, int64_t, out_channels, 0);
  ADJOINT_OPTION(Conv2dOptions, ExpandingArray<2>, kernel_size, 1);
  ADJOINT_OPTION(Conv2dOptions, ExpandingArray<2>, stride, 1);
  ADJOINT_OPTION(Conv2dOptions, ExpandingArray<2>, padding, 0);
  ADJOINT_OPTION(Conv2dOptions, ExpandingArray<2>, dilation, 1);
  ADJOINT_OPTION(Conv2dOptions, int64_t, groups, 1);
  ADJOINT_OPTION(Conv2dOptions, bool, bias, true);
};

/// conv2d with weight [out, in / groups, kh, kw] and bias [out], which start uniform within
/// 1 / sqrt(in / groups * kh * kw). Throws ValueError for channels that groups do not divide.
class ADJOINT_API Conv2dImpl : public ClonedByOptions<Conv2dImpl, Layer> {
 public:
  Conv2dImpl(int64_t in_channels, int64_t out_channels, ExpandingArray<2> kernel_size)
      : Conv2dImpl(Conv2dOptions(in_channels, out_channels, kernel_size)) {}
  explicit Conv2dImpl(const Conv2dOptions& options);
  void reset_parameters();
  Tensor forward(const Tensor& input) override {
    return conv2d(input, weight, bias, options.stride(), options.padding(), options.dilation(),
                  options.groups());
  }
  void pretty_print(std::ostream& out) const override;

  Conv2dOptions options;
  Tensor weight, bias;
};
ADJOINT_MODULE(Conv2d);

}  // namespace adjoint::nn
