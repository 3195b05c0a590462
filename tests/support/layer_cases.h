// SPDX-License-Identifier: MIT
// The layers, losses and functions of tests/reference/layers.py, made as its cases say.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "adjoint/adjoint.h"
#include "tests/support/reference.h"

namespace adjoint::testing {

struct MadeLayer {
  std::shared_ptr<nn::Module> module;  ///< null of functions
  std::function<std::vector<Tensor>(const std::vector<Tensor>&)> call;
};

/// What a case's "module", "options" and "call" describe.
MadeLayer make_layer(const nlohmann::json& c, ScalarType dtype);

}  // namespace adjoint::testing
