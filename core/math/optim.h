// SPDX-License-Identifier: MIT
// The numbers of an optimizer's update that depend on how many came before: Adam's, Adagrad's.
#pragma once

#include <stdint.h>

#include "core/math/scalar.h"

namespace adjoint::math {
inline namespace ADJOINT_MATH_SET {

/// base^n by squaring: the same bits on every device, and without a library's function.
HOST_DEVICE double power(double base, uint64_t n) {
  double result = 1;
  for (; n != 0; n >>= 1) {
    if (n & 1) result = result * base;
    base = base * base;
  }
  return result;
}

/// 1 - beta1^step and sqrt(1 - beta2^step). With them
///   lr * (m / first) / (sqrt(v) / second + eps) = step_size * m / (sqrt(v) + eps * second),
/// which takes one division an element.
struct AdamCorrections {
  double first, second;
  HOST_DEVICE double step_size(double lr) const { return lr * second / first; }
  HOST_DEVICE double eps(double given) const { return given * second; }
};
HOST_DEVICE AdamCorrections adam_corrections(double beta1, double beta2, int64_t step) {
  return {1 - power(beta1, uint64_t(step)), math::sqrt(1 - power(beta2, uint64_t(step)))};
}

/// Of the step-th update.
HOST_DEVICE double adagrad_rate(double lr, double lr_decay, int64_t step) {
  return lr / (1 + double(step - 1) * lr_decay);
}

}  // namespace ADJOINT_MATH_SET
}  // namespace adjoint::math
