// SPDX-License-Identifier: MIT
// Tensors walked in the order of their memory, for operations to which no other order matters.
#pragma once

#include "adjoint/tensor.h"

namespace adjoint {

/// Whether the elements fill their memory in some order of dimensions.
bool fills_memory(const Tensor& t);

/// Whether both fill their memory in the same order.
bool same_memory_order(const Tensor& a, const Tensor& b);

/// The elements of what fills its memory, in one dimension. Not recorded.
Tensor in_memory_order(const Tensor& t);

}  // namespace adjoint
