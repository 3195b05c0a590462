// SPDX-License-Identifier: MIT
#include "adjoint/optim/adagrad.h"

#include "core/optim/update_list.h"

namespace adjoint {
namespace {

constinit AdagradOp adagrad_op{"adagrad_update", {.differentiable = false}};

}  // namespace

void register_adagrad_ops(OpRegistry& registry) { registry.add(adagrad_op); }

namespace optim {
namespace {

const AdagradOptions& checked(const AdagradOptions& o) {
  ADJOINT_CHECK_VALUE(o.lr() >= 0, "Invalid learning rate: ", o.lr());
  ADJOINT_CHECK_VALUE(o.lr_decay() >= 0, "Invalid lr_decay value: ", o.lr_decay());
  ADJOINT_CHECK_VALUE(o.weight_decay() >= 0, "Invalid weight_decay value: ", o.weight_decay());
  ADJOINT_CHECK_VALUE(o.initial_accumulator_value() >= 0,
                      "Invalid initial_accumulator_value value: ", o.initial_accumulator_value());
  ADJOINT_CHECK_VALUE(o.eps() >= 0, "Invalid epsilon value: ", o.eps());
  return o;
}

}  // namespace

Adagrad::Adagrad(std::vector<OptimizerParamGroup> groups, AdagradOptions defaults)
    : Optimizer(std::move(groups), checked(defaults).clone()) {
  for (OptimizerParamGroup& group : param_groups())
    checked(static_cast<AdagradOptions&>(group.options()));
}
Adagrad::Adagrad(std::vector<Tensor> params, AdagradOptions defaults)
    : Adagrad({OptimizerParamGroup(std::move(params))}, defaults) {}

std::vector<Optimizer::StateName> Adagrad::state_names() const { return {{"sum", true}}; }

namespace {

struct MakeUpdate {
  template <class State>
  bool operator()(const OptimizerOptions& options, const State& state, const AdagradTensors&,
                  AdagradUpdate& update) const {
    const auto& o = static_cast<const AdagradOptions&>(options);
    update = {o.lr(), o.lr_decay(), o.eps(), o.weight_decay(), o.maximize(), state.step + 1};
    return true;
  }
};

}  // namespace

void Adagrad::step() {
  const double start = static_cast<const AdagradOptions&>(defaults()).initial_accumulator_value();
  UpdateList<AdagradTensors, AdagradUpdate, State> updates;
  detail::FlatStates fresh;
  for_each_parameter<AdagradOptions>(
      [&](const Tensor& param, const Tensor& grad, State& state, const AdagradOptions& o) {
        state.tensors.resize(adagrad_state::kCount);
        Tensor& sum = state.tensors[adagrad_state::kSum];
        if (!sum.defined()) {
          sum = fresh.zeros_like(param, adagrad_state::kSum);
          if (start != 0) sum.fill_(start);
        }
        const AdagradTensors tensors{{}, {}, {sum}};
        AdagradUpdate update{};
        MakeUpdate{}(o, state, tensors, update);
        updates.add(param, grad, state, update, tensors, &o);
      });
  updates.run(
      adagrad_op, [](State& state, const AdagradTensors&) { ++state.step; }, states_are_there(),
      MakeUpdate{});
}

}  // namespace optim
}  // namespace adjoint
