// SPDX-License-Identifier: MIT
// The geometry of two-dimensional pooling, as its kernels take it.
#pragma once

#include <cstdint>

#include "adjoint/op_registry.h"
#include "core/dispatch/grad_write.h"

namespace adjoint {

class Tensor;

/// Index 0 is the height's, 1 the width's.
struct Pool2dParams {
  int64_t kernel[2], stride[2], padding[2], dilation[2] = {1, 1};
};

/// How many windows direction d has on so many elements; not above 0 where none fits.
int64_t pooled_size(const Pool2dParams& params, int d, int64_t input, bool ceil_mode);

/// out and indices (kInt, row-major places in the input's plane) [n, c, h', w'] of input
/// [n, c, h, w]; all dense.
using MaxPool2dKernel = void(const Stream&, const Tensor& out, const Tensor& indices,
                             const Tensor& input, const Pool2dParams&);
/// All dense.
using MaxPool2dBackwardKernel = void(const Stream&, const Tensor& grad_input, const Tensor& grad,
                                     const Tensor& indices, const Pool2dParams&, GradWrite);

}  // namespace adjoint
