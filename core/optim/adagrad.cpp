// SPDX-License-Identifier: MIT
#include "adjoint/optim/adagrad.h"

#include "core/optim/composed.h"
#include "core/util/denormals.h"

namespace adjoint::optim {
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

void Adagrad::step() {
  refuse_capture("Adagrad::step", "record steps of SGD, Adam or AdamW");
  FlushDenormalGuard flush_denormals;
  auto check = [](const Tensor& param, const Tensor& grad, State&, const AdagradOptions&) {
    check_update(param, grad);
  };
  for_each_parameter<AdagradOptions>(check);
  const double start = static_cast<const AdagradOptions&>(defaults()).initial_accumulator_value();
  detail::FlatStates fresh;
  ComposedSteps<State, AdagradOptions> steps;
  for_each_parameter<AdagradOptions>(
      [&](const Tensor& param, const Tensor&, State& state, const AdagradOptions& o) {
        state.tensors.resize(1);
        Tensor& sum = state.tensors[0];
        if (!sum.defined()) {
          sum = fresh.zeros_like(param, 0);
          if (start != 0) sum.fill_(start);
        }
        steps.add(param, state, o);
      });
  steps.run([](const Tensor& param, const Tensor& grad, const std::vector<Tensor>& kept,
               int64_t step, const AdagradOptions& o) {
    const double rate = o.lr() / (1 + double(step) * o.lr_decay());
    const Tensor g = direction(param, grad, o);
    kept[0].add_(g * g);
    param.add_(g / (kept[0].sqrt() + o.eps()), -rate);
  });
}

}  // namespace adjoint::optim
