// SPDX-License-Identifier: MIT
// The named choices of layers' options; adjoint/torch.h has LibTorch's names for them (kReflect).
#pragma once

#include <cstdint>

namespace adjoint::nn {

/// What stands beyond the border. Zeros and Constant are the same where no number is given.
enum class PaddingMode : int8_t { Zeros, Constant, Reflect, Replicate, Circular };
/// As much padding as keeps the size (for a stride of 1), or none.
enum class ConvPaddingMode : int8_t { Valid, Same };
enum class InterpolateMode : int8_t { Nearest, Linear, Bilinear, Trilinear, Area, Bicubic };
enum class EmbeddingBagMode : int8_t { Sum, Mean, Max };
/// kl_div's mean over the batch, which is that of the divergence's definition.
struct BatchMean {};

}  // namespace adjoint::nn
