// SPDX-License-Identifier: MIT
// The numbers that activations' kernels are given.
#pragma once

namespace adjoint {

/// slope x + intercept: that of piece 0 below `lower`, 2 above `upper`, 1 between. The ends belong
/// to the middle piece or to the outer ones, of which the lower is asked first.
struct StraightPieces {
  double lower, upper;
  double slope[3], intercept[3];
  bool middle_has_ends = false;
};
/// scale x for x > 0, else alpha scale (e^(input_scale x) - 1).
struct EluNumbers {
  double alpha, scale, input_scale;
};
struct SoftplusNumbers {
  double beta, threshold;
};

}  // namespace adjoint
