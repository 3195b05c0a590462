// SPDX-License-Identifier: MIT
// The geometry of a two-dimensional convolution, as its kernels take it.
#pragma once

#include <cstdint>

#include "adjoint/op_registry.h"
#include "core/dispatch/grad_write.h"

namespace adjoint {

class Tensor;

/// Index 0 is the height's, 1 the width's.
struct Conv2dParams {
  int64_t stride[2] = {1, 1}, padding[2] = {0, 0}, dilation[2] = {1, 1};
  int64_t groups = 1;

  int64_t output_size(int d, int64_t input, int64_t kernel) const {
    return (input + 2 * padding[d] - dilation[d] * (kernel - 1) - 1) / stride[d] + 1;
  }
};

/// out [n, o, h', w'] (dense) = input [n, c, h, w] * weight [o, c / groups, kh, kw] (dense) +
/// bias [o] (dense, or undefined).
using Conv2dKernel = void(const Stream&, const Tensor& out, const Tensor& input,
                          const Tensor& weight, const Tensor& bias, const Conv2dParams&);
/// The input's gradient (dense) from that of the output and the dense weight.
using Conv2dBackwardInputKernel = void(const Stream&, const Tensor& grad_input, const Tensor& grad,
                                       const Tensor& weight, const Conv2dParams&, GradWrite);
/// The weight's gradient (dense) from that of the output and the input.
using Conv2dBackwardWeightKernel = void(const Stream&, const Tensor& grad_weight,
                                        const Tensor& grad, const Tensor& input,
                                        const Conv2dParams&, GradWrite);

}  // namespace adjoint
