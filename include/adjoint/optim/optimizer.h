// SPDX-License-Identifier: MIT
// Optimizer: parameters in groups, each with its options.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/options.h"
#include "adjoint/ordered_dict.h"
#include "adjoint/tensor.h"

namespace adjoint::optim {

/// Settings of a parameter group; each optimizer has its own kind.
class ADJOINT_API OptimizerOptions {
 public:
  virtual ~OptimizerOptions();
  virtual std::unique_ptr<OptimizerOptions> clone() const = 0;
  virtual double get_lr() const = 0;
  virtual void set_lr(double lr) = 0;
};

template <class Derived>
class OptimizerCloneableOptions : public OptimizerOptions {
 public:
  std::unique_ptr<OptimizerOptions> clone() const override {
    // Not by make_unique, whose pointers to each kind of options would be compiled everywhere.
    return std::unique_ptr<OptimizerOptions>(new Derived(static_cast<const Derived&>(*this)));
  }
  double get_lr() const override { return static_cast<const Derived&>(*this).lr(); }
  void set_lr(double lr) override { static_cast<Derived&>(*this).lr(lr); }
};

/// `options` left out: the optimizer's defaults.
class ADJOINT_API OptimizerParamGroup {
 public:
  OptimizerParamGroup(std::vector<Tensor> params) : params_(std::move(params)) {}
  OptimizerParamGroup(std::vector<Tensor> params, std::unique_ptr<OptimizerOptions> options)
      : params_(std::move(params)), options_(std::move(options)) {}
  OptimizerParamGroup(const OptimizerParamGroup& other);
  OptimizerParamGroup(OptimizerParamGroup&&) noexcept = default;

  std::vector<Tensor>& params() { return params_; }
  const std::vector<Tensor>& params() const { return params_; }
  bool has_options() const { return bool(options_); }
  OptimizerOptions& options() { return *options_; }
  const OptimizerOptions& options() const { return *options_; }
  void set_options(std::unique_ptr<OptimizerOptions> options) { options_ = std::move(options); }

 private:
  std::vector<Tensor> params_;
  std::unique_ptr<OptimizerOptions> options_;
};

/// What computes the loss and its gradients, with its type forgotten.
class ADJOINT_API LossClosure {
 public:
  virtual ~LossClosure();
  virtual Tensor call() = 0;
};

/// Not safe to use from several threads at once.
class ADJOINT_API Optimizer {
 public:
  virtual ~Optimizer();
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Throws ValueError for a parameter that is no leaf, or that another group has.
  void add_param_group(const OptimizerParamGroup& group);
  std::vector<OptimizerParamGroup>& param_groups() { return groups_; }
  const std::vector<OptimizerParamGroup>& param_groups() const { return groups_; }
  const OptimizerOptions& defaults() const { return *defaults_; }

  /// Sets the gradients to none, or to zero.
  void zero_grad(bool set_to_none = true);
  /// Changes every parameter that has a gradient. Nothing is recorded.
  virtual void step() = 0;
  /// With a function that computes the loss and its gradients; returns the loss.
  template <class Closure>
  Tensor step(Closure&& closure) {
    struct Of final : LossClosure {
      explicit Of(Closure& c) : function(c) {}
      Tensor call() override {
        AutoGradMode grad(true);
        return function();
      }
      Closure& function;
    } of(closure);
    return step_with(of);
  }

  /// Number of parameters.
  size_t size() const;
  /// What was gathered so far (moments, step counts) by parameter and name: "0.exp_avg", "0.step".
  /// Counts are 0-d float tensors, as PyTorch has them. Load it into an optimizer of the same
  /// parameters; throws Error for missing or unexpected entries and wrong shapes.
  virtual OrderedDict<std::string, Tensor> state_dict() const;
  virtual void load_state_dict(const OrderedDict<std::string, Tensor>& state);

 protected:
  explicit Optimizer(std::vector<OptimizerParamGroup> groups,
                     std::unique_ptr<OptimizerOptions> defaults);
  /// step(closure): calls it, and steps.
  virtual Tensor step_with(LossClosure& closure);
  /// What an optimizer keeps of one parameter: a step count and tensors of its shape, undefined
  /// until needed.
  struct State {
    int64_t step = 0;
    std::vector<Tensor> tensors;
    /// Counts, on their devices, of the steps in `step` that were none: replays that left them out.
    std::vector<Tensor> skipped;
  };
  /// A State's tensors by name; those not required are only there with some options.
  struct StateName {
    const char* name;
    bool required;
  };
  virtual std::vector<StateName> state_names() const = 0;
  /// False from when states that were handed out may be elsewhere.
  const std::shared_ptr<bool>& states_are_there() const { return states_are_there_; }
  /// Calls f(param, grad, state, options) for each parameter that has a gradient.
  template <class Options, class F>
  void for_each_parameter(F f) {
    note_step();
    NoGradGuard no_grad;
    size_t index = 0;
    for (OptimizerParamGroup& group : groups_) {
      auto& options = static_cast<Options&>(group.options());
      for (Tensor& param : group.params()) {
        State& state = states_[index++];
        const Tensor& grad = param.grad();
        if (grad.defined()) f(param, grad, state, options);
      }
    }
  }

 private:
  void note_step();
  void note_new_states();
  void settle_skipped_steps();

  std::vector<OptimizerParamGroup> groups_;
  std::unique_ptr<OptimizerOptions> defaults_;
  std::vector<State> states_;
  std::shared_ptr<bool> states_are_there_ = std::make_shared<bool>(true);
};

}  // namespace adjoint::optim
