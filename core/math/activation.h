// SPDX-License-Identifier: MIT
// Activation functions and their derivatives. `y` is the forward's result.
#pragma once

#include "core/math/scalar.h"
#include "core/ops/activation.h"

namespace adjoint::math {
inline namespace ADJOINT_MATH_SET {

struct Sigmoid {
  template <class T>
  HOST_DEVICE T forward(T x) const {
    return T(1) / (T(1) + exp(-x));
  }
  template <class T>
  HOST_DEVICE T backward(T dy, T y) const {
    return dy * (T(1) - y) * y;
  }
};

struct Tanh {
  template <class T>
  HOST_DEVICE T forward(T x) const {
    return tanh(x);
  }
  template <class T>
  HOST_DEVICE T backward(T dy, T y) const {
    return dy * (T(1) - y * y);
  }
};

/// max(x, 0); NaN stays.
struct Relu {
  template <class T>
  HOST_DEVICE T forward(T x) const {
    return where(x < T(0), T(0), x);
  }
  template <class T>
  HOST_DEVICE T backward(T dy, T y) const {
    return where(y <= T(0), T(0), dy);
  }
};

/// x Phi(x) with the normal distribution function Phi.
struct Gelu {
  static constexpr double kSqrtHalf = 0.70710678118654752440;
  static constexpr double kInvSqrt2Pi = 0.39894228040143267794;
  template <class T>
  HOST_DEVICE T distribution(T x) const {
    return T(0.5) * (T(1) + erf(x * T(kSqrtHalf)));
  }
  template <class T>
  HOST_DEVICE T forward(T x) const {
    return x * distribution(x);
  }
  template <class T>
  HOST_DEVICE T backward(T dy, T x) const {
    T density = T(kInvSqrt2Pi) * exp(T(-0.5) * x * x);
    return dy * (distribution(x) + x * density);
  }
};

/// Gelu's approximation x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
struct GeluTanh {
  static constexpr double kBeta = 0.79788456080286535588;
  static constexpr double kKappa = 0.044715;
  template <class T>
  HOST_DEVICE T inner(T x) const {
    return tanh(T(kBeta) * (x + T(kKappa) * x * x * x));
  }
  template <class T>
  HOST_DEVICE T forward(T x) const {
    return T(0.5) * x * (T(1) + inner(x));
  }
  template <class T>
  HOST_DEVICE T backward(T dy, T x) const {
    T t = inner(x);
    T slope = T(kBeta) * (T(1) + T(3 * kKappa) * x * x);
    return dy * (T(0.5) * (T(1) + t) + T(0.5) * x * (T(1) - t * t) * slope);
  }
};

struct Silu {
  template <class T>
  HOST_DEVICE T forward(T x) const {
    return x / (T(1) + exp(-x));
  }
  template <class T>
  HOST_DEVICE T backward(T dy, T x) const {
    T s = Sigmoid{}.forward(x);
    return dy * s * (T(1) + x * (T(1) - s));
  }
};

/// log(1 + e^(beta x)) / beta; x itself where beta x > threshold.
template <class S>
struct Softplus {
  S beta;
  S threshold;

  explicit Softplus(const SoftplusNumbers& n) : beta(S(n.beta)), threshold(S(n.threshold)) {}

  template <class T>
  HOST_DEVICE T forward(T x) const {
    T z = x * T(beta);
    return where(z > T(threshold), x, log1p(exp(z)) / T(beta));
  }
  template <class T>
  HOST_DEVICE T backward(T dy, T x) const {
    T z = x * T(beta);
    return where(z > T(threshold), dy, dy * Sigmoid{}.forward(z));
  }
};

/// x tanh(log(1 + e^x)). With e = e^min(x, 20), beyond which the tanh is 1, that is
/// x (e^2 + 2e) / (e^2 + 2e + 2).
struct Mish {
  template <class T>
  HOST_DEVICE T gate(T x) const {
    T e = exp(minimum(x, T(20)));
    T n = e * (e + T(2));
    return n / (n + T(2));
  }
  template <class T>
  HOST_DEVICE T forward(T x) const {
    return x * gate(x);
  }
  template <class T>
  HOST_DEVICE T backward(T dy, T x) const {
    T t = gate(x);
    return dy * (t + x * Sigmoid{}.forward(x) * (T(1) - t * t));
  }
};

struct LogSigmoid {
  template <class T>
  HOST_DEVICE T forward(T x) const {
    return minimum(x, T(0)) - log1p(exp(-abs(x)));
  }
  template <class T>
  HOST_DEVICE T backward(T dy, T x) const {
    return dy * Sigmoid{}.forward(-x);
  }
};

}  // namespace ADJOINT_MATH_SET
}  // namespace adjoint::math
