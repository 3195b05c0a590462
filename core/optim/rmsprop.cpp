// SPDX-License-Identifier: MIT
#include "adjoint/optim/rmsprop.h"

#include "core/optim/update_list.h"

namespace adjoint {
namespace {

constinit RmspropOp rmsprop_op{"rmsprop_update", {.differentiable = false}};

}  // namespace

void register_rmsprop_ops(OpRegistry& registry) { registry.add(rmsprop_op); }

namespace optim {
namespace {

using namespace rmsprop_state;

const RMSpropOptions& checked(const RMSpropOptions& o) {
  ADJOINT_CHECK_VALUE(o.lr() >= 0, "Invalid learning rate: ", o.lr());
  ADJOINT_CHECK_VALUE(o.eps() >= 0, "Invalid epsilon value: ", o.eps());
  ADJOINT_CHECK_VALUE(o.momentum() >= 0, "Invalid momentum value: ", o.momentum());
  ADJOINT_CHECK_VALUE(o.weight_decay() >= 0, "Invalid weight_decay value: ", o.weight_decay());
  ADJOINT_CHECK_VALUE(o.alpha() >= 0, "Invalid alpha value: ", o.alpha());
  return o;
}

}  // namespace

RMSprop::RMSprop(std::vector<OptimizerParamGroup> groups, RMSpropOptions defaults)
    : Optimizer(std::move(groups), checked(defaults).clone()) {
  for (OptimizerParamGroup& group : param_groups())
    checked(static_cast<RMSpropOptions&>(group.options()));
}
RMSprop::RMSprop(std::vector<Tensor> params, RMSpropOptions defaults)
    : RMSprop({OptimizerParamGroup(std::move(params))}, defaults) {}

std::vector<Optimizer::StateName> RMSprop::state_names() const {
  return {{"square_avg", true}, {"momentum_buffer", false}, {"grad_avg", false}};
}

namespace {

bool needs(const RMSpropOptions& o, int state) {
  return state == kSquareAvg || (state == kMomentumBuffer ? o.momentum() > 0 : o.centered());
}

struct MakeUpdate {
  template <class State>
  bool operator()(const OptimizerOptions& options, const State&, const RmspropTensors& tensors,
                  RmspropUpdate& update) const {
    const auto& o = static_cast<const RMSpropOptions&>(options);
    update = {o.lr(),       o.alpha(),    o.eps(),     o.weight_decay(),
              o.momentum(), o.centered(), o.maximize()};
    for (int i = 0; i < kCount; ++i) {
      if (needs(o, i) != tensors.state[i].defined()) return false;
    }
    return true;
  }
};

}  // namespace

void RMSprop::step() {
  UpdateList<RmspropTensors, RmspropUpdate, State> updates;
  detail::FlatStates fresh;
  for_each_parameter<RMSpropOptions>(
      [&](const Tensor& param, const Tensor& grad, State& state, const RMSpropOptions& o) {
        state.tensors.resize(kCount);
        RmspropTensors tensors;
        for (int i = 0; i < kCount; ++i) {
          if (!needs(o, i)) continue;
          if (!state.tensors[i].defined()) state.tensors[i] = fresh.zeros_like(param, i);
          tensors.state[i] = state.tensors[i];
        }
        RmspropUpdate update{};
        MakeUpdate{}(o, state, tensors, update);
        updates.add(param, grad, state, update, std::move(tensors), &o);
      });
  updates.run(
      rmsprop_op, [](State& state, const RmspropTensors&) { ++state.step; }, states_are_there(),
      MakeUpdate{});
}

}  // namespace optim
}  // namespace adjoint
