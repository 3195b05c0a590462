// SPDX-License-Identifier: MIT
// The kernels that bound gradients: each works on all of them at once.
#pragma once

#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"

namespace adjoint {

/// Which norm; a kernel has no other.
enum class GradNorm : uint8_t { Sum, Euclidean, Largest };

/// total (0-d) = the norm of all elements of `grads`, which are dense and not empty and have its
/// dtype. A tensor's part is added up alone, and parts in the order of the list: so the result does
/// not depend on where the tensors lie.
using GradNormOp =
    Op<void(const Stream&, const Tensor& total, ArrayRef<Tensor> grads, GradNorm norm)>;
/// Multiplies `grads`, which are as above, by min(1, max_norm / (total + 1e-6)).
using ClipToNormOp =
    Op<void(const Stream&, ArrayRef<Tensor> grads, const Tensor& total, double max_norm)>;

}  // namespace adjoint
