// SPDX-License-Identifier: MIT
#include "core/optim/grad_scaler.h"

#include <algorithm>

#include "adjoint/amp.h"
#include "adjoint/autograd.h"
#include "core/autograd/flat_parameters.h"
#include "core/capture/recorder.h"
#include "core/capture/replay_values.h"
#include "core/ops/elementwise.h"
#include "core/optim/found_inf.h"

namespace adjoint {
namespace {

constinit UnscaleGradsOp unscale_grads_op{"unscale_grads", {.differentiable = false}};
constinit UpdateScaleOp update_scale_op{"update_scale", {.differentiable = false}};

constexpr size_t kMaxOptimizers = 64;  // between two updates

void check_growth_factor(double factor) {
  ADJOINT_CHECK_VALUE(factor > 1, "The growth factor must be > 1.0, got ", factor);
}
void check_backoff_factor(double factor) {
  ADJOINT_CHECK_VALUE(factor < 1, "The backoff factor must be < 1.0, got ", factor);
}
void check_growth_interval(int64_t interval) {
  ADJOINT_CHECK_VALUE(interval >= 1 && interval <= INT32_MAX,
                      "The growth interval must be at least 1 and fit 32 bits, got ", interval);
}

/// The kernel takes dense gradients of one dtype and device.
void unscale_alike(ArrayRef<Tensor> grads, const Tensor& found_inf, const Tensor& scale) {
  unscale_grads_op(stream_for(grads[0]), grads, found_inf, scale);
}

}  // namespace

void register_grad_scaler_ops(OpRegistry& registry) {
  registry.add(unscale_grads_op);
  registry.add(update_scale_op);
}

namespace amp {

GradScaler::GradScaler(const GradScalerOptions& options)
    : options_(options), start_scale_(options.init_scale()) {
  check_growth_factor(options.growth_factor());
  check_backoff_factor(options.backoff_factor());
  check_growth_interval(options.growth_interval());
}
GradScaler::~GradScaler() = default;

/// Not part of a step that is recorded: replays find what is there.
void GradScaler::make(Device device) {
  detail::UnrecordedScope own_work;
  NoGradGuard no_grad;
  scale_ = full({}, start_scale_, dtype(kFloat).device(device));
  growth_tracker_ = full({}, start_tracker_, dtype(kInt).device(device));
  settings_ = empty({3}, dtype(kDouble).device(device));
  found_inf_ = {zeros({int64_t(kMaxOptimizers)}, dtype(kFloat).device(device))};
  write_settings();
}

void GradScaler::write_settings() {
  if (!settings_.defined()) return;
  const double settings[] = {options_.growth_factor(), options_.backoff_factor(),
                             double(options_.growth_interval())};
  write_values(settings_, settings, sizeof settings);
}

Tensor GradScaler::scale(const Tensor& outputs) {
  if (!is_enabled()) return outputs;
  ADJOINT_CHECK(outputs.is_floating_point(),
                "GradScaler::scale: expected a floating-point tensor, got one of ",
                outputs.dtype());
  if (!scale_.defined()) make(outputs.device());
  return outputs * scale_.to(outputs.device());
}
std::vector<Tensor> GradScaler::scale(const std::vector<Tensor>& outputs) {
  std::vector<Tensor> scaled;
  for (const Tensor& t : outputs) scaled.push_back(scale(t));
  return scaled;
}

GradScaler::PerOptimizer& GradScaler::entry(const optim::Optimizer& optimizer) {
  const auto find = [&](const auto& is_right) {
    return std::find_if(optimizers_.begin(), optimizers_.end(), is_right);
  };
  auto found = find([&](const PerOptimizer& e) { return e.optimizer == &optimizer; });
  if (found == optimizers_.end() && optimizers_.size() == kMaxOptimizers) {
    found = find([](const PerOptimizer& e) { return e.stage == Stage::Ready; });
    ADJOINT_CHECK(found != optimizers_.end(), "GradScaler: expected an update after at most ",
                  kMaxOptimizers, " optimizers");
    *found = PerOptimizer{&optimizer, Stage::Ready, {}};
  }
  if (found == optimizers_.end())
    found = optimizers_.insert(found, PerOptimizer{&optimizer, Stage::Ready, {}});
  return *found;
}

Tensor GradScaler::found_inf_of(const PerOptimizer& entry, Device device) {
  auto all = std::find_if(found_inf_.begin(), found_inf_.end(),
                          [&](const Tensor& t) { return t.device() == device; });
  if (all == found_inf_.end()) {
    detail::UnrecordedScope own_work;
    all = found_inf_.insert(all, zeros({int64_t(kMaxOptimizers)}, dtype(kFloat).device(device)));
  }
  return all->narrow(0, &entry - optimizers_.data(), 1);
}

void GradScaler::unscale_(optim::Optimizer& optimizer) {
  if (!is_enabled()) return;
  PerOptimizer& e = entry(optimizer);
  ADJOINT_CHECK(e.stage != Stage::Unscaled,
                "unscale_() has already been called on this optimizer since the last update().");
  ADJOINT_CHECK(e.stage != Stage::Stepped, "unscale_() is being called after step().");
  ADJOINT_CHECK(scale_.defined(),
                "Attempted unscale_ but the scale is not there. This may indicate your script did "
                "not use scaler.scale(loss or outputs) earlier in the iteration.");
  NoGradGuard no_grad;
  std::vector<Tensor> params;
  for (const optim::OptimizerParamGroup& group : optimizer.param_groups())
    params.insert(params.end(), group.params().begin(), group.params().end());
  std::vector<Tensor> left;
  detail::GradientRuns runs(params);
  for (const Tensor& g : runs.all()) {
    ADJOINT_CHECK_VALUE(g.dtype() != kHalf, "Attempting to unscale FP16 gradients.");
    if (g.numel() != 0) left.push_back(g);
  }
  e.found_inf.clear();
  while (!left.empty()) {
    const Tensor first = left[0];
    const auto rest = std::stable_partition(left.begin(), left.end(), [&](const Tensor& g) {
      return g.dtype() == first.dtype() && g.device() == first.device();
    });
    std::vector<Tensor> dense;
    for (auto g = left.begin(); g != rest; ++g) dense.push_back(g->contiguous());
    e.found_inf.push_back(found_inf_of(e, first.device()));
    unscale_alike(dense, e.found_inf.back(), scale_.to(first.device()));
    for (size_t i = 0; i < dense.size(); ++i) {
      if (!dense[i].is_same(left[i])) left[i].copy_(dense[i]);
    }
    left.erase(left.begin(), rest);
  }
  for (const Tensor& p : params) {
    if (p.grad().defined()) p.grad().impl()->bump_version();
  }
  e.stage = Stage::Unscaled;
}

bool GradScaler::has_found_inf(const PerOptimizer& e) const {
  detail::UnrecordedScope own_work;
  return std::any_of(e.found_inf.begin(), e.found_inf.end(),
                     [](const Tensor& t) { return t.item<float>() != 0; });
}

// While a step is recorded, it is decided on the host as in an eager one. A step that is left out
// is not to be replayed: what follows would be missing in it.
void GradScaler::step(optim::Optimizer& optimizer) {
  if (!is_enabled()) return optimizer.step();
  PerOptimizer& e = entry(optimizer);
  ADJOINT_CHECK(e.stage != Stage::Stepped,
                "step() has already been called since the last update().");
  if (e.stage == Stage::Ready) unscale_(optimizer);
  ADJOINT_CHECK(!e.found_inf.empty(), "No inf checks were recorded for this optimizer.");
  Recorder* const recorder = recorder_of_thread();
  if (has_found_inf(e)) {
    if (recorder) recorder->do_not_replay();
  } else if (recorder) {
    FoundInfScope scope(e.found_inf[0]);
    optimizer.step();
    if (!scope.was_used() || e.found_inf.size() != 1) {
      recorder->refuse("GradScaler::step with this optimizer",
                       "a replay could not leave its step out");
    }
  } else {
    optimizer.step();
  }
  e.stage = Stage::Stepped;
}

void GradScaler::update(std::optional<double> new_scale) {
  if (!is_enabled()) return;
  ADJOINT_CHECK(scale_.defined(),
                "Attempted update but the scale is not there. This may indicate your script did "
                "not use scaler.scale(loss or outputs) earlier in the iteration.");
  NoGradGuard no_grad;
  if (!new_scale) {
    const bool any = std::any_of(optimizers_.begin(), optimizers_.end(),
                                 [](const PerOptimizer& e) { return !e.found_inf.empty(); });
    ADJOINT_CHECK(any, "No inf checks were recorded prior to update.");
  }
  for (size_t i = 1; i < found_inf_.size(); ++i) {
    found_inf_[0].add_(found_inf_[i].to(found_inf_[0].device()));
    found_inf_[i].zero_();
  }
  if (new_scale) {
    scale_.fill_(*new_scale);
    found_inf_[0].zero_();
  } else {
    update_scale_op(stream_for(scale_), scale_, growth_tracker_, settings_, found_inf_[0]);
    for (const Tensor& t : {scale_, growth_tracker_}) t.impl()->bump_version();
  }
  for (PerOptimizer& e : optimizers_) {
    e.stage = Stage::Ready;
    e.found_inf.clear();
  }
}

double GradScaler::get_scale() const {
  if (!is_enabled()) return 1;
  return scale_.defined() ? double(scale_.item<float>()) : start_scale_;
}
void GradScaler::set_growth_factor(double factor) {
  check_growth_factor(factor);
  options_.growth_factor(factor);
  write_settings();
}
void GradScaler::set_backoff_factor(double factor) {
  check_backoff_factor(factor);
  options_.backoff_factor(factor);
  write_settings();
}
void GradScaler::set_growth_interval(int64_t interval) {
  check_growth_interval(interval);
  options_.growth_interval(interval);
  write_settings();
}

OrderedDict<std::string, Tensor> GradScaler::state_dict() const {
  OrderedDict<std::string, Tensor> out;
  if (!is_enabled()) return out;
  const TensorOptions number = dtype(kDouble).device(kCPU), count = dtype(kLong).device(kCPU);
  const int64_t tracker =
      growth_tracker_.defined() ? growth_tracker_.item<int64_t>() : start_tracker_;
  out.insert("scale", full({}, get_scale(), number));
  out.insert("growth_factor", full({}, get_growth_factor(), number));
  out.insert("backoff_factor", full({}, get_backoff_factor(), number));
  out.insert("growth_interval", full({}, get_growth_interval(), count));
  out.insert("_growth_tracker", full({}, tracker, count));
  return out;
}

void GradScaler::load_state_dict(const OrderedDict<std::string, Tensor>& state) {
  if (!is_enabled()) return;
  ADJOINT_CHECK(state.size() != 0,
                "The source state dict is empty, possibly because it was saved from a disabled "
                "instance of GradScaler.");
  const auto entry = [&](const char* name) -> const Tensor& {
    const Tensor* t = state.find(name);
    ADJOINT_CHECK(t, "GradScaler::load_state_dict: expected an entry ", name, ", got none");
    return *t;
  };
  const double scale = entry("scale").item<double>();
  const int64_t tracker = entry("_growth_tracker").item<int64_t>();
  set_growth_factor(entry("growth_factor").item<double>());
  set_backoff_factor(entry("backoff_factor").item<double>());
  set_growth_interval(entry("growth_interval").item<int64_t>());
  start_scale_ = scale;
  start_tracker_ = tracker;
  if (!scale_.defined()) return;
  NoGradGuard no_grad;
  scale_.fill_(scale);
  growth_tracker_.fill_(tracker);
}

}  // namespace amp
}  // namespace adjoint
