// SPDX-License-Identifier: MIT
// Sorting many keys, by CUB. Apart from the kernels that want it, because CUB takes long to
// compile.
#pragma once

#include <cstdint>

#include "adjoint/stream.h"

namespace adjoint::cuda {

/// Sorts `n` pairs ascending by the bits [0, end_bit) of their keys; equal keys keep their order.
/// All four are device memory of n elements, none overlaps another; what was to be sorted is lost.
void radix_sort(const Stream& stream, uint32_t* keys, int32_t* values, uint32_t* sorted_keys,
                int32_t* sorted_values, int n, int end_bit);
void radix_sort(const Stream& stream, uint64_t* keys, int32_t* values, uint64_t* sorted_keys,
                int32_t* sorted_values, int n, int end_bit);

}  // namespace adjoint::cuda
