// SPDX-License-Identifier: MIT
// Unfold, Fold: the windows of images as columns, and back.
#pragma once

#include "adjoint/expanding_array.h"
#include "adjoint/nn/layer.h"
#include "adjoint/options.h"

namespace adjoint::nn {

class ADJOINT_API UnfoldOptions {
 public:
  UnfoldOptions(ExpandingArray<2> kernel_size) : kernel_size_(kernel_size) {}
  ADJOINT_OPTION(UnfoldOptions, ExpandingArray<2>, kernel_size, 1);
  ADJOINT_OPTION(UnfoldOptions, ExpandingArray<2>, dilation, 1);
  ADJOINT_OPTION(UnfoldOptions, ExpandingArray<2>, padding, 0);
  ADJOINT_OPTION(UnfoldOptions, ExpandingArray<2>, stride, 1);
};
class ADJOINT_API FoldOptions {
 public:
  FoldOptions(ExpandingArray<2> output_size, ExpandingArray<2> kernel_size)
      : output_size_(output_size), kernel_size_(kernel_size) {}
  ADJOINT_OPTION(FoldOptions, ExpandingArray<2>, output_size, 1);
  ADJOINT_OPTION(FoldOptions, ExpandingArray<2>, kernel_size, 1);
  ADJOINT_OPTION(FoldOptions, ExpandingArray<2>, dilation, 1);
  ADJOINT_OPTION(FoldOptions, ExpandingArray<2>, padding, 0);
  ADJOINT_OPTION(FoldOptions, ExpandingArray<2>, stride, 1);
};

namespace functional {

using UnfoldFuncOptions = UnfoldOptions;
inline Tensor unfold(const Tensor& input, const UnfoldFuncOptions& options) {
  return im2col(input, options.kernel_size(), options.dilation(), options.padding(),
                options.stride());
}
using FoldFuncOptions = FoldOptions;
inline Tensor fold(const Tensor& input, const FoldFuncOptions& options) {
  return col2im(input, options.output_size(), options.kernel_size(), options.dilation(),
                options.padding(), options.stride());
}

}  // namespace functional

/// im2col.
class ADJOINT_API UnfoldImpl : public ClonedByOptions<UnfoldImpl, Layer> {
 public:
  UnfoldImpl(ExpandingArray<2> kernel_size) : options(kernel_size) {}
  explicit UnfoldImpl(const UnfoldOptions& o) : options(o) {}
  Tensor forward(const Tensor& input) override { return functional::unfold(input, options); }
  void pretty_print(std::ostream& out) const override;

  UnfoldOptions options;
};
ADJOINT_MODULE(Unfold);

/// col2im.
class ADJOINT_API FoldImpl : public ClonedByOptions<FoldImpl, Layer> {
 public:
  FoldImpl(ExpandingArray<2> output_size, ExpandingArray<2> kernel_size)
      : options(output_size, kernel_size) {}
  explicit FoldImpl(const FoldOptions& o) : options(o) {}
  Tensor forward(const Tensor& input) override { return functional::fold(input, options); }
  void pretty_print(std::ostream& out) const override;

  FoldOptions options;
};
ADJOINT_MODULE(Fold);

}  // namespace adjoint::nn
