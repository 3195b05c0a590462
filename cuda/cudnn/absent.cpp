// SPDX-License-Identifier: MIT
// What stands for cuDNN where its header was not found.
#include "cuda/cudnn/cudnn.h"

namespace adjoint::cuda {

bool has_cudnn() noexcept { return false; }
bool cudnn_convolution(const Stream&, ConvolutionPass, const Tensor&, const Tensor&, const Tensor&,
                       const Conv2dParams&) {
  return false;
}

}  // namespace adjoint::cuda
