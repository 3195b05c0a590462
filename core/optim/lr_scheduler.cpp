// SPDX-License-Identifier: MIT
#include "adjoint/optim/lr_scheduler.h"

#include <algorithm>
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
  set_lrs(get_lrs());
  ++step_count_;
}

double LRScheduler::lr_at(int64_t, double, double last) const { return last; }

std::vector<double> LRScheduler::get_lrs() {
  std::vector<double> rates = get_last_lr();
  for (size_t i = 0; i < rates.size(); ++i) {
    // A group that was added later starts from its rate of then.
    if (i >= base_.size()) base_.push_back(rates[i]);
    rates[i] = lr_at(int64_t(step_count_) + 1, base_[i], rates[i]);
  }
  return rates;
}

void LRScheduler::start_at(double factor) {
  std::vector<double> rates = base_;
  for (double& rate : rates) rate *= factor;
  set_lrs(rates);
}

void LRScheduler::set_lrs(const std::vector<double>& rates) {
  auto& groups = optimizer_.param_groups();
  ADJOINT_CHECK(rates.size() == groups.size(), "LRScheduler: expected a learning rate for each of ",
                groups.size(), " groups, got ", rates.size());
  for (size_t i = 0; i < rates.size(); ++i) groups[i].options().set_lr(rates[i]);
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

MultiStepLR::MultiStepLR(Optimizer& optimizer, std::vector<int64_t> milestones, double gamma)
    : LRScheduler(optimizer), milestones_(std::move(milestones)), gamma_(gamma) {}
double MultiStepLR::lr_at(int64_t epoch, double, double last) const {
  const auto times = std::count(milestones_.begin(), milestones_.end(), epoch);
  return times == 0 ? last : last * std::pow(gamma_, double(times));
}

ExponentialLR::ExponentialLR(Optimizer& optimizer, double gamma)
    : LRScheduler(optimizer), gamma_(gamma) {}
double ExponentialLR::lr_at(int64_t, double, double last) const { return last * gamma_; }

LinearLR::LinearLR(Optimizer& optimizer, double start_factor, double end_factor,
                   int64_t total_iters)
    : LRScheduler(optimizer),
      start_factor_(start_factor),
      end_factor_(end_factor),
      total_iters_(total_iters) {
  ADJOINT_CHECK_VALUE(start_factor > 0 && start_factor <= 1,
                      "Starting multiplicative factor expected to be greater than 0 and less or "
                      "equal to 1, got ",
                      start_factor);
  ADJOINT_CHECK_VALUE(end_factor >= 0 && end_factor <= 1,
                      "Ending multiplicative factor expected to be between 0 and 1, got ",
                      end_factor);
  start_at(start_factor);
}
double LinearLR::lr_at(int64_t epoch, double, double last) const {
  if (epoch > total_iters_) return last;
  const double slope = end_factor_ - start_factor_;
  return last * (1 + slope / (double(total_iters_) * start_factor_ + double(epoch - 1) * slope));
}

LambdaLR::Function::~Function() = default;
LambdaLR::~LambdaLR() = default;
LambdaLR::LambdaLR(Optimizer& optimizer, std::unique_ptr<Function> function)
    : LRScheduler(optimizer), function_(std::move(function)) {
  start_at(function_->call(0));
}
double LambdaLR::lr_at(int64_t epoch, double base, double) const {
  return base * function_->call(epoch);
}

}  // namespace adjoint::optim
