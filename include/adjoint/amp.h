// SPDX-License-Identifier: MIT
// Training with gradients of half precision.
//
//   adjoint::amp::GradScaler scaler;
//   auto step = adjoint::capture([&](const Tensor& x, const Tensor& y) {
//     optimizer.zero_grad();
//     Tensor loss = nn::functional::cross_entropy(net->forward(x.to(kHalf)).to(kFloat), y);
//     scaler.scale(loss).backward();
//     scaler.step(optimizer);
//     scaler.update();
//     return loss;
//   });
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adjoint/export.h"
#include "adjoint/optim/optimizer.h"
#include "adjoint/options.h"
#include "adjoint/ordered_dict.h"
#include "adjoint/tensor.h"

namespace adjoint::amp {

class GradScalerOptions {
 public:
  GradScalerOptions(double init_scale = 65536) : init_scale_(init_scale) {}
  ADJOINT_OPTION(GradScalerOptions, double, init_scale, 65536);
  /// What the scale is multiplied by after growth_interval steps with finite gradients, > 1.
  ADJOINT_OPTION(GradScalerOptions, double, growth_factor, 2);
  /// What it is multiplied by after a step with gradients that are not, < 1.
  ADJOINT_OPTION(GradScalerOptions, double, backoff_factor, 0.5);
  ADJOINT_OPTION(GradScalerOptions, int64_t, growth_interval, 2000);
  /// False: scale() returns its argument, step() steps, and the rest does nothing.
  ADJOINT_OPTION(GradScalerOptions, bool, enabled, true);
};

/// The loss times a number, so that gradients in half precision do not vanish, and gradients
/// divided by it before the step; a step with gradients that are inf or NaN is left out, and the
/// number made smaller. As PyTorch's torch.amp.GradScaler. P. Micikevicius et al., Mixed precision
/// training (ICLR 2018).
///
/// Scale, growth and what was found in the gradients live on the device. An eager step() reads the
/// last of these on the host, which waits. In a captured step nothing does: replays leave the step
/// out on the device. It must outlive the step that it is captured in. One thread at a time.
class ADJOINT_API GradScaler {
 public:
  /// Throws ValueError for a growth_factor of at most 1, a backoff_factor of at least 1 and a
  /// growth_interval below 1.
  explicit GradScaler(const GradScalerOptions& options = {});
  ~GradScaler();
  GradScaler(const GradScaler&) = delete;
  GradScaler& operator=(const GradScaler&) = delete;

  /// `outputs` (floating point) times the scale, which is made on the device of the first of them.
  Tensor scale(const Tensor& outputs);
  std::vector<Tensor> scale(const std::vector<Tensor>& outputs);

  /// Divides the gradients of the optimizer's parameters by the scale, in place and in one kernel
  /// for each device and dtype, and looks for inf and NaN in them. For programs that work on
  /// gradients (to clip them) before step(), which does it otherwise. Throws Error where it was
  /// done since the last update(), and ValueError for gradients of kHalf: keep parameters in
  /// kFloat.
  void unscale_(optim::Optimizer& optimizer);
  /// Steps if all gradients are finite. Once for each optimizer between updates; throws Error for
  /// more, and where no parameter has a gradient.
  void step(optim::Optimizer& optimizer);
  /// Moves the scale on, after the step of every optimizer; or sets it to `new_scale`. Throws Error
  /// where nothing was scaled or no gradients were looked at.
  void update(std::optional<double> new_scale = std::nullopt);

  /// Reads it on the host. 1 where the scaler is not enabled.
  double get_scale() const;
  double get_growth_factor() const noexcept { return options_.growth_factor(); }
  void set_growth_factor(double factor);
  double get_backoff_factor() const noexcept { return options_.backoff_factor(); }
  void set_backoff_factor(double factor);
  int64_t get_growth_interval() const noexcept { return options_.growth_interval(); }
  void set_growth_interval(int64_t interval);
  bool is_enabled() const noexcept { return options_.enabled(); }

  /// By PyTorch's names: "scale", "growth_factor", "backoff_factor", "growth_interval" and
  /// "_growth_tracker", 0-d tensors on the host; empty where the scaler is not enabled.
  OrderedDict<std::string, Tensor> state_dict() const;
  /// Does nothing where the scaler is not enabled. Throws Error for missing entries.
  void load_state_dict(const OrderedDict<std::string, Tensor>& state);

 private:
  enum class Stage : unsigned char { Ready, Unscaled, Stepped };
  /// What is known of an optimizer since the last update.
  struct PerOptimizer {
    const optim::Optimizer* optimizer;
    Stage stage = Stage::Ready;
    std::vector<Tensor> found_inf;  // its element of found_inf_, for each device of its gradients
  };
  void make(Device device);
  void write_settings();
  PerOptimizer& entry(const optim::Optimizer& optimizer);
  Tensor found_inf_of(const PerOptimizer& entry, Device device);
  bool has_found_inf(const PerOptimizer& entry) const;

  GradScalerOptions options_;
  double start_scale_;
  int64_t start_tracker_ = 0;
  // On the device; undefined until something is scaled.
  Tensor scale_;           // kFloat, 0-d
  Tensor growth_tracker_;  // kInt, 0-d: steps since the scale has changed
  Tensor settings_;        // kDouble {3}: growth factor, backoff factor, growth interval
  // On each device of gradients, that of the scale first: kFloat, an element for each optimizer,
  // which is 0 but from unscale_ to update.
  std::vector<Tensor> found_inf_;
  std::vector<PerOptimizer> optimizers_;
};

}  // namespace adjoint::amp
