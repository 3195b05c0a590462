// SPDX-License-Identifier: MIT
// Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d.
#pragma once

#include <optional>

#include "adjoint/expanding_array.h"
#include "adjoint/nn/layer.h"
#include "adjoint/nn/mode.h"
#include "adjoint/options.h"

namespace adjoint::nn {

/// Numbers for each direction, or a word.
template <size_t D>
class ConvPadding {
 public:
  ConvPadding(int64_t value) : numbers_(value) {}
  ConvPadding(IntArrayRef values) : numbers_(values) {}
  ConvPadding(std::initializer_list<int64_t> values) : numbers_(values) {}
  ConvPadding(const std::vector<int64_t>& values) : numbers_(values) {}
  ConvPadding(const ExpandingArray<D>& values) : numbers_(values) {}
  ConvPadding(ConvPaddingMode mode) : numbers_(0), mode_(mode) {}
  std::optional<ConvPaddingMode> mode() const { return mode_; }
  int64_t operator[](size_t i) const { return numbers_[i]; }
  operator IntArrayRef() const { return numbers_; }

 private:
  ExpandingArray<D> numbers_;
  std::optional<ConvPaddingMode> mode_;
};

template <size_t D>
class ADJOINT_API ConvOptions {
 public:
  static constexpr size_t kDims = D;
  static constexpr bool kTransposed = false;
  ConvOptions(int64_t in_channels, int64_t out_channels, ExpandingArray<D> kernel_size)
      : in_channels_(in_channels), out_channels_(out_channels), kernel_size_(kernel_size) {}
  ADJOINT_OPTION(ConvOptions, int64_t, in_channels, 0);
  ADJOINT_OPTION(ConvOptions, int64_t, out_channels, 0);
  ADJOINT_OPTION(ConvOptions, ExpandingArray<D>, kernel_size, 1);
  ADJOINT_OPTION(ConvOptions, ExpandingArray<D>, stride, 1);
  ADJOINT_OPTION(ConvOptions, ConvPadding<D>, padding, 0);
  ADJOINT_OPTION(ConvOptions, ExpandingArray<D>, dilation, 1);
  ADJOINT_OPTION(ConvOptions, int64_t, groups, 1);
  ADJOINT_OPTION(ConvOptions, bool, bias, true);
  ADJOINT_OPTION(ConvOptions, PaddingMode, padding_mode, PaddingMode::Zeros);
};
using Conv1dOptions = ConvOptions<1>;
using Conv2dOptions = ConvOptions<2>;
using Conv3dOptions = ConvOptions<3>;

template <size_t D>
class ADJOINT_API ConvTransposeOptions {
 public:
  static constexpr size_t kDims = D;
  static constexpr bool kTransposed = true;
  ConvTransposeOptions(int64_t in_channels, int64_t out_channels, ExpandingArray<D> kernel_size)
      : in_channels_(in_channels), out_channels_(out_channels), kernel_size_(kernel_size) {}
  ADJOINT_OPTION(ConvTransposeOptions, int64_t, in_channels, 0);
  ADJOINT_OPTION(ConvTransposeOptions, int64_t, out_channels, 0);
  ADJOINT_OPTION(ConvTransposeOptions, ExpandingArray<D>, kernel_size, 1);
  ADJOINT_OPTION(ConvTransposeOptions, ExpandingArray<D>, stride, 1);
  ADJOINT_OPTION(ConvTransposeOptions, ExpandingArray<D>, padding, 0);
  ADJOINT_OPTION(ConvTransposeOptions, ExpandingArray<D>, output_padding, 0);
  ADJOINT_OPTION(ConvTransposeOptions, int64_t, groups, 1);
  ADJOINT_OPTION(ConvTransposeOptions, bool, bias, true);
  ADJOINT_OPTION(ConvTransposeOptions, ExpandingArray<D>, dilation, 1);
  ADJOINT_OPTION(ConvTransposeOptions, PaddingMode, padding_mode, PaddingMode::Zeros);
};
using ConvTranspose1dOptions = ConvTransposeOptions<1>;
using ConvTranspose2dOptions = ConvTransposeOptions<2>;
using ConvTranspose3dOptions = ConvTransposeOptions<3>;

/// weight [out_channels, in_channels / groups, kernel...], transposed [in_channels, out_channels /
/// groups, kernel...], and bias [out_channels] start uniform within 1 / sqrt(fan in of the weight).
/// Throws ValueError for channels that groups does not divide, for "same" padding with a stride,
/// and for a padding_mode other than zeros of a transposed one.
template <class Options>
class ADJOINT_API ConvNdImpl : public Layer {
 public:
  explicit ConvNdImpl(const Options& options);
  void reset_parameters();
  Tensor forward(const Tensor& input) override;
  void pretty_print(std::ostream& out) const override;

  Options options;
  Tensor weight, bias;
};

template <class Derived, class Options>
class ConvOf : public ClonedByOptions<Derived, ConvNdImpl<Options>> {
 public:
  ConvOf(int64_t in_channels, int64_t out_channels, ExpandingArray<Options::kDims> kernel_size)
      : ConvOf(Options(in_channels, out_channels, kernel_size)) {}
  explicit ConvOf(const Options& options)
      : ClonedByOptions<Derived, ConvNdImpl<Options>>(options) {}
};

class ADJOINT_API Conv1dImpl : public ConvOf<Conv1dImpl, Conv1dOptions> {
 public:
  using ConvOf::ConvOf;
};
ADJOINT_MODULE(Conv1d);
class ADJOINT_API Conv2dImpl : public ConvOf<Conv2dImpl, Conv2dOptions> {
 public:
  using ConvOf::ConvOf;
};
ADJOINT_MODULE(Conv2d);
class ADJOINT_API Conv3dImpl : public ConvOf<Conv3dImpl, Conv3dOptions> {
 public:
  using ConvOf::ConvOf;
};
ADJOINT_MODULE(Conv3d);
class ADJOINT_API ConvTranspose1dImpl : public ConvOf<ConvTranspose1dImpl, ConvTranspose1dOptions> {
 public:
  using ConvOf::ConvOf;
};
ADJOINT_MODULE(ConvTranspose1d);
class ADJOINT_API ConvTranspose2dImpl : public ConvOf<ConvTranspose2dImpl, ConvTranspose2dOptions> {
 public:
  using ConvOf::ConvOf;
};
ADJOINT_MODULE(ConvTranspose2d);
class ADJOINT_API ConvTranspose3dImpl : public ConvOf<ConvTranspose3dImpl, ConvTranspose3dOptions> {
 public:
  using ConvOf::ConvOf;
};
ADJOINT_MODULE(ConvTranspose3d);

}  // namespace adjoint::nn
