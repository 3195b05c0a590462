// SPDX-License-Identifier: MIT
#include "adjoint/optim/adam.h"

#include <cmath>

#include "adjoint/ops.h"
#include "core/optim/update.h"

namespace adjoint {
namespace {

constinit AdamOp adam_op{"adam_update", {.differentiable = false}};

}  // namespace

void register_adam_ops(OpRegistry& registry) { registry.add(adam_op); }

namespace optim {
namespace {

enum StateTensor { kExpAvg, kExpAvgSq, kMaxExpAvgSq, kNumStateTensors };

template <class Options>
const Options& checked(const Options& o) {
  auto [beta1, beta2] = o.betas();
  ADJOINT_CHECK_VALUE(o.lr() >= 0, "Invalid learning rate: ", o.lr());
  ADJOINT_CHECK_VALUE(o.eps() >= 0, "Invalid epsilon value: ", o.eps());
  ADJOINT_CHECK_VALUE(beta1 >= 0 && beta1 < 1, "Invalid beta parameter at index 0: ", beta1);
  ADJOINT_CHECK_VALUE(beta2 >= 0 && beta2 < 1, "Invalid beta parameter at index 1: ", beta2);
  ADJOINT_CHECK_VALUE(o.weight_decay() >= 0, "Invalid weight_decay value: ", o.weight_decay());
  return o;
}

template <class Options>
void check_groups(std::vector<OptimizerParamGroup>& groups) {
  for (OptimizerParamGroup& group : groups) checked(static_cast<Options&>(group.options()));
}

template <class Options, class State>
void update_with(const Tensor& param, const Tensor& grad, State& state, const Options& o,
                 bool decoupled) {
  ++state.step;
  if (state.tensors.empty()) {
    state.tensors.resize(kNumStateTensors);
    state.tensors[kExpAvg] = zeros(param.sizes(), param.options());
    state.tensors[kExpAvgSq] = zeros(param.sizes(), param.options());
  }
  if (o.amsgrad() && !state.tensors[kMaxExpAvgSq].defined()) {
    state.tensors[kMaxExpAvgSq] = zeros(param.sizes(), param.options());
  }
  auto [beta1, beta2] = o.betas();
  AdamUpdate update{o.lr(),
                    beta1,
                    beta2,
                    o.eps(),
                    o.weight_decay(),
                    decoupled,
                    o.maximize(),
                    1 - std::pow(beta1, double(state.step)),
                    std::sqrt(1 - std::pow(beta2, double(state.step)))};
  update_parameter(param, grad, [&](const Tensor& p, const Tensor& g) {
    adam_op(current_stream(p.device()), p, g, state.tensors[kExpAvg], state.tensors[kExpAvgSq],
            o.amsgrad() ? state.tensors[kMaxExpAvgSq] : Tensor(), update);
  });
}

}  // namespace

Adam::Adam(std::vector<OptimizerParamGroup> groups, AdamOptions defaults)
    : Optimizer(std::move(groups), checked(defaults).clone()) {
  check_groups<AdamOptions>(param_groups());
}
Adam::Adam(std::vector<Tensor> params, AdamOptions defaults)
    : Adam({OptimizerParamGroup(std::move(params))}, defaults) {}
std::vector<Optimizer::StateName> Adam::state_names() const {
  return {{"exp_avg", true}, {"exp_avg_sq", true}, {"max_exp_avg_sq", false}};
}
void Adam::step() {
  for_each_parameter<AdamOptions>(
      [](const Tensor& param, const Tensor& grad, State& state, const AdamOptions& o) {
        update_with(param, grad, state, o, false);
      });
}

AdamW::AdamW(std::vector<OptimizerParamGroup> groups, AdamWOptions defaults)
    : Optimizer(std::move(groups), checked(defaults).clone()) {
  check_groups<AdamWOptions>(param_groups());
}
AdamW::AdamW(std::vector<Tensor> params, AdamWOptions defaults)
    : AdamW({OptimizerParamGroup(std::move(params))}, defaults) {}
std::vector<Optimizer::StateName> AdamW::state_names() const {
  return {{"exp_avg", true}, {"exp_avg_sq", true}, {"max_exp_avg_sq", false}};
}
void AdamW::step() {
  for_each_parameter<AdamWOptions>(
      [](const Tensor& param, const Tensor& grad, State& state, const AdamWOptions& o) {
        update_with(param, grad, state, o, true);
      });
}

}  // namespace optim
}  // namespace adjoint
