// SPDX-License-Identifier: MIT
// A step length that satisfies the strong Wolfe conditions.
#pragma once

#include "adjoint/tensor.h"

namespace adjoint::optim {

/// A point on a line: its distance from the start, the loss, the gradient, and the slope along the
/// line.
struct LinePoint {
  double t = 0, loss = 0;
  Tensor gradient;
  double slope = 0;
};

class LineFunction {
 public:
  virtual ~LineFunction() = default;
  virtual LinePoint at(double t) = 0;
};

struct LineSearchResult {
  LinePoint point;
  int64_t evaluations = 0;
};
/// The search begins at distance t from `start`; `largest` is the largest element of the direction.
/// J. Nocedal, S. J. Wright, Numerical optimization (2006), algorithms 3.5 and 3.6.
LineSearchResult strong_wolfe(LineFunction& function, const LinePoint& start, double t,
                              double largest, double tolerance_change);

}  // namespace adjoint::optim
