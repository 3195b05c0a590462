// SPDX-License-Identifier: MIT
// Learning rates over time. A scheduler is made after the optimizer's groups, and step() is called
// once an epoch, after the optimizer's.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "adjoint/optim/optimizer.h"

namespace adjoint::optim {

class ADJOINT_API LRScheduler {
 public:
  /// `optimizer` must outlive the scheduler.
  explicit LRScheduler(Optimizer& optimizer);
  virtual ~LRScheduler();
  /// Moves every group's learning rate on by one epoch.
  void step();
  /// The groups' learning rates now.
  std::vector<double> get_last_lr() const;
  int64_t last_epoch() const { return step_count_; }

 protected:
  /// The rate of a group in epoch `epoch`; `base` is its rate at the start, `last` that of now.
  virtual double lr_at(int64_t epoch, double base, double last) const;
  /// The rates of all groups in the next epoch: lr_at of each, unless a scheduler overrides this.
  /// step_count_ calls of step() came before.
  virtual std::vector<double> get_lrs();
  std::vector<double> get_current_lrs() const { return get_last_lr(); }
  /// The base rates times `factor`: for schedulers whose first epoch has a rate of their own.
  void start_at(double factor);

  unsigned step_count_ = 0;

 private:
  void set_lrs(const std::vector<double>& rates);
  Optimizer& optimizer_;
  std::vector<double> base_;
};

/// Times gamma every `step_size` epochs. Throws ValueError for a step_size below 1.
class ADJOINT_API StepLR : public LRScheduler {
 public:
  StepLR(Optimizer& optimizer, int64_t step_size, double gamma = 0.1);

 protected:
  double lr_at(int64_t epoch, double base, double last) const override;

 private:
  int64_t step_size_;
  double gamma_;
};

/// From the base rate to eta_min and back along a cosine of half period T_max epochs, by the
/// recursion that keeps changes made to the rate on the way. I. Loshchilov, F. Hutter, SGDR (2017),
/// without restarts. Throws ValueError for a T_max below 1.
class ADJOINT_API CosineAnnealingLR : public LRScheduler {
 public:
  CosineAnnealingLR(Optimizer& optimizer, int64_t T_max, double eta_min = 0);

 protected:
  double lr_at(int64_t epoch, double base, double last) const override;

 private:
  int64_t t_max_;
  double eta_min_;
};

/// Times gamma in each of the epochs `milestones`, as often as one is named.
class ADJOINT_API MultiStepLR : public LRScheduler {
 public:
  MultiStepLR(Optimizer& optimizer, std::vector<int64_t> milestones, double gamma = 0.1);

 protected:
  double lr_at(int64_t epoch, double base, double last) const override;

 private:
  std::vector<int64_t> milestones_;
  double gamma_;
};

/// Times gamma every epoch.
class ADJOINT_API ExponentialLR : public LRScheduler {
 public:
  ExponentialLR(Optimizer& optimizer, double gamma);

 protected:
  double lr_at(int64_t epoch, double base, double last) const override;

 private:
  double gamma_;
};

/// From the base rate times start_factor along a line to that times end_factor, in total_iters
/// epochs. Throws ValueError for a start_factor outside of (0, 1] and an end_factor outside of
/// [0, 1].
class ADJOINT_API LinearLR : public LRScheduler {
 public:
  LinearLR(Optimizer& optimizer, double start_factor = 1.0 / 3, double end_factor = 1.0,
           int64_t total_iters = 5);

 protected:
  double lr_at(int64_t epoch, double base, double last) const override;

 private:
  double start_factor_, end_factor_;
  int64_t total_iters_;
};

/// The base rate times a function of the epoch.
class ADJOINT_API LambdaLR : public LRScheduler {
 public:
  template <class F>
  requires std::is_invocable_r_v<double, F&, int64_t> LambdaLR(Optimizer& optimizer, F lr_lambda)
      : LambdaLR(optimizer, std::unique_ptr<Function>(new FunctionOf<F>(std::move(lr_lambda)))) {}
  ~LambdaLR() override;

 protected:
  double lr_at(int64_t epoch, double base, double last) const override;

 private:
  struct ADJOINT_API Function {
    virtual ~Function();
    virtual double call(int64_t epoch) = 0;
  };
  template <class F>
  struct FunctionOf final : Function {
    explicit FunctionOf(F f) : function(std::move(f)) {}
    double call(int64_t epoch) override { return double(function(epoch)); }
    F function;
  };
  LambdaLR(Optimizer& optimizer, std::unique_ptr<Function> function);
  std::unique_ptr<Function> function_;
};

}  // namespace adjoint::optim
