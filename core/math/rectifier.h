// SPDX-License-Identifier: MIT
// Functions of straight pieces, and elu, which is straight on one side.
#pragma once

#include "core/math/scalar.h"
#include "core/ops/activation.h"

namespace adjoint::math {
inline namespace ADJOINT_MATH_SET {

/// See adjoint::StraightPieces. NaN stays.
template <class S>
struct Pieces {
  S lower, upper;
  S slope[3], intercept[3];
  bool middle_has_ends;

  explicit Pieces(const StraightPieces& p)
      : lower(S(p.lower)),
        upper(S(p.upper)),
        slope{S(p.slope[0]), S(p.slope[1]), S(p.slope[2])},
        intercept{S(p.intercept[0]), S(p.intercept[1]), S(p.intercept[2])},
        middle_has_ends(p.middle_has_ends) {}

  template <class T>
  HOST_DEVICE T choose(T x, T below, T middle, T above) const {
    T result = middle_has_ends ? where(x > T(upper), above, where(x < T(lower), below, middle))
                               : where(x <= T(lower), below, where(x >= T(upper), above, middle));
    return result;
  }
  /// Without the product where the slope is 0, which may be one of 0 and an infinity.
  template <class T>
  HOST_DEVICE T piece(T x, int i) const {
    return slope[i] == S(0) ? T(intercept[i]) : x * T(slope[i]) + T(intercept[i]);
  }
  template <class T>
  HOST_DEVICE T forward(T x) const {
    return where(x == x, choose(x, piece(x, 0), piece(x, 1), piece(x, 2)), x);
  }
  template <class T>
  HOST_DEVICE T share(T dy, int i) const {
    return slope[i] == S(0) ? T(0) : dy * T(slope[i]);
  }
  template <class T>
  HOST_DEVICE T backward(T dy, T x) const {
    return choose(x, share(dy, 0), share(dy, 1), share(dy, 2));
  }
};

template <class S>
struct Elu {
  S alpha, scale, input_scale;

  explicit Elu(const EluNumbers& n)
      : alpha(S(n.alpha)), scale(S(n.scale)), input_scale(S(n.input_scale)) {}

  template <class T>
  HOST_DEVICE T forward(T x) const {
    return where(x > T(0), x * T(scale), T(alpha * scale) * expm1(x * T(input_scale)));
  }
  template <class T>
  HOST_DEVICE T backward(T dy, T x) const {
    T slope = T(alpha * scale * input_scale) * exp(x * T(input_scale));
    return where(x <= T(0), dy * slope, dy * T(scale));
  }
};

}  // namespace ADJOINT_MATH_SET
}  // namespace adjoint::math
