// SPDX-License-Identifier: MIT
// Layer: a module of one tensor to one tensor, which Sequential can hold.
#pragma once

#include "adjoint/nn/module.h"

namespace adjoint::nn {

class ADJOINT_API Layer : public Module {
 public:
  using Module::Module;
  ~Layer() override;
  virtual Tensor forward(const Tensor& input) = 0;
  Tensor operator()(const Tensor& input) { return detail::call_forward(*this, input); }
};

}  // namespace adjoint::nn
