// SPDX-License-Identifier: MIT
// Convolutions, pooling, padding and resampling as functions of tensors and options. interpolate
// stands in nn/upsampling.h.
#pragma once

#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "adjoint/expanding_array.h"
#include "adjoint/nn/convolution.h"
#include "adjoint/nn/mode.h"
#include "adjoint/nn/pooling.h"
#include "adjoint/nn/upsampling.h"
#include "adjoint/options.h"

namespace adjoint::nn::functional {

template <size_t D>
class ConvFuncOptions {
 public:
  ADJOINT_OPTION(ConvFuncOptions, Tensor, bias, {});
  ADJOINT_OPTION(ConvFuncOptions, ExpandingArray<D>, stride, 1);
  ADJOINT_OPTION(ConvFuncOptions, ConvPadding<D>, padding, 0);
  ADJOINT_OPTION(ConvFuncOptions, ExpandingArray<D>, dilation, 1);
  ADJOINT_OPTION(ConvFuncOptions, int64_t, groups, 1);
};
using Conv1dFuncOptions = ConvFuncOptions<1>;
using Conv2dFuncOptions = ConvFuncOptions<2>;
using Conv3dFuncOptions = ConvFuncOptions<3>;

template <size_t D>
class ConvTransposeFuncOptions {
 public:
  ADJOINT_OPTION(ConvTransposeFuncOptions, Tensor, bias, {});
  ADJOINT_OPTION(ConvTransposeFuncOptions, ExpandingArray<D>, stride, 1);
  ADJOINT_OPTION(ConvTransposeFuncOptions, ExpandingArray<D>, padding, 0);
  ADJOINT_OPTION(ConvTransposeFuncOptions, ExpandingArray<D>, output_padding, 0);
  ADJOINT_OPTION(ConvTransposeFuncOptions, int64_t, groups, 1);
  ADJOINT_OPTION(ConvTransposeFuncOptions, ExpandingArray<D>, dilation, 1);
};
using ConvTranspose1dFuncOptions = ConvTransposeFuncOptions<1>;
using ConvTranspose2dFuncOptions = ConvTransposeFuncOptions<2>;
using ConvTranspose3dFuncOptions = ConvTransposeFuncOptions<3>;

// As the functions of numbers, and with padding(ConvPaddingMode::Same). Throw ValueError for that
// with a stride.
using adjoint::conv1d;
ADJOINT_API Tensor conv1d(const Tensor& input, const Tensor& weight,
                          const Conv1dFuncOptions& options);

using adjoint::conv2d;
ADJOINT_API Tensor conv2d(const Tensor& input, const Tensor& weight,
                          const Conv2dFuncOptions& options);

using adjoint::conv3d;
ADJOINT_API Tensor conv3d(const Tensor& input, const Tensor& weight,
                          const Conv3dFuncOptions& options);

using adjoint::conv_transpose1d;
inline Tensor conv_transpose1d(const Tensor& input, const Tensor& weight,
                               const ConvTranspose1dFuncOptions& options) {
  return adjoint::conv_transpose1d(input, weight, options.bias(), options.stride(),
                                   options.padding(), options.output_padding(), options.groups(),
                                   options.dilation());
}

using adjoint::conv_transpose2d;
inline Tensor conv_transpose2d(const Tensor& input, const Tensor& weight,
                               const ConvTranspose2dFuncOptions& options) {
  return adjoint::conv_transpose2d(input, weight, options.bias(), options.stride(),
                                   options.padding(), options.output_padding(), options.groups(),
                                   options.dilation());
}

using adjoint::conv_transpose3d;
inline Tensor conv_transpose3d(const Tensor& input, const Tensor& weight,
                               const ConvTranspose3dFuncOptions& options) {
  return adjoint::conv_transpose3d(input, weight, options.bias(), options.stride(),
                                   options.padding(), options.output_padding(), options.groups(),
                                   options.dilation());
}

using MaxPool1dFuncOptions = MaxPool1dOptions;
using adjoint::max_pool1d;
inline Tensor max_pool1d(const Tensor& input, const MaxPool1dFuncOptions& options) {
  return adjoint::max_pool1d(input, options.kernel_size(), options.stride(), options.padding(),
                             options.dilation(), options.ceil_mode());
}
using AvgPool1dFuncOptions = AvgPool1dOptions;
using adjoint::avg_pool1d;
inline Tensor avg_pool1d(const Tensor& input, const AvgPool1dFuncOptions& options) {
  return adjoint::avg_pool1d(input, options.kernel_size(), options.stride(), options.padding(),
                             options.ceil_mode(), options.count_include_pad());
}
using AdaptiveAvgPool1dFuncOptions = AdaptiveAvgPool1dOptions;
using adjoint::adaptive_avg_pool1d;
inline Tensor adaptive_avg_pool1d(const Tensor& input,
                                  const AdaptiveAvgPool1dFuncOptions& options) {
  return adjoint::adaptive_avg_pool1d(input, options.output_size().of(input));
}
using AdaptiveMaxPool1dFuncOptions = AdaptiveMaxPool1dOptions;
using adjoint::adaptive_max_pool1d;
inline Tensor adaptive_max_pool1d(const Tensor& input,
                                  const AdaptiveMaxPool1dFuncOptions& options) {
  return adjoint::adaptive_max_pool1d(input, options.output_size().of(input));
}

using MaxPool2dFuncOptions = MaxPool2dOptions;
using adjoint::max_pool2d;
inline Tensor max_pool2d(const Tensor& input, const MaxPool2dFuncOptions& options) {
  return adjoint::max_pool2d(input, options.kernel_size(), options.stride(), options.padding(),
                             options.dilation(), options.ceil_mode());
}
using AvgPool2dFuncOptions = AvgPool2dOptions;
using adjoint::avg_pool2d;
inline Tensor avg_pool2d(const Tensor& input, const AvgPool2dFuncOptions& options) {
  return adjoint::avg_pool2d(input, options.kernel_size(), options.stride(), options.padding(),
                             options.ceil_mode(), options.count_include_pad(),
                             options.divisor_override());
}
using AdaptiveAvgPool2dFuncOptions = AdaptiveAvgPool2dOptions;
using adjoint::adaptive_avg_pool2d;
inline Tensor adaptive_avg_pool2d(const Tensor& input,
                                  const AdaptiveAvgPool2dFuncOptions& options) {
  return adjoint::adaptive_avg_pool2d(input, options.output_size().of(input));
}
using AdaptiveMaxPool2dFuncOptions = AdaptiveMaxPool2dOptions;
using adjoint::adaptive_max_pool2d;
inline Tensor adaptive_max_pool2d(const Tensor& input,
                                  const AdaptiveMaxPool2dFuncOptions& options) {
  return adjoint::adaptive_max_pool2d(input, options.output_size().of(input));
}

using MaxPool3dFuncOptions = MaxPool3dOptions;
using adjoint::max_pool3d;
inline Tensor max_pool3d(const Tensor& input, const MaxPool3dFuncOptions& options) {
  return adjoint::max_pool3d(input, options.kernel_size(), options.stride(), options.padding(),
                             options.dilation(), options.ceil_mode());
}
using AvgPool3dFuncOptions = AvgPool3dOptions;
using adjoint::avg_pool3d;
inline Tensor avg_pool3d(const Tensor& input, const AvgPool3dFuncOptions& options) {
  return adjoint::avg_pool3d(input, options.kernel_size(), options.stride(), options.padding(),
                             options.ceil_mode(), options.count_include_pad(),
                             options.divisor_override());
}
using AdaptiveAvgPool3dFuncOptions = AdaptiveAvgPool3dOptions;
using adjoint::adaptive_avg_pool3d;
inline Tensor adaptive_avg_pool3d(const Tensor& input,
                                  const AdaptiveAvgPool3dFuncOptions& options) {
  return adjoint::adaptive_avg_pool3d(input, options.output_size().of(input));
}
using AdaptiveMaxPool3dFuncOptions = AdaptiveMaxPool3dOptions;
using adjoint::adaptive_max_pool3d;
inline Tensor adaptive_max_pool3d(const Tensor& input,
                                  const AdaptiveMaxPool3dFuncOptions& options) {
  return adjoint::adaptive_max_pool3d(input, options.output_size().of(input));
}

using adjoint::max_pool1d_with_indices;
inline std::tuple<Tensor, Tensor> max_pool1d_with_indices(const Tensor& input,
                                                          const MaxPool1dFuncOptions& options) {
  return adjoint::max_pool1d_with_indices(input, options.kernel_size(), options.stride(),
                                          options.padding(), options.dilation(),
                                          options.ceil_mode());
}
using adjoint::max_pool2d_with_indices;
inline std::tuple<Tensor, Tensor> max_pool2d_with_indices(const Tensor& input,
                                                          const MaxPool2dFuncOptions& options) {
  return adjoint::max_pool2d_with_indices(input, options.kernel_size(), options.stride(),
                                          options.padding(), options.dilation(),
                                          options.ceil_mode());
}
using adjoint::max_pool3d_with_indices;
inline std::tuple<Tensor, Tensor> max_pool3d_with_indices(const Tensor& input,
                                                          const MaxPool3dFuncOptions& options) {
  return adjoint::max_pool3d_with_indices(input, options.kernel_size(), options.stride(),
                                          options.padding(), options.dilation(),
                                          options.ceil_mode());
}

template <size_t D>
class MaxUnpoolFuncOptions {
 public:
  MaxUnpoolFuncOptions(ExpandingArray<D> kernel_size)
      : kernel_size_(kernel_size), stride_(kernel_size) {}
  ADJOINT_OPTION(MaxUnpoolFuncOptions, ExpandingArray<D>, kernel_size, 1);
  /// The kernel's size where it is not given.
  ADJOINT_OPTION(MaxUnpoolFuncOptions, ExpandingArray<D>, stride, 1);
  ADJOINT_OPTION(MaxUnpoolFuncOptions, ExpandingArray<D>, padding, 0);
  ADJOINT_OPTION(MaxUnpoolFuncOptions, std::optional<std::vector<int64_t>>, output_size,
                 std::nullopt);
};
using MaxUnpool1dFuncOptions = MaxUnpoolFuncOptions<1>;
using MaxUnpool2dFuncOptions = MaxUnpoolFuncOptions<2>;
using MaxUnpool3dFuncOptions = MaxUnpoolFuncOptions<3>;
/// As the layers MaxUnpool1d, MaxUnpool2d and MaxUnpool3d. Throw Error for an output_size that no
/// such pooling takes to the input's.
ADJOINT_API Tensor max_unpool1d(const Tensor& input, const Tensor& indices,
                                const MaxUnpool1dFuncOptions& options);
ADJOINT_API Tensor max_unpool2d(const Tensor& input, const Tensor& indices,
                                const MaxUnpool2dFuncOptions& options);
ADJOINT_API Tensor max_unpool3d(const Tensor& input, const Tensor& indices,
                                const MaxUnpool3dFuncOptions& options);

using LPPool1dFuncOptions = LPPool1dOptions;
using LPPool2dFuncOptions = LPPool2dOptions;

class ADJOINT_API PadFuncOptions {
 public:
  PadFuncOptions(std::vector<int64_t> pad) : pad_(std::move(pad)) {}
  ADJOINT_OPTION(PadFuncOptions, std::vector<int64_t>, pad, {});
  ADJOINT_OPTION(PadFuncOptions, PaddingMode, mode, PaddingMode::Constant);
  ADJOINT_OPTION(PadFuncOptions, double, value, 0);
};
using adjoint::pad;
inline Tensor pad(const Tensor& input, const PadFuncOptions& options) {
  constexpr std::string_view kModes[] = {"constant", "constant", "reflect", "replicate",
                                         "circular"};
  return adjoint::pad(input, options.pad(), kModes[int(options.mode())], options.value());
}

class ADJOINT_API GridSampleFuncOptions {
 public:
  /// Bilinear, Nearest or Bicubic.
  ADJOINT_OPTION(GridSampleFuncOptions, InterpolateMode, mode, InterpolateMode::Bilinear);
  /// Zeros, Replicate (the border's element) or Reflect.
  ADJOINT_OPTION(GridSampleFuncOptions, PaddingMode, padding_mode, PaddingMode::Zeros);
  /// False where it is not given.
  ADJOINT_OPTION(GridSampleFuncOptions, std::optional<bool>, align_corners, std::nullopt);
};
/// grid_sampler. Throws Error for other modes than the options name.
ADJOINT_API Tensor grid_sample(const Tensor& input, const Tensor& grid,
                               const GridSampleFuncOptions& options = {});
/// affine_grid_generator.
inline Tensor affine_grid(const Tensor& theta, IntArrayRef size, bool align_corners = false) {
  return adjoint::affine_grid_generator(theta, size, align_corners);
}

using PixelShuffleFuncOptions = PixelShuffleOptions;
using adjoint::pixel_shuffle;
inline Tensor pixel_shuffle(const Tensor& input, const PixelShuffleFuncOptions& options) {
  return adjoint::pixel_shuffle(input, options.upscale_factor());
}
using PixelUnshuffleFuncOptions = PixelUnshuffleOptions;
using adjoint::pixel_unshuffle;
inline Tensor pixel_unshuffle(const Tensor& input, const PixelUnshuffleFuncOptions& options) {
  return adjoint::pixel_unshuffle(input, options.downscale_factor());
}

}  // namespace adjoint::nn::functional
