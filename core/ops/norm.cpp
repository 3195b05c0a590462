// SPDX-License-Identifier: MIT
// Norms of vectors.
#include "core/ops/reduce.h"

namespace adjoint {
namespace {

/// (sum |x|^p)^(1/p); for p = 0 the count of elements that are not 0, for p = inf (-inf) the
/// largest (smallest) |x|. NaN where any element is. 16-bit floats accumulate in float. For an
/// empty input called with 0 <= p < inf only, and then 0.
constinit Op<void(const Stream&, const TensorIterator&, const Scalar& p)> norm_op{"norm"};

}  // namespace

void register_norm_ops(OpRegistry& registry) { registry.add(norm_op); }

}  // namespace adjoint
