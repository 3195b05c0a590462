// SPDX-License-Identifier: MIT
// What a matrix product computes: the operands, described alike for every instruction set.
#pragma once

#include <cstdint>

namespace adjoint::cpu {

/// C[m, n] = (accumulate ? C : 0) + A[m, k] B[k, n] + (bias ? bias[n] in every row : 0).
/// Strides count elements and may be anything, so a transposed or sliced operand needs no copy;
/// rows of C have unit stride. C overlaps no other operand. Without `accumulate` C is not read.
/// k = 0 is a sum of nothing; with m = 0 or n = 0 nothing is touched.
template <class T>
struct GemmArgs {
  int64_t m, n, k;
  const T* a;
  int64_t a_row, a_col;
  const T* b;
  int64_t b_row, b_col;
  T* c;
  int64_t c_row;
  bool accumulate = false;
  const T* bias = nullptr;
};

}  // namespace adjoint::cpu
