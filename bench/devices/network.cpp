// SPDX-License-Identifier: MIT
#include "bench/devices/network.h"

#include <sstream>

namespace devices {

namespace nn = adjoint::nn;

namespace {

void add_activation(nn::Sequential& net, const std::string& activation) {
  if (activation == "relu") {
    net->push_back(nn::ReLU());
  } else if (activation == "tanh") {
    net->push_back(nn::Tanh());
  } else if (activation == "gelu") {
    net->push_back(nn::GELU());
  } else {
    throw adjoint::ValueError("activation: expected relu, tanh or gelu, got " + activation);
  }
}

std::vector<int64_t> widths_of(const std::string& description) {
  std::vector<int64_t> widths;
  std::istringstream parts(description);
  for (std::string part; std::getline(parts, part, '-');) {
    const bool number = !part.empty() && part.size() <= 7 &&
                        part.find_first_not_of("0123456789") == std::string::npos;
    const int64_t width = number ? std::stoll(part) : 0;
    if (width < 1) widths.clear();
    if (width < 1) break;
    widths.push_back(width);
  }
  if (widths.size() < 2)
    throw adjoint::ValueError("network: expected cnn or widths as 784-128-10, got " + description);
  return widths;
}

}  // namespace

Network make_network(const std::string& description, const std::string& activation) {
  nn::Sequential net, unused;
  add_activation(unused, activation);  // throws for a bad name, in networks without one too
  adjoint::manual_seed(1);
  if (description == "cnn") {
    net->push_back(nn::Conv2d(nn::Conv2dOptions(1, 16, 3).padding(1)));
    add_activation(net, activation);
    net->push_back(nn::MaxPool2d(2));
    net->push_back(nn::Conv2d(nn::Conv2dOptions(16, 32, 3).padding(1)));
    add_activation(net, activation);
    net->push_back(nn::MaxPool2d(2));
    net->push_back(nn::Flatten());
    net->push_back(nn::Linear(1568, 64));
    add_activation(net, activation);
    net->push_back(nn::Linear(64, 10));
    return {description, net, {1, 28, 28}, 10};
  }
  const std::vector<int64_t> widths = widths_of(description);
  for (size_t i = 0; i + 1 < widths.size(); ++i) {
    if (i != 0) add_activation(net, activation);
    net->push_back(nn::Linear(widths[i], widths[i + 1]));
  }
  return {description, net, {widths.front()}, widths.back()};
}

}  // namespace devices
