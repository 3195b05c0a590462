// SPDX-License-Identifier: MIT
// Convolution; images are [batch, channels, height, width], volumes [batch, channels, depth,
// height, width], or without the batch. The rules for shapes, dtypes and errors that hold for all
// operations stand in adjoint/ops.h.
#pragma once

#include "adjoint/tensor_class.h"

namespace adjoint {

/// input [n, c, h, w], weight [o, c / groups, kh, kw], bias [o] or undefined. Lists of one number
/// stand for both directions.
ADJOINT_API Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias = {},
                          IntArrayRef stride = 1, IntArrayRef padding = 0, IntArrayRef dilation = 1,
                          int64_t groups = 1);
/// input [n, c, l], weight [o, c / groups, k], bias [o] or undefined.
ADJOINT_API Tensor conv1d(const Tensor& input, const Tensor& weight, const Tensor& bias = {},
                          IntArrayRef stride = 1, IntArrayRef padding = 0, IntArrayRef dilation = 1,
                          int64_t groups = 1);
/// The gradient of conv2d's input as an operation of its own: input [n, c, h, w], weight
/// [c, o / groups, kh, kw], bias [o] or undefined give [n, o, h', w'] with
/// h' = (h - 1) * stride - 2 * padding + dilation * (kh - 1) + output_padding + 1. Throws Error for
/// an output_padding that is not below the stride.
ADJOINT_API Tensor conv_transpose2d(const Tensor& input, const Tensor& weight,
                                    const Tensor& bias = {}, IntArrayRef stride = 1,
                                    IntArrayRef padding = 0, IntArrayRef output_padding = 0,
                                    int64_t groups = 1, IntArrayRef dilation = 1);
/// input [n, c, l], weight [c, o / groups, k].
ADJOINT_API Tensor conv_transpose1d(const Tensor& input, const Tensor& weight,
                                    const Tensor& bias = {}, IntArrayRef stride = 1,
                                    IntArrayRef padding = 0, IntArrayRef output_padding = 0,
                                    int64_t groups = 1, IntArrayRef dilation = 1);
/// input [n, c, d, h, w], weight [o, c / groups, kd, kh, kw]: conv2d over the windows of depth,
/// which are copied for it.
ADJOINT_API Tensor conv3d(const Tensor& input, const Tensor& weight, const Tensor& bias = {},
                          IntArrayRef stride = 1, IntArrayRef padding = 0, IntArrayRef dilation = 1,
                          int64_t groups = 1);
/// input [n, c, d, h, w], weight [c, o / groups, kd, kh, kw].
ADJOINT_API Tensor conv_transpose3d(const Tensor& input, const Tensor& weight,
                                    const Tensor& bias = {}, IntArrayRef stride = 1,
                                    IntArrayRef padding = 0, IntArrayRef output_padding = 0,
                                    int64_t groups = 1, IntArrayRef dilation = 1);

/// The windows of images [n, c, h, w] as columns [n, c * kh * kw, windows], row by row. Lists have
/// two numbers. Throws Error where no window fits.
ADJOINT_API Tensor im2col(const Tensor& self, IntArrayRef kernel_size, IntArrayRef dilation,
                          IntArrayRef padding, IntArrayRef stride);
/// Back: what several windows share is added up.
ADJOINT_API Tensor col2im(const Tensor& self, IntArrayRef output_size, IntArrayRef kernel_size,
                          IntArrayRef dilation, IntArrayRef padding, IntArrayRef stride);

}  // namespace adjoint
