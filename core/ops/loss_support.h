// SPDX-License-Identifier: MIT
// What losses that are composed of other operations end and begin with.
#pragma once

#include "adjoint/ops.h"
#include "adjoint/warning.h"

namespace adjoint {

inline Tensor reduced(const Tensor& losses, Reduction reduction) {
  if (reduction == Reduction::Mean) return losses.mean();
  return reduction == Reduction::Sum ? losses.sum() : losses;
}

inline void warn_of_other_sizes(const Tensor& input, const Tensor& target) {
  if (target.sizes() == input.sizes()) [[likely]]
    return;
  ADJOINT_WARN("Using a target size (", target.sizes(), ") that is different to the input size (",
               input.sizes(),
               "). This will likely lead to incorrect results due to broadcasting. Please ensure "
               "they have the same size.");
}

}  // namespace adjoint
