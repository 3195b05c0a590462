// SPDX-License-Identifier: MIT
// The kernels of a loss scale.
#pragma once

#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"

namespace adjoint {

/// Dense gradients of one dtype, not empty, divided by `scale` in place. *found_inf (kFloat, one
/// element) becomes 1 where one of their elements is inf or NaN, and stays as it is otherwise.
using UnscaleGradsOp =
    Op<void(const Stream&, ArrayRef<Tensor> grads, const Tensor& found_inf, const Tensor& scale)>;
/// scale (kFloat), tracker (kInt) and settings (kDouble) are those of core/math/loss_scale.h. An
/// element of found_inf other than 0 makes the scale smaller; all become 0.
using UpdateScaleOp = Op<void(const Stream&, const Tensor& scale, const Tensor& tracker,
                              const Tensor& settings, const Tensor& found_inf)>;

}  // namespace adjoint
