// SPDX-License-Identifier: MIT
// scaled_dot_product_attention, bilinear.
#include <cmath>
#include <limits>

#include "adjoint/ops.h"

namespace adjoint {

Tensor scaled_dot_product_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                    const Tensor& attn_mask, double dropout_p, bool is_causal,
                                    std::optional<double> scale) {
  ADJOINT_CHECK(query.dim() >= 2 && key.dim() >= 2 && value.dim() >= 2,
                "scaled_dot_product_attention: Expected query, key, and value to all be  at least "
                "2 dimensional, but got query.dim(): ",
                query.dim(), ", key.dim(): ", key.dim(), " and value.dim(): ", value.dim());
  ADJOINT_CHECK(!(is_causal && attn_mask.defined()),
                "_scaled_dot_product_attention: Explicit attn_mask should not be set when "
                "is_causal=True");
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  Tensor scores = matmul(query * scale.value_or(1 / std::sqrt(double(query.size(-1)))), key.mT());
  Tensor mask = attn_mask;
  if (is_causal) {
    const TensorOptions indices = TensorOptions(kLong).device(query.device());
    mask = arange(key.size(-2), indices) <= arange(query.size(-2), indices).unsqueeze(1);
  }
  if (mask.defined()) {
    scores = mask.dtype() == kBool ? scores.masked_fill(!mask, kNever) : scores + mask;
  }
  Tensor weights = scores.softmax(-1);
  // A row that may look at nothing sees zeros.
  if (mask.defined() && mask.dtype() == kBool) {
    weights = weights.masked_fill(!(mask.any(-1, /*keepdim=*/true)), 0);
  }
  return matmul(dropout(weights, dropout_p, dropout_p > 0), value);
}

Tensor bilinear(const Tensor& input1, const Tensor& input2, const Tensor& weight,
                const Tensor& bias) {
  ADJOINT_CHECK(input1.dim() == input2.dim() && input1.dim() > 0,
                "bilinear(): input dimensions do not match: got ", input1.dim(), " and ",
                input2.dim());
  for (int64_t d = 0; d + 1 < input1.dim(); ++d) {
    ADJOINT_CHECK(input1.size(d) == input2.size(d),
                  "bilinear(): input batch dimensions do not "
                  "match at dim ",
                  d, ": got ", input1.size(d), " and ", input2.size(d));
  }
  ADJOINT_CHECK(weight.dim() == 3 && input1.size(-1) == weight.size(1),
                "bilinear(): input1 size does not match weight size: got ", input1.size(-1),
                " but expected ", weight.dim() == 3 ? weight.size(1) : 0);
  ADJOINT_CHECK(input2.size(-1) == weight.size(2),
                "bilinear(): input2 size does not match weight size: got ", input2.size(-1),
                " but expected ", weight.size(2));
  const int64_t outputs = weight.size(0), m = weight.size(1), n = weight.size(2);
  ADJOINT_CHECK(!bias.defined() || (bias.dim() == 1 && bias.size(0) == outputs),
                "bilinear(): bias size does not match weight size: got ",
                bias.defined() ? bias.size(0) : 0, " but expected ", outputs);
  DimVector sizes = input1.sizes();
  sizes[sizes.size() - 1] = outputs;
  // x1 [b, m] x weight [m, o * n] -> [b, o, n], and then with x2 [b, n].
  Tensor left =
      matmul(input1.reshape({-1, m}), weight.permute({1, 0, 2}).reshape({m, outputs * n}));
  Tensor out = matmul(left.reshape({-1, outputs, n}), input2.reshape({-1, n, 1})).reshape(sizes);
  return bias.defined() ? out + bias : out;
}

}  // namespace adjoint
