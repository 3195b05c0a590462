// SPDX-License-Identifier: MIT
// Gradients and parameters of a whole network.
#pragma once

#include <vector>

#include "adjoint/ops.h"

namespace adjoint::nn::utils {

/// Scales all gradients so that their norm (of one long vector) is at most max_norm; returns the
/// norm before, a 0-d tensor. Reads nothing on the host. norm_type as in norm().
ADJOINT_API Tensor clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm,
                                   double norm_type = 2);
/// Clamps all gradients to [-clip_value, clip_value].
ADJOINT_API void clip_grad_value_(const std::vector<Tensor>& parameters, double clip_value);
/// All parameters as one vector, and back.
ADJOINT_API Tensor parameters_to_vector(const std::vector<Tensor>& parameters);
ADJOINT_API void vector_to_parameters(const Tensor& vector, const std::vector<Tensor>& parameters);

}  // namespace adjoint::nn::utils
