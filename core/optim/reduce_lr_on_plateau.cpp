// SPDX-License-Identifier: MIT
#include "adjoint/optim/reduce_lr_on_plateau.h"

#include <algorithm>
#include <limits>

#include "core/capture/recorder.h"

namespace adjoint::optim {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

ReduceLROnPlateauScheduler::ReduceLROnPlateauScheduler(Optimizer& optimizer, SchedulerMode mode,
                                                       float factor, int patience, double threshold,
                                                       ThresholdMode threshold_mode, int cooldown,
                                                       const std::vector<float>& min_lr, double eps,
                                                       bool /*verbose*/)
    : optimizer_(optimizer),
      mode_(mode),
      factor_(double(factor)),
      patience_(patience),
      threshold_(threshold),
      threshold_mode_(threshold_mode),
      cooldown_(cooldown),
      min_lrs_(min_lr.begin(), min_lr.end()),
      eps_(eps),
      best_(mode == min ? kInfinity : -kInfinity) {
  ADJOINT_CHECK_VALUE(factor < 1, "Factor should be < 1.0, got ", factor);
  const size_t groups = optimizer.param_groups().size();
  if (min_lrs_.empty()) min_lrs_.assign(groups, 0);
  if (min_lrs_.size() == 1) min_lrs_.assign(groups, min_lrs_[0]);
  ADJOINT_CHECK_VALUE(min_lrs_.size() == groups,
                      "Number of learning rates not equal to the number of param groups\n"
                      "Number of learning rates given: ",
                      min_lr.size(), "\nNumber of param groups: ", groups);
}
ReduceLROnPlateauScheduler::~ReduceLROnPlateauScheduler() = default;

void ReduceLROnPlateauScheduler::step(float metric) {
  refuse_capture("ReduceLROnPlateauScheduler::step",
                 "call it between replays, which read the learning rate anew");
  if (is_better(double(metric))) {
    best_ = double(metric);
    num_bad_epochs_ = 0;
  } else {
    ++num_bad_epochs_;
  }
  if (cooldown_counter_ > 0) {
    --cooldown_counter_;
    num_bad_epochs_ = 0;
  }
  if (num_bad_epochs_ > patience_) {
    reduce_lr();
    cooldown_counter_ = cooldown_;
    num_bad_epochs_ = 0;
  }
}

bool ReduceLROnPlateauScheduler::is_better(double metric) const {
  const double sign = mode_ == min ? -1 : 1;
  const double bound =
      threshold_mode_ == rel ? best_ * (1 + sign * threshold_) : best_ + sign * threshold_;
  return mode_ == min ? metric < bound : metric > bound;
}

void ReduceLROnPlateauScheduler::reduce_lr() {
  auto& groups = optimizer_.param_groups();
  for (size_t i = 0; i < groups.size(); ++i) {
    const double old = groups[i].options().get_lr();
    const double lowest = i < min_lrs_.size() ? min_lrs_[i] : 0;
    const double now = std::max(old * factor_, lowest);
    if (old - now > eps_) groups[i].options().set_lr(now);
  }
}

}  // namespace adjoint::optim
