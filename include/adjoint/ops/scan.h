// SPDX-License-Identifier: MIT
// Scans: each element with all before it along a dimension. 16-bit floats accumulate in float.
// The rules for shapes, dtypes and errors that hold for all operations stand in adjoint/ops.h.
#pragma once

#include <optional>
#include <tuple>

#include "adjoint/tensor_class.h"

namespace adjoint {

/// Sums and products, of integers in kLong unless `dtype` is given. The gradient of cumprod is
/// right beside zeros too.
ADJOINT_API Tensor cumsum(const Tensor& self, int64_t dim,
                          std::optional<ScalarType> dtype = std::nullopt);
ADJOINT_API Tensor cumprod(const Tensor& self, int64_t dim,
                           std::optional<ScalarType> dtype = std::nullopt);
/// log(cumsum(exp(x))), safe from overflow. Throws NotImplementedError for integers.
ADJOINT_API Tensor logcumsumexp(const Tensor& self, int64_t dim);
/// The largest (smallest) so far and its index (kLong): of equal ones the last, which gets the
/// gradient. From a NaN on, NaN.
ADJOINT_API std::tuple<Tensor, Tensor> cummax(const Tensor& self, int64_t dim);
ADJOINT_API std::tuple<Tensor, Tensor> cummin(const Tensor& self, int64_t dim);

}  // namespace adjoint
