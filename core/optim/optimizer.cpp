// SPDX-License-Identifier: MIT
#include "adjoint/optim/optimizer.h"

#include <algorithm>

#include "adjoint/ops.h"
#include "core/autograd/flat_parameters.h"
#include "core/capture/recorder.h"
#include "core/capture/replay_values.h"
#include "core/optim/found_inf.h"

namespace adjoint {

thread_local FoundInfScope* FoundInfScope::current_ = nullptr;

namespace optim {

OptimizerOptions::~OptimizerOptions() = default;
Optimizer::~Optimizer() { *states_are_there_ = false; }

void Optimizer::note_step() {
  settle_skipped_steps();
  if (Recorder* recorder = recorder_of_thread()) [[unlikely]]
    recorder->begin_update();
}
/// What replays counted on a device, on the host.
void Optimizer::settle_skipped_steps() {
  std::vector<std::pair<Tensor, int64_t>> counts;
  for (State& state : states_) {
    for (const Tensor& counter : state.skipped) {
      auto known = std::find_if(counts.begin(), counts.end(),
                                [&](const auto& c) { return c.first.is_same(counter); });
      if (known == counts.end()) {
        detail::UnrecordedScope own_work;
        known = counts.emplace(known, counter, counter.item<int64_t>());
      }
      state.step -= known->second;
    }
    state.skipped.clear();
  }
  for (const auto& c : counts) {
    const int64_t none = 0;
    write_values(c.first, &none, sizeof none);
  }
}

void Optimizer::note_new_states() {
  *states_are_there_ = false;
  states_are_there_ = std::make_shared<bool>(true);
}
LossClosure::~LossClosure() = default;

OptimizerParamGroup::OptimizerParamGroup(const OptimizerParamGroup& other)
    : params_(other.params_), options_(other.options_ ? other.options_->clone() : nullptr) {}

Optimizer::Optimizer(std::vector<OptimizerParamGroup> groups,
                     std::unique_ptr<OptimizerOptions> defaults)
    : defaults_(std::move(defaults)) {
  for (OptimizerParamGroup& group : groups) add_param_group(group);
}

void Optimizer::add_param_group(const OptimizerParamGroup& group) {
  for (const Tensor& param : group.params()) {
    ADJOINT_CHECK_VALUE(param.is_leaf(), "can't optimize a non-leaf Tensor");
    for (const OptimizerParamGroup& other : groups_) {
      for (const Tensor& t : other.params()) {
        ADJOINT_CHECK_VALUE(!t.is_same(param),
                            "some parameters appear in more than one parameter group");
      }
    }
  }
  OptimizerParamGroup& added = groups_.emplace_back(group);
  if (!added.has_options()) added.set_options(defaults_->clone());
  states_.resize(size());
  note_new_states();
}

Tensor Optimizer::step_with(LossClosure& closure) {
  Tensor loss = closure.call();
  step();
  return loss;
}

size_t Optimizer::size() const {
  size_t n = 0;
  for (const OptimizerParamGroup& group : groups_) n += group.params().size();
  return n;
}

void Optimizer::zero_grad(bool set_to_none) {
  for (OptimizerParamGroup& group : groups_) {
    if (set_to_none) {
      for (Tensor& param : group.params()) {
        if (param.grad().defined()) param.mutable_grad().reset();
      }
    } else {
      NoGradGuard no_grad;
      for (Tensor& param : group.params()) {
        if (param.grad().defined()) param.mutable_grad().detach_();
      }
      detail::GradientRuns gradients(group.params());
      for (const Tensor& g : gradients.all()) g.zero_();
    }
  }
}

OrderedDict<std::string, Tensor> Optimizer::state_dict() const {
  OrderedDict<std::string, Tensor> out;
  const std::vector<StateName> names = state_names();
  for (size_t i = 0; i < states_.size(); ++i) {
    const State& state = states_[i];
    int64_t step = state.step;
    for (const Tensor& counter : state.skipped) step -= counter.item<int64_t>();
    if (step == 0) continue;
    out.insert(detail::str(i, ".step"), full({}, double(step), device(kCPU)));
    for (size_t k = 0; k < state.tensors.size(); ++k) {
      if (state.tensors[k].defined())
        out.insert(detail::str(i, ".", names[k].name), state.tensors[k]);
    }
  }
  return out;
}

void Optimizer::load_state_dict(const OrderedDict<std::string, Tensor>& dict) {
  NoGradGuard no_grad;
  const std::vector<StateName> names = state_names();
  std::vector<State> loaded(states_.size());
  std::vector<Tensor> params;
  for (const OptimizerParamGroup& group : groups_)
    params.insert(params.end(), group.params().begin(), group.params().end());
  detail::FlatStates segments;
  size_t used = 0;
  for (size_t i = 0; i < loaded.size(); ++i) {
    const Tensor* step = dict.find(detail::str(i, ".step"));
    if (!step) continue;
    ++used;
    const double count = step->item<double>();
    ADJOINT_CHECK(count >= 1 && count < 0x1p53, "load_state_dict: ", i,
                  ".step: expected a number of steps, got ", count);
    loaded[i].step = int64_t(count);
    loaded[i].tensors.resize(names.size());
    for (size_t k = 0; k < names.size(); ++k) {
      const Tensor* tensor = dict.find(detail::str(i, ".", names[k].name));
      ADJOINT_CHECK(tensor || !names[k].required, "load_state_dict: expected ", i, ".",
                    names[k].name, " beside ", i, ".step, got none");
      if (!tensor) continue;
      ++used;
      ADJOINT_CHECK(tensor->sizes() == params[i].sizes(), "load_state_dict: ", i, ".",
                    names[k].name, ": expected shape ", params[i].sizes(), ", got ",
                    tensor->sizes());
      if (detail::flat_slot(params[i])) {
        loaded[i].tensors[k] = segments.zeros_like(params[i], int(k)).copy_(*tensor);
      } else {
        loaded[i].tensors[k] = tensor->to(params[i].device(), params[i].dtype(), false, true);
      }
    }
  }
  ADJOINT_CHECK(used == dict.size(), "load_state_dict: ", dict.size() - used, " of ", dict.size(),
                " entries belong to no parameter of this optimizer");
  states_ = std::move(loaded);
  note_new_states();
}

}  // namespace optim
}  // namespace adjoint
