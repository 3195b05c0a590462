// SPDX-License-Identifier: MIT
// The operations that networks are made of, under the name that LibTorch has for them: each is the
// function of adjoint/ops.h.
#pragma once

#include "adjoint/ops.h"

namespace adjoint::nn::functional {

using adjoint::batch_norm;
using adjoint::binary_cross_entropy_with_logits;
using adjoint::conv2d;
using adjoint::cross_entropy;
using adjoint::dropout;
using adjoint::embedding;
using adjoint::gelu;
using adjoint::layer_norm;
using adjoint::linear;
using adjoint::log_softmax;
using adjoint::max_pool2d;
using adjoint::mse_loss;
using adjoint::nll_loss;
using adjoint::relu;
using adjoint::sigmoid;
using adjoint::softmax;
using adjoint::tanh;

}  // namespace adjoint::nn::functional
