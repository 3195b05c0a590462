// SPDX-License-Identifier: MIT
// A learning rate that falls when a measure no longer gets better.
#pragma once

#include <vector>

#include "adjoint/optim/optimizer.h"

namespace adjoint::optim {

/// Times `factor` after more than `patience` epochs in a row in which the measure was not better
/// than the best so far by `threshold` (relative to it, or absolute); then `cooldown` epochs count
/// for nothing. No group's rate falls below its min_lr (one for each, one for all, or none), nor by
/// less than eps. Throws ValueError for a factor of 1 or more and for other numbers of minima.
class ADJOINT_API ReduceLROnPlateauScheduler {
 public:
  enum SchedulerMode { min, max };
  enum ThresholdMode { rel, abs };
  /// `optimizer` must outlive the scheduler. `verbose` is taken for LibTorch's sake: nothing is
  /// printed.
  ReduceLROnPlateauScheduler(Optimizer& optimizer, SchedulerMode mode = min, float factor = 0.1f,
                             int patience = 10, double threshold = 1e-4,
                             ThresholdMode threshold_mode = rel, int cooldown = 0,
                             const std::vector<float>& min_lr = {}, double eps = 1e-8,
                             bool verbose = false);
  virtual ~ReduceLROnPlateauScheduler();
  /// Once an epoch, with the measure of it.
  void step(float metric);

 private:
  bool is_better(double metric) const;
  void reduce_lr();

  Optimizer& optimizer_;
  SchedulerMode mode_;
  double factor_;
  int patience_;
  double threshold_;
  ThresholdMode threshold_mode_;
  int cooldown_;
  std::vector<double> min_lrs_;
  double eps_, best_;
  int cooldown_counter_ = 0, num_bad_epochs_ = 0;
};

}  // namespace adjoint::optim
