// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "adjoint/optim/optimizer.h"

namespace adjoint::optim {

class ADJOINT_API LBFGSOptions : public OptimizerCloneableOptions<LBFGSOptions> {
 public:
  LBFGSOptions(double lr = 1) : lr_(lr) {}
  ADJOINT_OPTION(LBFGSOptions, double, lr, 1);
  /// Iterations of one step.
  ADJOINT_OPTION(LBFGSOptions, int64_t, max_iter, 20);
  /// Calls of the closure in one step; max_iter * 5 / 4 where it is not given.
  ADJOINT_OPTION(LBFGSOptions, std::optional<int64_t>, max_eval, std::nullopt);
  /// A step ends where no element of the gradient is larger, and where nothing changes by more.
  ADJOINT_OPTION(LBFGSOptions, double, tolerance_grad, 1e-7);
  ADJOINT_OPTION(LBFGSOptions, double, tolerance_change, 1e-9);
  ADJOINT_OPTION(LBFGSOptions, int64_t, history_size, 100);
  /// "strong_wolfe", or none: each iteration then goes on by lr.
  ADJOINT_OPTION(LBFGSOptions, std::optional<std::string>, line_search_fn, std::nullopt);
};

/// The quasi-Newton method that keeps its picture of the curvature as the last history_size changes
/// of parameters and gradient. For one group of parameters and losses that are the same in each
/// call; step(closure) calls the closure often, and reads losses on the host. Throws ValueError for
/// several groups and unknown line searches, Error for step() without a closure. D. C. Liu,
/// J. Nocedal, On the limited memory BFGS method for large scale optimization (1989).
class ADJOINT_API LBFGS : public Optimizer {
 public:
  explicit LBFGS(std::vector<OptimizerParamGroup> groups, LBFGSOptions defaults = {});
  explicit LBFGS(std::vector<Tensor> params, LBFGSOptions defaults = {});
  using Optimizer::step;
  void step() override;
  OrderedDict<std::string, Tensor> state_dict() const override;
  void load_state_dict(const OrderedDict<std::string, Tensor>& state) override;

 protected:
  std::vector<StateName> state_names() const override { return {}; }
  /// Returns the loss before the step.
  Tensor step_with(LossClosure& closure) override;

 private:
  struct History {
    int64_t func_evals = 0, n_iter = 0;
    double t = 0, prev_loss = 0, h_diag = 1;
    Tensor d, prev_flat_grad;
    std::deque<Tensor> old_dirs, old_stps;
    std::deque<double> ro;
  };
  Tensor flat_grad() const;
  void move(double distance, const Tensor& direction) const;
  Tensor descent_direction(const Tensor& gradient, int64_t history_size);

  History history_;
};

}  // namespace adjoint::optim
