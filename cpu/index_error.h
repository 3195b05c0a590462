// SPDX-License-Identifier: MIT
// What kernels say about an index that is out of range, or an integer divisor of 0; apart from
// them, because exceptions are made by code that is compiled once (cpu/isa.h).
#pragma once

#include <cstdint>

namespace adjoint::cpu {

/// Throws IndexError: "<op>: index 5 is out of bounds for dimension 0 with size 3".
[[noreturn]] void throw_index_error(const char* op, int64_t index, int64_t dim, int64_t size);
/// Throws IndexError: "<op>: Target 5 is out of bounds. ..." for a loss on classes.
[[noreturn]] void throw_target_error(const char* op, int64_t target, int64_t classes);

/// Throws Error.
[[noreturn]] void throw_zero_division();

}  // namespace adjoint::cpu
