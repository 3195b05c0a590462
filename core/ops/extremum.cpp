// SPDX-License-Identifier: MIT
// The largest and the smallest: of two tensors, of all elements, along a dimension.
#include "core/ops/reduce.h"

namespace adjoint {
namespace {

// NaN where either is.
constinit ElementwiseOp maximum_op{"maximum", {.dtypes = kAllDtypes}};
constinit ElementwiseOp minimum_op{"minimum", {.dtypes = kAllDtypes}};
// NaN where any is; not called for an empty input.
constinit ReduceOp max_op{"max", {.dtypes = kAllDtypes}};
constinit ReduceOp min_op{"min", {.dtypes = kAllDtypes}};

// The outputs are dense, with size 1 at `dim`; the input has any strides and is not empty. NaN
// counts as the extremum; of ties the first is taken.
using DimExtremumOp = Op<void(const Stream&, const Tensor& values, const Tensor& indices,
                              const Tensor& self, int64_t dim)>;
constinit DimExtremumOp max_dim_op{"max_dim", {.dtypes = kAllDtypes}};
constinit DimExtremumOp min_dim_op{"min_dim", {.dtypes = kAllDtypes}};
using ArgOp = Op<void(const Stream&, const Tensor& indices, const Tensor& self, int64_t dim)>;
constinit ArgOp argmax_op{"argmax", {.dtypes = kNumericDtypes, .differentiable = false}};
constinit ArgOp argmin_op{"argmin", {.dtypes = kNumericDtypes, .differentiable = false}};

}  // namespace

void register_extremum_ops(OpRegistry& registry) {
  registry.add(maximum_op);
  registry.add(minimum_op);
  registry.add(max_op);
  registry.add(min_op);
  registry.add(max_dim_op);
  registry.add(min_dim_op);
  registry.add(argmax_op);
  registry.add(argmin_op);
}

}  // namespace adjoint
