// SPDX-License-Identifier: MIT
// The outer loops of element-wise kernels and their division among threads: compiled once, called
// by the kernels of every instruction set.
#pragma once

#include "core/tensor/tensor_iterator.h"

namespace adjoint::cpu {

/// A row of n elements; `data` and `strides` (bytes) of each operand.
using RowFunction = void(const void* context, char* const* data, const int64_t* strides, int64_t n);

/// Calls `row` until every element was met once, from several threads if each gets at least `grain`
/// elements. Rows are parts of the iterator's innermost dimension, divided anyhow.
void for_each_row(const TensorIterator& iter, RowFunction* row, const void* context, int64_t grain);

/// Throws NotImplementedError: a kernel was called for a dtype that its operation does not list.
[[noreturn]] void unsupported_dtype(ScalarType dtype);

}  // namespace adjoint::cpu
