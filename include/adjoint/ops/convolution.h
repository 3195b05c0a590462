// SPDX-License-Identifier: MIT
// Convolution and pooling; images are [batch, channels, height, width].
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include "adjoint/tensor_class.h"

namespace adjoint {

/// input [n, c, h, w], weight [o, c / groups, kh, kw], bias [o] or undefined. Lists of one number
/// stand for both directions.
ADJOINT_API Tensor conv2d(const Tensor& input, const Tensor& weight, const Tensor& bias = {},
                          IntArrayRef stride = 1, IntArrayRef padding = 0, IntArrayRef dilation = 1,
                          int64_t groups = 1);
/// `stride` empty: the kernel's size. Of ties the first gets the gradient; NaN counts as largest.
ADJOINT_API Tensor max_pool2d(const Tensor& input, IntArrayRef kernel_size, IntArrayRef stride = {},
                              IntArrayRef padding = 0, IntArrayRef dilation = 1,
                              bool ceil_mode = false);

}  // namespace adjoint
