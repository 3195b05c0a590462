// SPDX-License-Identifier: MIT
// How a loss scale moves on.
#pragma once

#include <stdint.h>

#include "core/math/scalar.h"

namespace adjoint::math {
inline namespace ADJOINT_MATH_SET {

/// What gradients are multiplied by to undo the scale.
HOST_DEVICE float inverse_of_scale(float scale) { return float(1 / double(scale)); }

/// `settings`: growth factor, backoff factor, growth interval. The scale does not grow to infinity.
HOST_DEVICE void move_scale_on(float& scale, int32_t& tracker, const double* settings,
                               bool found_inf) {
  if (found_inf) {
    scale = float(double(scale) * settings[1]);
    tracker = 0;
    return;
  }
  if (++tracker != int32_t(settings[2])) return;
  const float grown = float(double(scale) * settings[0]);
  if (grown - grown == 0) scale = grown;
  tracker = 0;
}

}  // namespace ADJOINT_MATH_SET
}  // namespace adjoint::math
