// SPDX-License-Identifier: MIT
// Decompositions of matrices and what is made of them: equations, inverses, determinants.
//
// A matrix is in the last two dimensions of a tensor [*, n, m]; those in front, of any number and
// size, are a batch. All take kFloat and kDouble and throw NotImplementedError for other dtypes,
// Error for shapes that do not fit. Results are row-major. All have gradients of any order, but
// where said.
//
// A decomposition may fail. Whether it did is a number on the device, `info` [*] of kInt, 0 where
// all went well: the functions that throw LinAlgError read it, which waits for a device, and so
// they cannot be captured. Their forms that end in _ex give it instead, throw only with
// `check_errors`, and never wait without.
#pragma once

#include <optional>
#include <string_view>
#include <tuple>

#include "adjoint/tensor_class.h"

namespace adjoint {

// ---- Positive-definite and triangular matrices

/// The lower triangular L with L L^T = self, or U with U^T U = self if `upper`, of a symmetric
/// positive-definite matrix, of which that triangle is read. The gradient is symmetric. Throws
/// LinAlgError where a leading minor is not positive; info is the order of the first.
ADJOINT_API Tensor linalg_cholesky(const Tensor& self, bool upper = false);
ADJOINT_API std::tuple<Tensor, Tensor> linalg_cholesky_ex(const Tensor& self, bool upper = false,
                                                          bool check_errors = false);
/// X with self X = B, or X self = B unless `left`. Of self [*, n, n] the upper or lower triangle is
/// read; if `unitriangular`, ones are taken for its diagonal. B is [*, n, k] ([*, k, n] unless
/// `left`); batches broadcast. Nothing is said of zeros on the diagonal: they give infinities.
ADJOINT_API Tensor linalg_solve_triangular(const Tensor& self, const Tensor& B, bool upper,
                                           bool left = true, bool unitriangular = false);
/// X with A X = self (A^T X if `transpose`), and a copy of A.
ADJOINT_API std::tuple<Tensor, Tensor> triangular_solve(const Tensor& self, const Tensor& A,
                                                        bool upper = true, bool transpose = false,
                                                        bool unitriangular = false);
/// X with A X = self, for the A that `factor` is the Cholesky factor of.
ADJOINT_API Tensor cholesky_solve(const Tensor& self, const Tensor& factor, bool upper = false);
/// The inverse of the matrix that self is the Cholesky factor of.
ADJOINT_API Tensor cholesky_inverse(const Tensor& self, bool upper = false);

// ---- By the LU decomposition

/// A = P L U by the largest element of each column: L, without the ones on its diagonal, and U in
/// one tensor of A's shape, and pivots [*, min(n, m)] of kInt, from 1: row i was swapped with row
/// pivots[i] - 1, for each i in turn. linalg_lu_factor throws LinAlgError where U has a zero on its
/// diagonal; info is the first one's number, from 1. Throws Error unless `pivot`.
ADJOINT_API std::tuple<Tensor, Tensor> linalg_lu_factor(const Tensor& A, bool pivot = true);
ADJOINT_API std::tuple<Tensor, Tensor, Tensor> linalg_lu_factor_ex(const Tensor& A,
                                                                   bool pivot = true,
                                                                   bool check_errors = false);
/// P [*, n, n], L [*, n, k] and U [*, k, m], k = min(n, m), with A = P L U; P has no gradient.
ADJOINT_API std::tuple<Tensor, Tensor, Tensor> linalg_lu(const Tensor& A, bool pivot = true);
/// X with A X = B (A^T X if `adjoint`; X A, X A^T unless `left`), for the A that linalg_lu_factor
/// gave LU and pivots of.
ADJOINT_API Tensor linalg_lu_solve(const Tensor& LU, const Tensor& pivots, const Tensor& B,
                                   bool left = true, bool adjoint = false);
/// X with A X = B, or X A = B unless `left`. B is [*, n, k] ([*, k, n] unless `left`), batches
/// broadcast; a B [n], or one of A's sizes without the last, is vectors, and so is X. Throws
/// LinAlgError where A is singular; X of the _ex form is then infinite or NaN.
ADJOINT_API Tensor linalg_solve(const Tensor& A, const Tensor& B, bool left = true);
ADJOINT_API std::tuple<Tensor, Tensor> linalg_solve_ex(const Tensor& A, const Tensor& B,
                                                       bool left = true, bool check_errors = false);
/// The inverse; errors as of linalg_solve.
ADJOINT_API Tensor linalg_inv(const Tensor& A);
ADJOINT_API std::tuple<Tensor, Tensor> linalg_inv_ex(const Tensor& A, bool check_errors = false);
inline Tensor inverse(const Tensor& self) { return linalg_inv(self); }
/// The determinant [*]; 1 of a 0 x 0 matrix. A singular matrix has a gradient, its cofactors, to
/// the dtype's precision; where that is to be differentiated again, it is NaN or infinite.
ADJOINT_API Tensor linalg_det(const Tensor& A);
inline Tensor det(const Tensor& self) { return linalg_det(self); }
/// The determinant's sign (-1, 0 or 1; no gradient) and its magnitude's logarithm (-inf for 0).
ADJOINT_API std::tuple<Tensor, Tensor> linalg_slogdet(const Tensor& A);
inline std::tuple<Tensor, Tensor> slogdet(const Tensor& self) { return linalg_slogdet(self); }
/// The determinant's logarithm; NaN where that is negative.
ADJOINT_API Tensor logdet(const Tensor& self);
/// self^n by squaring; for n < 0 of the inverse (LinAlgError), for 0 the identity.
ADJOINT_API Tensor linalg_matrix_power(const Tensor& self, int64_t n);
inline Tensor matrix_power(const Tensor& self, int64_t n) { return linalg_matrix_power(self, n); }

// ---- Orthogonal matrices

/// A [*, m, n] = Q R, Q with orthonormal columns, R upper triangular; the signs of R's diagonal are
/// those of Householder's reflections, as in LAPACK. mode "reduced": Q [*, m, k] and R [*, k, n],
/// k = min(m, n); "complete": Q [*, m, m] and R [*, m, n]; "r": R of "reduced", and an empty Q.
/// The gradient asks for linearly independent first k columns, and throws Error for "r", and for
/// "complete" with m > n.
ADJOINT_API std::tuple<Tensor, Tensor> linalg_qr(const Tensor& A,
                                                 std::string_view mode = "reduced");
/// Eigenvalues [*, n], rising, and orthonormal eigenvectors [*, n, n], in columns, of a symmetric
/// matrix, of which the lower ("L") or upper ("U") triangle is read; NaN where an element is not
/// finite. Eigenvectors are given up to their signs; their gradient is NaN or infinite where
/// eigenvalues are equal.
ADJOINT_API std::tuple<Tensor, Tensor> linalg_eigh(const Tensor& self, std::string_view UPLO = "L");
ADJOINT_API Tensor linalg_eigvalsh(const Tensor& self, std::string_view UPLO = "L");
/// A [*, m, n] = U diag(S) Vh: S [*, k], falling, k = min(m, n); with orthonormal columns
/// U [*, m, k] ([*, m, m] if `full_matrices`) and rows Vh [*, k, n] ([*, n, n]). These are given up
/// to signs; their gradient is NaN or infinite where singular values are equal or 0, and that of
/// the columns and rows beyond k is left out. Throws LinAlgError where an element is not finite,
/// and Error for a `driver`.
ADJOINT_API std::tuple<Tensor, Tensor, Tensor> linalg_svd(
    const Tensor& A, bool full_matrices = true,
    std::optional<std::string_view> driver = std::nullopt);
ADJOINT_API Tensor linalg_svdvals(const Tensor& A,
                                  std::optional<std::string_view> driver = std::nullopt);
/// U, S and V, not transposed; with `some` the reduced ones. Without `compute_uv` U and V are
/// zeros.
ADJOINT_API std::tuple<Tensor, Tensor, Tensor> svd(const Tensor& self, bool some = true,
                                                   bool compute_uv = true);
/// The pseudo-inverse [*, n, m] of [*, m, n]: singular values (magnitudes of eigenvalues if
/// `hermitian`) up to max(atol, rtol * largest) count as 0. rtol is the larger size times the
/// dtype's epsilon unless atol is given. The gradient takes the rank for constant.
ADJOINT_API Tensor linalg_pinv(const Tensor& self, std::optional<double> atol = std::nullopt,
                               std::optional<double> rtol = std::nullopt, bool hermitian = false);
ADJOINT_API Tensor linalg_pinv(const Tensor& self, double rcond, bool hermitian = false);
inline Tensor pinverse(const Tensor& self, double rcond = 1e-15) {
  return linalg_pinv(self, rcond, false);
}
/// How many singular values are above max(atol, rtol * largest): [*] of kLong, no gradient.
ADJOINT_API Tensor linalg_matrix_rank(const Tensor& self, std::optional<double> atol = std::nullopt,
                                      std::optional<double> rtol = std::nullopt,
                                      bool hermitian = false);
ADJOINT_API Tensor linalg_matrix_rank(const Tensor& self, double tol, bool hermitian = false);

namespace linalg {

inline Tensor cholesky(const Tensor& self, bool upper = false) {
  return linalg_cholesky(self, upper);
}
inline std::tuple<Tensor, Tensor> cholesky_ex(const Tensor& self, bool upper = false,
                                              bool check_errors = false) {
  return linalg_cholesky_ex(self, upper, check_errors);
}
inline Tensor solve_triangular(const Tensor& self, const Tensor& B, bool upper, bool left = true,
                               bool unitriangular = false) {
  return linalg_solve_triangular(self, B, upper, left, unitriangular);
}
inline std::tuple<Tensor, Tensor> lu_factor(const Tensor& self, bool pivot = true) {
  return linalg_lu_factor(self, pivot);
}
inline std::tuple<Tensor, Tensor, Tensor> lu(const Tensor& self, bool pivot = true) {
  return linalg_lu(self, pivot);
}
inline Tensor solve(const Tensor& A, const Tensor& B, bool left = true) {
  return linalg_solve(A, B, left);
}
inline std::tuple<Tensor, Tensor> solve_ex(const Tensor& A, const Tensor& B, bool left = true,
                                           bool check_errors = false) {
  return linalg_solve_ex(A, B, left, check_errors);
}
inline Tensor inv(const Tensor& A) { return linalg_inv(A); }
inline std::tuple<Tensor, Tensor> inv_ex(const Tensor& A, bool check_errors = false) {
  return linalg_inv_ex(A, check_errors);
}
inline Tensor det(const Tensor& A) { return linalg_det(A); }
inline std::tuple<Tensor, Tensor> slogdet(const Tensor& A) { return linalg_slogdet(A); }
inline Tensor matrix_power(const Tensor& self, int64_t n) { return linalg_matrix_power(self, n); }
inline std::tuple<Tensor, Tensor> qr(const Tensor& A, std::string_view mode = "reduced") {
  return linalg_qr(A, mode);
}
inline std::tuple<Tensor, Tensor> eigh(const Tensor& self, std::string_view UPLO = "L") {
  return linalg_eigh(self, UPLO);
}
inline Tensor eigvalsh(const Tensor& self, std::string_view UPLO = "L") {
  return linalg_eigvalsh(self, UPLO);
}
inline std::tuple<Tensor, Tensor, Tensor> svd(
    const Tensor& A, bool full_matrices = true,
    std::optional<std::string_view> driver = std::nullopt) {
  return linalg_svd(A, full_matrices, driver);
}
inline Tensor svdvals(const Tensor& A, std::optional<std::string_view> driver = std::nullopt) {
  return linalg_svdvals(A, driver);
}
inline Tensor pinv(const Tensor& self, std::optional<double> atol = std::nullopt,
                   std::optional<double> rtol = std::nullopt, bool hermitian = false) {
  return linalg_pinv(self, atol, rtol, hermitian);
}
inline Tensor pinv(const Tensor& self, double rcond, bool hermitian = false) {
  return linalg_pinv(self, rcond, hermitian);
}
inline Tensor matrix_rank(const Tensor& self, std::optional<double> atol = std::nullopt,
                          std::optional<double> rtol = std::nullopt, bool hermitian = false) {
  return linalg_matrix_rank(self, atol, rtol, hermitian);
}
inline Tensor matrix_rank(const Tensor& self, double tol, bool hermitian = false) {
  return linalg_matrix_rank(self, tol, hermitian);
}

}  // namespace linalg

}  // namespace adjoint
