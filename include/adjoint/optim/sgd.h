// SPDX-License-Identifier: MIT
#pragma once

#include "adjoint/optim/optimizer.h"

namespace adjoint::optim {

class ADJOINT_API SGDOptions : public OptimizerCloneableOptions<SGDOptions> {
 public:
  SGDOptions(double lr = 1e-3) : lr_(lr) {}
  ADJOINT_OPTION(SGDOptions, double, lr, 1e-3);
  ADJOINT_OPTION(SGDOptions, double, momentum, 0);
  ADJOINT_OPTION(SGDOptions, double, dampening, 0);
  ADJOINT_OPTION(SGDOptions, double, weight_decay, 0);
  ADJOINT_OPTION(SGDOptions, bool, nesterov, false);
  ADJOINT_OPTION(SGDOptions, bool, maximize, false);
};

/// Stochastic gradient descent, with momentum v <- momentum * v + (1 - dampening) * g, where the
/// first v is g, and p <- p - lr * v; with Nesterov's, p <- p - lr * (g + momentum * v). Weight
/// decay adds weight_decay * p to g. Throws ValueError for negative settings, and for Nesterov's
/// momentum without momentum or with dampening. I. Sutskever et al., On the importance of
/// initialization and momentum in deep learning (2013).
class ADJOINT_API SGD : public Optimizer {
 public:
  explicit SGD(std::vector<OptimizerParamGroup> groups, SGDOptions defaults = {});
  explicit SGD(std::vector<Tensor> params, SGDOptions defaults = {});
  using Optimizer::step;
  void step() override;

 protected:
  std::vector<StateName> state_names() const override;
};

}  // namespace adjoint::optim
