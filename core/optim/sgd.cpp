// SPDX-License-Identifier: MIT
#include "adjoint/optim/sgd.h"

#include "adjoint/ops.h"
#include "core/optim/update_list.h"

namespace adjoint {
namespace {

constinit SgdOp sgd_op{"sgd_update", {.differentiable = false}};

}  // namespace

void register_sgd_ops(OpRegistry& registry) { registry.add(sgd_op); }

namespace optim {
namespace {

const SGDOptions& checked(const SGDOptions& o) {
  ADJOINT_CHECK_VALUE(o.lr() >= 0, "Invalid learning rate: ", o.lr());
  ADJOINT_CHECK_VALUE(o.momentum() >= 0, "Invalid momentum value: ", o.momentum());
  ADJOINT_CHECK_VALUE(o.weight_decay() >= 0, "Invalid weight_decay value: ", o.weight_decay());
  ADJOINT_CHECK_VALUE(!o.nesterov() || (o.momentum() > 0 && o.dampening() == 0),
                      "Nesterov momentum requires a momentum and zero dampening");
  return o;
}

}  // namespace

SGD::SGD(std::vector<OptimizerParamGroup> groups, SGDOptions defaults)
    : Optimizer(std::move(groups), checked(defaults).clone()) {
  for (OptimizerParamGroup& group : param_groups())
    checked(static_cast<SGDOptions&>(group.options()));
}
SGD::SGD(std::vector<Tensor> params, SGDOptions defaults)
    : SGD({OptimizerParamGroup(std::move(params))}, defaults) {}

std::vector<Optimizer::StateName> SGD::state_names() const { return {{"momentum_buffer", false}}; }

namespace {

template <class State>
SgdUpdate update_of(const SGDOptions& o, const State& state) {
  const bool first = state.tensors.empty() || !state.tensors[0].defined();
  return {o.lr(), o.momentum(), o.dampening(), o.weight_decay(), o.nesterov(), o.maximize(), first};
}

struct MakeUpdate {
  template <class State>
  bool operator()(const OptimizerOptions& options, const State& state, const SgdTensors& tensors,
                  SgdUpdate& update) const {
    const auto& o = static_cast<const SGDOptions&>(options);
    update = update_of(o, state);
    return (o.momentum() != 0) == tensors.state[sgd_state::kMomentumBuffer].defined();
  }
};

}  // namespace

void SGD::step() {
  UpdateList<SgdTensors, SgdUpdate, State> updates;
  detail::FlatStates fresh;
  for_each_parameter<SGDOptions>(
      [&](const Tensor& param, const Tensor& grad, State& state, const SGDOptions& o) {
        const SgdUpdate update = update_of(o, state);
        Tensor buffer;
        if (o.momentum() != 0) {
          buffer = !update.first_step         ? state.tensors[0]
                   : detail::flat_slot(param) ? fresh.zeros_like(param, 0)
                                              : empty(param.sizes(), param.options());
        }
        updates.add(param, grad, state, update, {{}, {}, {std::move(buffer)}}, &o);
      });
  updates.run(
      sgd_op,
      [](State& state, const SgdTensors& updated) {
        ++state.step;
        state.tensors.resize(1);
        const Tensor& buffer = updated.state[sgd_state::kMomentumBuffer];
        if (buffer.defined()) state.tensors[0] = buffer;
      },
      states_are_there(), MakeUpdate{});
}

}  // namespace optim
}  // namespace adjoint
