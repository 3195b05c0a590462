// SPDX-License-Identifier: MIT
#include "adjoint/optim/lr_scheduler.h"

#include <cmath>
#include <numbers>

#include "core/capture/recorder.h"

namespace adjoint::optim {

LRScheduler::LRScheduler(Optimizer& optimizer) : optimizer_(optimizer), base_(get_last_lr()) {}
LRScheduler::~LRScheduler() = default;

std::vector<double> LRScheduler::get_last_lr() const {
  std::vector<double> rates;
  for (const OptimizerParamGroup& group : optimizer_.param_groups())
    rates.push_back(group.options().get_lr());
  return rates;
}

void LRScheduler::step() {
  refuse_capture("LRScheduler::step", "call it between replays, which read the learning rate anew");
  ++epoch_;
  auto& groups = optimizer_.param_groups();
  for (size_t i = 0; i < groups.size(); ++i) {
    OptimizerOptions& options = groups[i].options();
    // A group that was added later starts from its rate of then.
    if (i >= base_.size()) base_.push_back(options.get_lr());
    options.set_lr(lr_at(epoch_, base_[i], options.get_lr()));
  }
}

StepLR::StepLR(Optimizer& optimizer, int64_t step_size, double gamma)
    : LRScheduler(optimizer), step_size_(step_size), gamma_(gamma) {
  ADJOINT_CHECK_VALUE(step_size >= 1, "StepLR: expected a step_size of at least 1, got ",
                      step_size);
}
double StepLR::lr_at(int64_t epoch, double, double last) const {
  return epoch % step_size_ == 0 ? last * gamma_ : last;
}

CosineAnnealingLR::CosineAnnealingLR(Optimizer& optimizer, int64_t T_max, double eta_min)
    : LRScheduler(optimizer), t_max_(T_max), eta_min_(eta_min) {
  ADJOINT_CHECK_VALUE(T_max >= 1, "CosineAnnealingLR: expected a T_max of at least 1, got ", T_max);
}
double CosineAnnealingLR::lr_at(int64_t epoch, double base, double last) const {
  constexpr double pi = std::numbers::pi;
  // Where the cosine is at its bottom the recursion has nothing to multiply.
  if ((epoch - 1 - t_max_) % (2 * t_max_) == 0) {
    return last + (base - eta_min_) * (1 - std::cos(pi / double(t_max_))) / 2;
  }
  return (1 + std::cos(pi * double(epoch) / double(t_max_))) /
             (1 + std::cos(pi * double(epoch - 1) / double(t_max_))) * (last - eta_min_) +
         eta_min_;
}

}  // namespace adjoint::optim
