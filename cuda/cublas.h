// SPDX-License-Identifier: MIT
// Matrix products by cuBLASLt.
//
// Note [Matrix products on CUDA]
// cuBLASLt has column-major matrices: C = A B of row-major ones is C^T = B^T A^T of those, so that
// the operands change places and nothing is copied. Its handle, one per device, has no state that
// calls change; it is made at the first product. What it recommends for a product is remembered.
// Workspace comes from the allocator, in the order of the stream. float is multiplied as float, or
// where Context::allowTF32CuBLAS says so as TF32, which is another choice; 16-bit numbers are
// summed as float, parts of split sums too.
#pragma once

#include <cstdint>

#include "adjoint/scalar_type.h"
#include "adjoint/stream.h"

namespace adjoint::cuda {

/// A matrix in memory: rows, or where `transposed` columns, `leading` elements apart, whose
/// elements lie side by side. Matrices of a batch are `step` elements apart.
struct GemmOperand {
  const void* data;
  bool transposed;
  int64_t leading, step;
};

/// C[m, n] = (accumulate ? C : 0) + A[m, k] B[k, n] + (bias ? bias[n] in every row : 0), `batch`
/// times, of one floating dtype. C has rows c_leading apart, and is not read without `accumulate`.
/// No size is 0.
struct GemmArgs {
  ScalarType dtype;
  int64_t m, n, k, batch;
  GemmOperand a, b;
  void* c;
  int64_t c_leading, c_step;
  const void* bias;
  void* row_sums;  ///< where not null, gets the sum of each row of A; there is no bias then
  bool accumulate;
};

/// False, and nothing is done, where cuBLASLt has no way to compute it.
bool gemm(const Stream& stream, const GemmArgs& args);

}  // namespace adjoint::cuda
