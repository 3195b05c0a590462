// SPDX-License-Identifier: MIT
// The kernel that adds a number to a LossRing.
#pragma once

#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"

namespace adjoint {

/// ring (double) = {count, numbers...}: number `count` of `value` (one element) goes to
/// 1 + count % (numel - 1), and the count goes up by one.
using PushToRingOp = Op<void(const Stream&, const Tensor& ring, const Tensor& value)>;

}  // namespace adjoint
