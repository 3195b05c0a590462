// SPDX-License-Identifier: MIT
// What operations and kernels of the losses on classes agree on.
#pragma once

#include "adjoint/ops.h"

namespace adjoint {

/// With weights w (1 where there are none) and smoothing e, a sample of class t has the
/// coefficients a[c] = e / classes * w[c], and 1 - e times w[t] more at t; its loss is
/// -sum(a[c] * log_probability[c]). Samples of class ignore_index have the loss 0. Mean divides by
/// the sum of w[t] of the others.
struct ClassLoss {
  Reduction reduction = Reduction::Mean;
  int64_t ignore_index = -100;
  double label_smoothing = 0;
};

}  // namespace adjoint
