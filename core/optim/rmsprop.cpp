// SPDX-License-Identifier: MIT
#include "adjoint/optim/rmsprop.h"

#include "core/optim/composed.h"

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
  auto check = [](const Tensor& param, const Tensor& grad, State&, const RMSpropOptions&) {
    check_update(param, grad);
  };
  for_each_parameter<RMSpropOptions>(check);
  for_each_parameter<RMSpropOptions>(
      [](const Tensor& param, const Tensor& grad, State& state, const RMSpropOptions& o) {
        std::vector<Tensor>& kept = state.tensors;
        kept.resize(kNumStateTensors);
        auto need = [&](StateTensor i) -> Tensor& {
          if (!kept[i].defined()) kept[i] = zeros(param.sizes(), param.options());
          return kept[i];
        };
        ++state.step;
        const Tensor g = direction(param, grad, o);
        need(kSquareAvg).mul_(o.alpha()).add_(g * g, 1 - o.alpha());
        Tensor size = kept[kSquareAvg];
        if (o.centered()) {
          Tensor& mean = need(kGradAvg);
          mean.add_(g - mean, 1 - o.alpha());
          size = size - mean * mean;
        }
        const Tensor update = g / (size.sqrt() + o.eps());
        if (o.momentum() > 0) {
          need(kMomentumBuffer).mul_(o.momentum()).add_(update);
          param.add_(kept[kMomentumBuffer], -o.lr());
        } else {
          param.add_(update, -o.lr());
        }
      });
}

}  // namespace adjoint::optim
