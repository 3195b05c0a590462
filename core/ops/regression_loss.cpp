// SPDX-License-Identifier: MIT
// l1_loss, smooth_l1_loss, huber_loss: losses of |input - target|.
#include "core/ops/loss_support.h"

namespace adjoint {

Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
  warn_of_other_sizes(input, target);
  return reduced((input - target).abs(), reduction);
}

Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, Reduction reduction, double beta) {
  ADJOINT_CHECK(beta >= 0, "smooth_l1_loss does not support negative values for beta, got ", beta);
  if (beta == 0) return l1_loss(input, target, reduction);
  warn_of_other_sizes(input, target);
  Tensor difference = input - target, distance = difference.abs();
  return reduced(
      where(distance < beta, difference * difference * (0.5 / beta), distance - 0.5 * beta),
      reduction);
}

Tensor huber_loss(const Tensor& input, const Tensor& target, Reduction reduction, double delta) {
  ADJOINT_CHECK(delta > 0, "huber_loss does not support non-positive values for delta, got ",
                delta);
  warn_of_other_sizes(input, target);
  Tensor difference = input - target, distance = difference.abs();
  return reduced(
      where(distance <= delta, difference * difference * 0.5, (distance - 0.5 * delta) * delta),
      reduction);
}

}  // namespace adjoint
