// SPDX-License-Identifier: MIT
// Gradients and parameters of a whole network.
#pragma once

#include <vector>

#include "adjoint/ops.h"

namespace adjoint::nn::utils {

/// Scales all gradients so that their norm (of one long vector) is at most max_norm; returns the
/// norm before, a 0-d tensor. norm_type as in norm(). Reads nothing on the host, but for
/// `error_if_nonfinite`: then throws Error, before any change, where that norm is no number.
ADJOINT_API Tensor clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm,
                                   double norm_type = 2, bool error_if_nonfinite = false);
/// Clamps all gradients to [-clip_value, clip_value].
ADJOINT_API void clip_grad_value_(const std::vector<Tensor>& parameters, double clip_value);
/// Lays parameters of one device and dtype one after the other in one segment of memory, and has
/// backward write their gradients into another; optimizers keep their states alike. Steps, clipping
/// and zeroing then work on whole segments. The tensors stay the same objects with the same values;
/// results are those of parameters that are not flat, bit for bit. What moves a parameter
/// (Module::to, set_data) takes it out of its segment, which costs speed alone, until the next
/// call. Parameters that are not contiguous stay as they are. A tensor that shares memory with a
/// gradient (its view or detach()) sees the next gradient there; grad() itself, where it is held,
/// does not. Throws ValueError for tensors that are no leaves.
ADJOINT_API void flatten_parameters(const std::vector<Tensor>& parameters);
/// All parameters as one vector, and back.
ADJOINT_API Tensor parameters_to_vector(const std::vector<Tensor>& parameters);
ADJOINT_API void vector_to_parameters(const Tensor& vector, const std::vector<Tensor>& parameters);

}  // namespace adjoint::nn::utils
