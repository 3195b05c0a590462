// SPDX-License-Identifier: MIT
// A convolution as cuDNN's descriptors tell it.
#pragma once

#include "convolution.h"
#include "cudnn_descriptor.h"

namespace cudasim::cudnn {

/// Names of an operation's attributes.
struct Operation {
  ConvolutionPass pass;
  int convolution, x, w, y, alpha, beta;
};
Operation operation_of(const State& operation);

ConvolutionArguments::Image image_of(const State& tensor);

/// All but the pointers; fails where shapes do not belong together.
cudnnStatus_t describe(const State& operation, ConvolutionArguments& c);

/// What engines can do, and what the program may ask of them.
cudnnStatus_t check_support(const State& operation);

}  // namespace cudasim::cudnn
