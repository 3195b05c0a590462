// SPDX-License-Identifier: MIT
// The networks that adjoint-bench measures, by name or by description.
#pragma once

#include <string>
#include <vector>

#include "adjoint/nn.h"

namespace devices {

struct Network {
  std::string name;
  adjoint::nn::Sequential module;
  std::vector<int64_t> input_sizes;  ///< of one sample
  int64_t classes;
};

/// `description` is a name ("cnn": two convolutions and two linear layers for 28x28 images), or the
/// widths of a perceptron ("784-128-10"). The same numbers whenever it is called. Throws
/// adjoint::ValueError.
Network make_network(const std::string& description, const std::string& activation);

}  // namespace devices
