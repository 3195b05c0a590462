// SPDX-License-Identifier: MIT
#pragma once

#include <tuple>

#include "adjoint/optim/optimizer.h"

namespace adjoint::optim {

/// First and second decay rates.
using Betas = std::tuple<double, double>;

class ADJOINT_API AdamOptions : public OptimizerCloneableOptions<AdamOptions> {
 public:
  AdamOptions(double lr = 1e-3) : lr_(lr) {}
  ADJOINT_OPTION(AdamOptions, double, lr, 1e-3);
  ADJOINT_OPTION(AdamOptions, Betas, betas, Betas(0.9, 0.999));
  ADJOINT_OPTION(AdamOptions, double, eps, 1e-8);
  ADJOINT_OPTION(AdamOptions, double, weight_decay, 0);
  ADJOINT_OPTION(AdamOptions, bool, amsgrad, false);
  ADJOINT_OPTION(AdamOptions, bool, maximize, false);
};

class ADJOINT_API AdamWOptions : public OptimizerCloneableOptions<AdamWOptions> {
 public:
  AdamWOptions(double lr = 1e-3) : lr_(lr) {}
  ADJOINT_OPTION(AdamWOptions, double, lr, 1e-3);
  ADJOINT_OPTION(AdamWOptions, Betas, betas, Betas(0.9, 0.999));
  ADJOINT_OPTION(AdamWOptions, double, eps, 1e-8);
  ADJOINT_OPTION(AdamWOptions, double, weight_decay, 1e-2);
  ADJOINT_OPTION(AdamWOptions, bool, amsgrad, false);
  ADJOINT_OPTION(AdamWOptions, bool, maximize, false);
};

/// m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2,
/// p <- p - lr * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps); amsgrad takes the largest v so
/// far. Weight decay adds weight_decay * p to g. Throws ValueError for settings out of range. D. P.
/// Kingma, J. Ba, Adam (2015); S. J. Reddi et al., On the convergence of Adam and beyond (2018).
class ADJOINT_API Adam : public Optimizer {
 public:
  explicit Adam(std::vector<OptimizerParamGroup> groups, AdamOptions defaults = {});
  explicit Adam(std::vector<Tensor> params, AdamOptions defaults = {});
  using Optimizer::step;
  void step() override;

 protected:
  std::vector<StateName> state_names() const override;
};

/// Adam with weight decay apart from the gradient: p <- p - lr * weight_decay * p first.
/// I. Loshchilov, F. Hutter, Decoupled weight decay regularization (2019).
class ADJOINT_API AdamW : public Optimizer {
 public:
  explicit AdamW(std::vector<OptimizerParamGroup> groups, AdamWOptions defaults = {});
  explicit AdamW(std::vector<Tensor> params, AdamWOptions defaults = {});
  using Optimizer::step;
  void step() override;

 protected:
  std::vector<StateName> state_names() const override;
};

}  // namespace adjoint::optim
