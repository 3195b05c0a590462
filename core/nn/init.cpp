// SPDX-License-Identifier: MIT
#include "adjoint/nn/init.h"

#include <cmath>

#include "adjoint/autograd.h"

namespace adjoint::nn::init {

Tensor uniform_(Tensor tensor, double low, double high) {
  NoGradGuard no_grad;
  return tensor.uniform_(low, high);
}
Tensor normal_(Tensor tensor, double mean, double std) {
  NoGradGuard no_grad;
  return tensor.normal_(mean, std);
}
Tensor constant_(Tensor tensor, const Scalar& value) {
  NoGradGuard no_grad;
  return tensor.fill_(value);
}
Tensor zeros_(Tensor tensor) { return constant_(std::move(tensor), 0); }
Tensor ones_(Tensor tensor) { return constant_(std::move(tensor), 1); }

double calculate_gain(Nonlinearity nonlinearity, double param) {
  switch (nonlinearity) {
    case Nonlinearity::Tanh:
      return 5.0 / 3.0;
    case Nonlinearity::ReLU:
      return std::sqrt(2.0);
    case Nonlinearity::LeakyReLU:
      return std::sqrt(2.0 / (1 + param * param));
    case Nonlinearity::Linear:
    case Nonlinearity::Sigmoid:
    case Nonlinearity::GELU:
      break;
  }
  return 1;
}

Fans calculate_fan_in_and_fan_out(const Tensor& tensor) {
  ADJOINT_CHECK(tensor.dim() >= 2,
                "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions");
  int64_t receptive_field = tensor.numel() / std::max<int64_t>(tensor.size(0) * tensor.size(1), 1);
  return {tensor.size(1) * receptive_field, tensor.size(0) * receptive_field};
}

namespace {

double kaiming_std(const Tensor& tensor, double a, FanMode mode, Nonlinearity nonlinearity) {
  Fans fans = calculate_fan_in_and_fan_out(tensor);
  return calculate_gain(nonlinearity, a) /
         std::sqrt(double(mode == FanMode::FanIn ? fans.in : fans.out));
}
double xavier_std(const Tensor& tensor, double gain) {
  Fans fans = calculate_fan_in_and_fan_out(tensor);
  return gain * std::sqrt(2.0 / double(fans.in + fans.out));
}

}  // namespace

Tensor kaiming_uniform_(Tensor tensor, double a, FanMode mode, Nonlinearity nonlinearity) {
  double bound = std::sqrt(3.0) * kaiming_std(tensor, a, mode, nonlinearity);
  return uniform_(std::move(tensor), -bound, bound);
}
Tensor kaiming_normal_(Tensor tensor, double a, FanMode mode, Nonlinearity nonlinearity) {
  double std = kaiming_std(tensor, a, mode, nonlinearity);
  return normal_(std::move(tensor), 0, std);
}
Tensor xavier_uniform_(Tensor tensor, double gain) {
  double bound = std::sqrt(3.0) * xavier_std(tensor, gain);
  return uniform_(std::move(tensor), -bound, bound);
}
Tensor xavier_normal_(Tensor tensor, double gain) {
  double std = xavier_std(tensor, gain);
  return normal_(std::move(tensor), 0, std);
}

}  // namespace adjoint::nn::init
