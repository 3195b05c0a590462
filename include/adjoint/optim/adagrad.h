// SPDX-License-Identifier: MIT
#pragma once

#include "adjoint/optim/optimizer.h"

namespace adjoint::optim {

class ADJOINT_API AdagradOptions : public OptimizerCloneableOptions<AdagradOptions> {
 public:
  AdagradOptions(double lr = 1e-2) : lr_(lr) {}
  ADJOINT_OPTION(AdagradOptions, double, lr, 1e-2);
  ADJOINT_OPTION(AdagradOptions, double, lr_decay, 0);
  ADJOINT_OPTION(AdagradOptions, double, weight_decay, 0);
  ADJOINT_OPTION(AdagradOptions, double, initial_accumulator_value, 0);
  ADJOINT_OPTION(AdagradOptions, double, eps, 1e-10);
  ADJOINT_OPTION(AdagradOptions, bool, maximize, false);
};

/// s <- s + g^2, p <- p - lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps) in step t, where s
/// starts from the initial_accumulator_value of defaults(), whatever a group's. Weight decay adds
/// weight_decay * p to g. Throws ValueError for negative settings. J. Duchi, E. Hazan, Y. Singer,
/// Adaptive subgradient methods for online learning and stochastic optimization (2011).
class ADJOINT_API Adagrad : public Optimizer {
 public:
  explicit Adagrad(std::vector<OptimizerParamGroup> groups, AdagradOptions defaults = {});
  explicit Adagrad(std::vector<Tensor> params, AdagradOptions defaults = {});
  using Optimizer::step;
  void step() override;

 protected:
  std::vector<StateName> state_names() const override;
};

}  // namespace adjoint::optim
