// SPDX-License-Identifier: MIT
// Matrix products.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include "adjoint/tensor_class.h"

namespace adjoint {

/// [n, k] x [k, m] -> [n, m]
ADJOINT_API Tensor mm(const Tensor& self, const Tensor& mat2);
/// [b, n, k] x [b, k, m] -> [b, n, m]
ADJOINT_API Tensor bmm(const Tensor& self, const Tensor& mat2);
/// [n, m] x [m] -> [n]
ADJOINT_API Tensor mv(const Tensor& self, const Tensor& vec);
/// [n] x [n] -> []
ADJOINT_API Tensor dot(const Tensor& self, const Tensor& other);
/// [n] x [m] -> [n, m]
ADJOINT_API Tensor outer(const Tensor& self, const Tensor& other);
/// beta * self + alpha * (mat1 x mat2); self broadcasts to [n, m], and is not read where beta is 0.
ADJOINT_API Tensor addmm(const Tensor& self, const Tensor& mat1, const Tensor& mat2,
                         const Scalar& beta = 1, const Scalar& alpha = 1);
/// As NumPy's: vectors, matrices, and batches of them that broadcast.
ADJOINT_API Tensor matmul(const Tensor& self, const Tensor& other);
/// input [*, in] x weight [out, in]^T + bias [out] -> [*, out]; bias may be undefined.
ADJOINT_API Tensor linear(const Tensor& input, const Tensor& weight, const Tensor& bias = {});

}  // namespace adjoint
