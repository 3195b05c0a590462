// SPDX-License-Identifier: MIT
#include "adjoint/optim/adam.h"

#include "adjoint/ops.h"
#include "core/optim/update_list.h"

namespace adjoint {
namespace {

constinit AdamOp adam_op{"adam_update", {.differentiable = false}};

}  // namespace

void register_adam_ops(OpRegistry& registry) { registry.add(adam_op); }

namespace optim {
namespace {

using namespace adam_state;

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

template <class State, class Options>
AdamUpdate update_of(const Options& o, const State& state, bool decoupled) {
  auto [beta1, beta2] = o.betas();
  return {o.lr(), beta1, beta2, o.eps(), o.weight_decay(), decoupled, o.maximize(), state.step + 1};
}

template <class Options>
struct MakeUpdate {
  bool decoupled;
  template <class State>
  bool operator()(const OptimizerOptions& options, const State& state, const AdamTensors& tensors,
                  AdamUpdate& update) const {
    const auto& o = static_cast<const Options&>(options);
    update = update_of(o, state, decoupled);
    return o.amsgrad() == tensors.state[kMaxExpAvgSq].defined();
  }
};

template <class State, class Options>
void add_update(UpdateList<AdamTensors, AdamUpdate, State>& updates, const Tensor& param,
                const Tensor& grad, State& state, const Options& o, bool decoupled,
                detail::FlatStates& fresh) {
  std::vector<Tensor>& kept = state.tensors;
  if (kept.empty()) kept.resize(kCount);
  for (int i = 0; i < kCount; ++i) {
    bool needed = i != kMaxExpAvgSq || o.amsgrad();
    if (!needed || kept[i].defined()) continue;
    kept[i] = fresh.zeros_like(param, i);
  }
  updates.add(
      param, grad, state, update_of(o, state, decoupled),
      {{}, {}, {kept[kExpAvg], kept[kExpAvgSq], o.amsgrad() ? kept[kMaxExpAvgSq] : Tensor()}}, &o);
}

void count_step(auto& state, const AdamTensors&) { ++state.step; }

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
  UpdateList<AdamTensors, AdamUpdate, State> updates;
  detail::FlatStates fresh;
  for_each_parameter<AdamOptions>(
      [&](const Tensor& param, const Tensor& grad, State& state, const AdamOptions& o) {
        add_update(updates, param, grad, state, o, false, fresh);
      });
  updates.run(adam_op, count_step<State>, states_are_there(), MakeUpdate<AdamOptions>{false});
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
  UpdateList<AdamTensors, AdamUpdate, State> updates;
  detail::FlatStates fresh;
  for_each_parameter<AdamWOptions>(
      [&](const Tensor& param, const Tensor& grad, State& state, const AdamWOptions& o) {
        add_update(updates, param, grad, state, o, true, fresh);
      });
  updates.run(adam_op, count_step<State>, states_are_there(), MakeUpdate<AdamWOptions>{true});
}

}  // namespace optim
}  // namespace adjoint
