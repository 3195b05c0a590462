// SPDX-License-Identifier: MIT
// Pooling and resampling; images are [batch, channels, height, width], volumes [batch, channels,
// depth, height, width], or without the batch.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <optional>
#include <tuple>

#include "adjoint/tensor_class.h"

namespace adjoint {

/// `stride` empty: the kernel's size. Of ties the first gets the gradient; NaN counts as largest.
/// Lists of one number stand for both directions. `ceil_mode` lets the last window hang over the
/// border.
ADJOINT_API Tensor max_pool2d(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride = {},
                              IntArrayRef padding = 0, IntArrayRef dilation = 1,
                              bool ceil_mode = false);
/// Of [n, c, l] or [c, l].
ADJOINT_API Tensor max_pool1d(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride = {},
                              IntArrayRef padding = 0, IntArrayRef dilation = 1,
                              bool ceil_mode = false);
/// The sum of each window divided by its number of elements, those in the padding included only
/// if `count_include_pad`, or by `divisor_override`. Floating-point tensors only.
ADJOINT_API Tensor avg_pool2d(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride = {},
                              IntArrayRef padding = 0, bool ceil_mode = false,
                              bool count_include_pad = true,
                              std::optional<int64_t> divisor_override = std::nullopt);
ADJOINT_API Tensor avg_pool1d(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride = {},
                              IntArrayRef padding = 0, bool ceil_mode = false,
                              bool count_include_pad = true);
/// Output i of n is the mean (or largest) of the elements floor(i * size / n) up to
/// ceil((i + 1) * size / n). Where sizes do not divide, the mean is a product of matrices, in which
/// a NaN or an infinity spreads over its row and column.
ADJOINT_API Tensor adaptive_avg_pool2d(const Tensor& input, IntArrayRef output_size);
ADJOINT_API Tensor adaptive_avg_pool1d(const Tensor& input, IntArrayRef output_size);
ADJOINT_API Tensor adaptive_max_pool2d(const Tensor& input, IntArrayRef output_size);
ADJOINT_API Tensor adaptive_max_pool1d(const Tensor& input, IntArrayRef output_size);

/// The same of volumes [n, c, d, h, w] or [c, d, h, w]: first of each image, then along the depth.
ADJOINT_API Tensor max_pool3d(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride = {},
                              IntArrayRef padding = 0, IntArrayRef dilation = 1,
                              bool ceil_mode = false);
ADJOINT_API Tensor avg_pool3d(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride = {},
                              IntArrayRef padding = 0, bool ceil_mode = false,
                              bool count_include_pad = true,
                              std::optional<int64_t> divisor_override = std::nullopt);
ADJOINT_API Tensor adaptive_avg_pool3d(const Tensor& input, IntArrayRef output_size);
ADJOINT_API Tensor adaptive_max_pool3d(const Tensor& input, IntArrayRef output_size);

/// max_pool2d and the places of the largest elements in their planes, row by row (kLong).
ADJOINT_API std::tuple<Tensor, Tensor> max_pool2d_with_indices(
    const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride = {}, IntArrayRef padding = 0,
    IntArrayRef dilation = 1, bool ceil_mode = false);
ADJOINT_API std::tuple<Tensor, Tensor> max_pool1d_with_indices(
    const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride = {}, IntArrayRef padding = 0,
    IntArrayRef dilation = 1, bool ceil_mode = false);
/// Of volumes: the places count by depth, row and column.
ADJOINT_API std::tuple<Tensor, Tensor> max_pool3d_with_indices(
    const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride = {}, IntArrayRef padding = 0,
    IntArrayRef dilation = 1, bool ceil_mode = false);
/// Zeros of output_size (two numbers; of volumes three) but for the elements of `self` at the
/// places `indices`. `stride` and `padding`, three numbers each, only have to be those of a
/// pooling.
ADJOINT_API Tensor max_unpool2d(const Tensor& self, const Tensor& indices, IntArrayRef output_size);
ADJOINT_API Tensor max_unpool3d(const Tensor& self, const Tensor& indices, IntArrayRef output_size,
                                IntArrayRef stride, IntArrayRef padding);

/// Images of another size, by the element floor(i * size / output size) of each direction.
ADJOINT_API Tensor upsample_nearest1d(const Tensor& input, IntArrayRef output_size);
ADJOINT_API Tensor upsample_nearest2d(const Tensor& input, IntArrayRef output_size);
ADJOINT_API Tensor upsample_nearest3d(const Tensor& input, IntArrayRef output_size);
/// By straight lines between two elements of each direction. With align_corners the outermost
/// elements keep their places, else the outer edges of them. A scale factor, where given, is
/// trusted more than the quotient of the sizes.
ADJOINT_API Tensor upsample_linear1d(const Tensor& input, IntArrayRef output_size,
                                     bool align_corners,
                                     std::optional<double> scale = std::nullopt);
ADJOINT_API Tensor upsample_bilinear2d(const Tensor& input, IntArrayRef output_size,
                                       bool align_corners,
                                       std::optional<double> scale_h = std::nullopt,
                                       std::optional<double> scale_w = std::nullopt);
ADJOINT_API Tensor upsample_trilinear3d(const Tensor& input, IntArrayRef output_size,
                                        bool align_corners,
                                        std::optional<double> scale_d = std::nullopt,
                                        std::optional<double> scale_h = std::nullopt,
                                        std::optional<double> scale_w = std::nullopt);
/// By the cubic through four elements of each direction, beyond the border the last one (R. Keys,
/// Cubic convolution interpolation for digital image processing (1981), with a = -0.75).
ADJOINT_API Tensor upsample_bicubic2d(const Tensor& input, IntArrayRef output_size,
                                      bool align_corners,
                                      std::optional<double> scale_h = std::nullopt,
                                      std::optional<double> scale_w = std::nullopt);
/// [*, c * r * r, h, w] -> [*, c, h * r, w * r], and back. W. Shi et al., Real-time single image
/// and video super-resolution using an efficient sub-pixel convolutional neural network (2016).
ADJOINT_API Tensor pixel_shuffle(const Tensor& input, int64_t upscale_factor);
ADJOINT_API Tensor pixel_unshuffle(const Tensor& input, int64_t downscale_factor);
/// Channels [n, groups * c, *] in the order [n, c * groups, *]. X. Zhang et al., ShuffleNet (2018).
ADJOINT_API Tensor channel_shuffle(const Tensor& input, int64_t groups);

/// What stands in `input` [n, c, h, w] (or [n, c, d, h, w]) at the points of `grid` [n, h', w', 2]
/// ([n, d', h', w', 3]): x, y (, z), -1 and 1 the middles of the outermost elements if
/// align_corners, else their outer edges. interpolation_mode 0: straight lines between the
/// neighbours, 1: the nearest, whose gradient for the grid is zero, 2 (of images only): cubics as
/// upsample_bicubic2d's. Beyond the border stands, by padding_mode, 0: zero, 1: the border's
/// element, 2: the reflection. Throws Error for other modes and shapes, and where dtypes or devices
/// differ.
ADJOINT_API Tensor grid_sampler(const Tensor& input, const Tensor& grid, int64_t interpolation_mode,
                                int64_t padding_mode, bool align_corners);
/// The grid that takes an output of `size` (n, c, h, w or n, c, d, h, w) through the affine maps
/// theta [n, 2, 3] ([n, 3, 4]). M. Jaderberg et al., Spatial transformer networks (2015).
ADJOINT_API Tensor affine_grid_generator(const Tensor& theta, IntArrayRef size, bool align_corners);

}  // namespace adjoint
