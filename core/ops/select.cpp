// SPDX-License-Identifier: MIT
// Choosing between values by a condition, and bounds.
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

/// Operand 1 is the condition (bool), 2 and 3 have the output's dtype: 2 where it holds, else 3.
constinit ElementwiseOp where_op{"where", {.dtypes = kAllDtypes}};
/// min(max(x, lower), upper); NaN where the element or a bound is. The bounds are within the
/// dtype's range, and its ends (infinities) where there is none.
constinit Op<void(const Stream&, const TensorIterator&, const Scalar& lower, const Scalar& upper)>
    clamp_op{"clamp", {.dtypes = kNumericDtypes}};

}  // namespace

void register_select_ops(OpRegistry& registry) {
  registry.add(where_op);
  registry.add(clamp_op);
}

}  // namespace adjoint
