// SPDX-License-Identifier: MIT
// The cubic through four elements: R. Keys, Cubic convolution interpolation for digital image
// processing (1981), with a = -0.75.
#pragma once

#include <array>

#include "adjoint/ops.h"

namespace adjoint {

/// The parts of the elements at -1, 0, 1 and 2 in the value at `t` in [0, 1).
inline std::array<Tensor, 4> cubic_shares(const Tensor& t) {
  constexpr double a = -0.75;
  auto near = [](const Tensor& x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  auto far = [](const Tensor& x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  const Tensor rest = 1 - t;
  return {far(t + 1), near(t), near(rest), far(rest + 1)};
}

}  // namespace adjoint
