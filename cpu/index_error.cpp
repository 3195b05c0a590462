// SPDX-License-Identifier: MIT
#include "cpu/index_error.h"

#include "adjoint/error.h"

namespace adjoint::cpu {

void throw_index_error(const char* op, int64_t index, int64_t dim, int64_t size) {
  detail::fail<IndexError>(op, ": index ", index, " is out of bounds for dimension ", dim,
                           " with size ", size);
}

void throw_target_error(const char* op, int64_t target, int64_t classes) {
  detail::fail<IndexError>(op, ": Target ", target, " is out of bounds. Expected a class in [0, ",
                           classes, ") or ignore_index");
}

void throw_zero_division() { detail::fail<Error>("ZeroDivisionError: integer division by 0"); }

}  // namespace adjoint::cpu
