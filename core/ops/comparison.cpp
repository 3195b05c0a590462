// SPDX-License-Identifier: MIT
// Comparisons and truth values: bool tensors, which have no gradient.
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

constexpr OpTraits kComparison{.dtypes = kAllDtypes, .differentiable = false};

// The inputs have one dtype, the output is bool. Nothing equals NaN or orders with it.
constinit ElementwiseOp eq_op{"eq", kComparison};
constinit ElementwiseOp ne_op{"ne", kComparison};
constinit ElementwiseOp lt_op{"lt", kComparison};
constinit ElementwiseOp le_op{"le", kComparison};
constinit ElementwiseOp gt_op{"gt", kComparison};
constinit ElementwiseOp ge_op{"ge", kComparison};
/// Output bool. Integers are answered without a kernel.
constinit ElementwiseOp isnan_op{"isnan", {.differentiable = false}};
// Output bool. True is what is not 0, so NaN is.
constinit ElementwiseOp logical_not_op{"logical_not", kComparison};
constinit ElementwiseOp logical_and_op{"logical_and", kComparison};
constinit ElementwiseOp logical_or_op{"logical_or", kComparison};

}  // namespace

void register_comparison_ops(OpRegistry& registry) {
  for (ElementwiseOp* op : {&eq_op, &ne_op, &lt_op, &le_op, &gt_op, &ge_op, &isnan_op,
                            &logical_not_op, &logical_and_op, &logical_or_op}) {
    registry.add(*op);
  }
}

}  // namespace adjoint
