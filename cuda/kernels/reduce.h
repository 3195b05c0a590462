// SPDX-License-Identifier: MIT
// The kernel of sums, for others that add up on the way.
#pragma once

#include "core/tensor/tensor_iterator.h"

namespace adjoint::cuda {

void sum_kernel(const Stream& stream, const TensorIterator& iter);

}  // namespace adjoint::cuda
