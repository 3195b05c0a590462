// SPDX-License-Identifier: MIT
// Norms under the names of LibTorch's namespace linalg.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <optional>
#include <string_view>

#include "adjoint/tensor_class.h"

namespace adjoint {

/// (sum |x|^ord)^(1/ord) over `dim`, or over all elements: norm() with its rules for 0 and
/// infinite orders. Computes in `dtype` if given. Throws Error where that is narrower.
ADJOINT_API Tensor linalg_vector_norm(const Tensor& self, const Scalar& ord = 2,
                                      OptionalIntArrayRef dim = std::nullopt, bool keepdim = false,
                                      std::optional<ScalarType> dtype = std::nullopt);
/// Of matrices in the two dimensions `dim`: the largest (ord 1; -1: smallest) sum of a column's
/// magnitudes, the same of rows (ord inf, -inf), or the largest (2; -2: smallest) singular value,
/// which waits for a device (adjoint/ops/decomposition.h). Throws Error for other orders.
ADJOINT_API Tensor linalg_matrix_norm(const Tensor& self, const Scalar& ord,
                                      IntArrayRef dim = {-2, -1}, bool keepdim = false,
                                      std::optional<ScalarType> dtype = std::nullopt);
/// "fro": the norm of order 2 of a matrix's elements; "nuc": the sum of its singular values.
ADJOINT_API Tensor linalg_matrix_norm(const Tensor& self, std::string_view ord = "fro",
                                      IntArrayRef dim = {-2, -1}, bool keepdim = false,
                                      std::optional<ScalarType> dtype = std::nullopt);
/// Without `ord`, the vector norm of order 2; with it, the vector norm over one dimension, or of a
/// vector, and the matrix norm over two, or of a matrix. Throws Error for other numbers of
/// dimensions.
ADJOINT_API Tensor linalg_norm(const Tensor& self, const std::optional<Scalar>& ord = std::nullopt,
                               OptionalIntArrayRef dim = std::nullopt, bool keepdim = false,
                               std::optional<ScalarType> dtype = std::nullopt);
ADJOINT_API Tensor linalg_norm(const Tensor& self, std::string_view ord,
                               OptionalIntArrayRef dim = std::nullopt, bool keepdim = false,
                               std::optional<ScalarType> dtype = std::nullopt);

namespace linalg {

inline Tensor vector_norm(const Tensor& self, const Scalar& ord = 2,
                          OptionalIntArrayRef dim = std::nullopt, bool keepdim = false,
                          std::optional<ScalarType> dtype = std::nullopt) {
  return linalg_vector_norm(self, ord, dim, keepdim, dtype);
}
inline Tensor matrix_norm(const Tensor& self, const Scalar& ord, IntArrayRef dim = {-2, -1},
                          bool keepdim = false, std::optional<ScalarType> dtype = std::nullopt) {
  return linalg_matrix_norm(self, ord, dim, keepdim, dtype);
}
inline Tensor matrix_norm(const Tensor& self, std::string_view ord = "fro",
                          IntArrayRef dim = {-2, -1}, bool keepdim = false,
                          std::optional<ScalarType> dtype = std::nullopt) {
  return linalg_matrix_norm(self, ord, dim, keepdim, dtype);
}
inline Tensor norm(const Tensor& self, const std::optional<Scalar>& ord = std::nullopt,
                   OptionalIntArrayRef dim = std::nullopt, bool keepdim = false,
                   std::optional<ScalarType> dtype = std::nullopt) {
  return linalg_norm(self, ord, dim, keepdim, dtype);
}
inline Tensor norm(const Tensor& self, std::string_view ord, OptionalIntArrayRef dim = std::nullopt,
                   bool keepdim = false, std::optional<ScalarType> dtype = std::nullopt) {
  return linalg_norm(self, ord, dim, keepdim, dtype);
}

}  // namespace linalg

}  // namespace adjoint
