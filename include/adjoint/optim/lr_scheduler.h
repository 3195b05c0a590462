// SPDX-License-Identifier: MIT
// Learning rates over time. A scheduler is made after the optimizer's groups, and step() is called
// once an epoch, after the optimizer's.
#pragma once

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
  int64_t last_epoch() const { return epoch_; }

 protected:
  /// The rate of a group in epoch `epoch`; `base` is its rate at the start, `last` that of now.
  virtual double lr_at(int64_t epoch, double base, double last) const = 0;

 private:
  Optimizer& optimizer_;
  std::vector<double> base_;
  int64_t epoch_ = 0;
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

}  // namespace adjoint::optim
