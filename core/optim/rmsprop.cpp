// SPDX-License-Identifier: MIT
#include "adjoint/optim/rmsprop.h"

#include "core/optim/composed.h"
#include "core/util/denormals.h"

namespace adjoint::optim {
namespace {

enum StateTensor { kSquareAvg, kMomentumBuffer, kGradAvg, kNumStateTensors };

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

void RMSprop::step() {
  refuse_capture("RMSprop::step", "record steps of SGD, Adam or AdamW");
  FlushDenormalGuard flush_denormals;
  auto check = [](const Tensor& param, const Tensor& grad, State&, const RMSpropOptions&) {
    check_update(param, grad);
  };
  for_each_parameter<RMSpropOptions>(check);
  detail::FlatStates fresh;
  ComposedSteps<State, RMSpropOptions> steps;
  for_each_parameter<RMSpropOptions>(
      [&](const Tensor& param, const Tensor&, State& state, const RMSpropOptions& o) {
        state.tensors.resize(kNumStateTensors);
        const bool needed[] = {true, o.momentum() > 0, o.centered()};
        for (int i = 0; i < kNumStateTensors; ++i) {
          if (needed[i] && !state.tensors[i].defined())
            state.tensors[i] = fresh.zeros_like(param, i);
        }
        steps.add(param, state, o);
      });
  steps.run([](const Tensor& param, const Tensor& grad, const std::vector<Tensor>& kept, int64_t,
               const RMSpropOptions& o) {
    const Tensor g = direction(param, grad, o);
    kept[kSquareAvg].mul_(o.alpha()).add_(g * g, 1 - o.alpha());
    Tensor size = kept[kSquareAvg];
    if (o.centered()) {
      const Tensor& mean = kept[kGradAvg];
      mean.add_(g - mean, 1 - o.alpha());
      size = size - mean * mean;
    }
    const Tensor update = g / (size.sqrt() + o.eps());
    if (o.momentum() > 0) {
      kept[kMomentumBuffer].mul_(o.momentum()).add_(update);
      param.add_(kept[kMomentumBuffer], -o.lr());
    } else {
      param.add_(update, -o.lr());
    }
  });
}

}  // namespace adjoint::optim
