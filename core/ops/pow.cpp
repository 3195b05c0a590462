// SPDX-License-Identifier: MIT
// Powers.
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

/// operand 1 to the power of operand 2, as C's pow; integers multiply out and wrap, and to a
/// negative power 1 gives 1, -1 gives 1 or -1, any other 0.
constinit ElementwiseOp pow_op{"pow", {.dtypes = kNumericDtypes}};

}  // namespace

void register_pow_ops(OpRegistry& registry) { registry.add(pow_op); }

}  // namespace adjoint
