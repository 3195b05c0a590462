// SPDX-License-Identifier: MIT
// What optimizers that are composed of other operations share.
#pragma once

#include "adjoint/ops.h"
#include "core/autograd/record.h"
#include "core/capture/recorder.h"

namespace adjoint::optim {

/// Throws where a step cannot be: before the first parameter is changed.
inline void check_update(const Tensor& param, const Tensor& grad) {
  ADJOINT_CHECK(grad.sizes() == param.sizes(), "optimizer: expected a gradient of shape ",
                param.sizes(), ", got ", grad.sizes());
  check_inplace(param, false);
}

/// The direction that goes down: that of the gradient in the parameter's dtype, turned round to
/// maximize, with the pull of the weight decay.
template <class Options>
Tensor direction(const Tensor& param, const Tensor& grad, const Options& o) {
  Tensor g = grad.detach().to(param.dtype());
  if (o.maximize()) g = -g;
  return o.weight_decay() != 0 ? add(g, param.detach(), o.weight_decay()) : g;
}

}  // namespace adjoint::optim
