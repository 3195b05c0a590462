// SPDX-License-Identifier: MIT
// Matrix products.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <optional>

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
/// input1 [*, m], input2 [*, n], weight [o, m, n], bias [o] or undefined:
/// out[k] = input1 x weight[k] x input2 + bias[k] -> [*, o]
ADJOINT_API Tensor bilinear(const Tensor& input1, const Tensor& input2, const Tensor& weight,
                            const Tensor& bias = {});
/// softmax(query x key^T * scale + mask) x value for query [*, l, e], key [*, s, e], value [*, s,
/// v]; the scale is 1 / sqrt(e) unless given. attn_mask broadcasts to [*, l, s]: numbers are added,
/// and where a bool is false nothing is looked at. is_causal lets each row see the columns up to
/// its own. A. Vaswani et al., Attention is all you need (2017). Throws Error for a mask beside
/// is_causal.
ADJOINT_API Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key,
                                                const Tensor& value, const Tensor& attn_mask = {},
                                                double dropout_p = 0.0, bool is_causal = false,
                                                std::optional<double> scale = std::nullopt);

}  // namespace adjoint
