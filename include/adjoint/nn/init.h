// SPDX-License-Identifier: MIT
// Initial values of parameters. Each fills its tensor, unrecorded, and returns it.
#pragma once

#include <cstdint>

#include "adjoint/ops.h"

namespace adjoint::nn::init {

enum class FanMode : int8_t { FanIn, FanOut };
enum class Nonlinearity : int8_t { Linear, Sigmoid, Tanh, ReLU, LeakyReLU, GELU };

ADJOINT_API Tensor uniform_(Tensor tensor, double low = 0, double high = 1);
ADJOINT_API Tensor normal_(Tensor tensor, double mean = 0, double std = 1);
ADJOINT_API Tensor constant_(Tensor tensor, const Scalar& value);
ADJOINT_API Tensor zeros_(Tensor tensor);
ADJOINT_API Tensor ones_(Tensor tensor);
/// The factor by which a nonlinearity asks for a larger spread; `param` is leaky ReLU's slope.
ADJOINT_API double calculate_gain(Nonlinearity nonlinearity, double param = 0.01);
/// Inputs and outputs that one unit sees: dimensions 1 and 0 times the receptive field (the
/// others). Throws Error for fewer than 2 dimensions.
struct Fans {
  int64_t in, out;
};
ADJOINT_API Fans calculate_fan_in_and_fan_out(const Tensor& tensor);
/// Uniform within sqrt(3) * gain / sqrt(fan), and normal with deviation gain / sqrt(fan).
/// K. He et al., Delving deep into rectifiers (2015).
ADJOINT_API Tensor kaiming_uniform_(Tensor tensor, double a = 0, FanMode mode = FanMode::FanIn,
                                    Nonlinearity nonlinearity = Nonlinearity::LeakyReLU);
ADJOINT_API Tensor kaiming_normal_(Tensor tensor, double a = 0, FanMode mode = FanMode::FanIn,
                                   Nonlinearity nonlinearity = Nonlinearity::LeakyReLU);
/// Uniform within gain * sqrt(6 / (fan_in + fan_out)), and normal with deviation
/// gain * sqrt(2 / (fan_in + fan_out)). X. Glorot, Y. Bengio, Understanding the difficulty of
/// training deep feedforward neural networks (2010).
ADJOINT_API Tensor xavier_uniform_(Tensor tensor, double gain = 1);
ADJOINT_API Tensor xavier_normal_(Tensor tensor, double gain = 1);
/// [n, m] with ones on the diagonal. Throws Error for other than 2 dimensions.
ADJOINT_API Tensor eye_(Tensor matrix);
/// Convolutions that pass as many channels through as may be: ones in the middle of the kernels
/// [i][i]. Throws Error for other than 3 to 5 dimensions.
ADJOINT_API Tensor dirac_(Tensor tensor);
/// Rows (or, where there are fewer, columns) of length `gain` at right angles to each other, of
/// dimension 0 by all others. A. M. Saxe, J. L. McClelland, S. Ganguli, Exact solutions to the
/// nonlinear dynamics of learning in deep linear neural networks (2014). Throws Error for fewer
/// than 2 dimensions.
ADJOINT_API Tensor orthogonal_(Tensor tensor, double gain = 1);
/// Normal, but for ceil(sparsity * rows) zeros in each column. J. Martens, Deep learning via
/// Hessian-free optimization (2010). Throws Error for other than 2 dimensions, and for a sparsity
/// outside of [0, 1).
ADJOINT_API Tensor sparse_(Tensor tensor, double sparsity, double std = 0.01);

}  // namespace adjoint::nn::init
