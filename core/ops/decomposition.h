// SPDX-License-Identifier: MIT
// What decompositions of matrices share: checks of operands, and of what a kernel found.
#pragma once

#include "adjoint/ops/decomposition.h"
#include "core/ops/elementwise.h"

namespace adjoint {

inline constexpr DtypeSet kDecomposedDtypes{kFloat, kDouble};

/// Throws Error unless `a` has at least two dimensions, NotImplementedError unless it is of kFloat
/// or kDouble.
void check_matrices(const char* op, const Tensor& a);
/// As above, and throws Error unless the matrices are square.
void check_square(const char* op, const Tensor& a);
/// Throws Error where `b` cannot be the right side of a x = b, or of x a = b unless `left`.
void check_right_side(const char* op, const Tensor& a, const Tensor& b, bool left);

/// The sizes in front of a tensor's last `behind` dimensions, with `last` behind them.
DimVector batch_with(const Tensor& t, std::initializer_list<int64_t> last, size_t behind = 2);
/// [n, n] with ones on the diagonal, of a's dtype and device.
Tensor identity_like(const Tensor& a);

/// What stands first in `info` that is not 0. Waits for a device to read it.
struct Failure {
  int64_t matrix = -1;  ///< none
  int value = 0;
  std::string where = {};  ///< "(Batch element 3): ", empty for a single matrix
  explicit operator bool() const { return matrix >= 0; }
};
Failure find_failure(const char* op, const Tensor& info);

/// Not recorded. The solution x of a x = b, of x a = b unless `left`, for triangular `a`.
Tensor run_solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool left, bool unit);

}  // namespace adjoint
