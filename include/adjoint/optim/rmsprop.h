// SPDX-License-Identifier: MIT
#pragma once

#include "adjoint/optim/optimizer.h"

namespace adjoint::optim {

class ADJOINT_API RMSpropOptions : public OptimizerCloneableOptions<RMSpropOptions> {
 public:
  RMSpropOptions(double lr = 1e-2) : lr_(lr) {}
  ADJOINT_OPTION(RMSpropOptions, double, lr, 1e-2);
  ADJOINT_OPTION(RMSpropOptions, double, alpha, 0.99);
  ADJOINT_OPTION(RMSpropOptions, double, eps, 1e-8);
  ADJOINT_OPTION(RMSpropOptions, double, weight_decay, 0);
  ADJOINT_OPTION(RMSpropOptions, double, momentum, 0);
  ADJOINT_OPTION(RMSpropOptions, bool, centered, false);
  ADJOINT_OPTION(RMSpropOptions, bool, maximize, false);
};

/// v <- alpha v + (1 - alpha) g^2, p <- p - lr * g / (sqrt(v) + eps). `centered` takes the variance
/// v - m^2, with m the average of g, for v in the root; `momentum` gathers
/// b <- momentum * b + g / (...) and steps by lr * b. Weight decay adds weight_decay * p to g.
/// Throws ValueError for negative settings. T. Tieleman, G. Hinton, Neural networks for machine
/// learning, lecture 6.5 (2012); A. Graves, Generating sequences with recurrent neural networks
/// (2013).
class ADJOINT_API RMSprop : public Optimizer {
 public:
  explicit RMSprop(std::vector<OptimizerParamGroup> groups, RMSpropOptions defaults = {});
  explicit RMSprop(std::vector<Tensor> params, RMSpropOptions defaults = {});
  using Optimizer::step;
  void step() override;

 protected:
  std::vector<StateName> state_names() const override;
};

}  // namespace adjoint::optim
