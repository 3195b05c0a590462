// SPDX-License-Identifier: MIT
#include "adjoint/function.h"

#include <algorithm>
#include <map>
#include <memory>

#include "adjoint/ops.h"
#include "core/autograd/record.h"

namespace adjoint::autograd {

struct AutogradContext::State {
  variable_list to_save;
  std::vector<SavedTensor> saved;
  Node* node = nullptr;
  std::map<std::string, std::unique_ptr<AnyHolder>> data;
  variable_list dirty, non_differentiable;
};

AutogradContext::AutogradContext() : state_(new State()) {}
AutogradContext::~AutogradContext() { delete state_; }

void AutogradContext::save_for_backward(variable_list to_save) {
  state_->to_save = std::move(to_save);
}

variable_list AutogradContext::get_saved_variables() const {
  variable_list out;
  for (const SavedTensor& t : state_->saved) out.push_back(t.unpack(*state_->node));
  return out;
}

void AutogradContext::set_any(const std::string& name, AnyHolder* value) {
  state_->data[name].reset(value);
}

AutogradContext::AnyHolder* AutogradContext::get_any(const std::string& name,
                                                     const void* type) const {
  auto found = state_->data.find(name);
  ADJOINT_CHECK(found != state_->data.end(), "AutogradContext: nothing is kept under the name '",
                name, "'");
  ADJOINT_CHECK(found->second->type() == type, "AutogradContext: what is kept under the name '",
                name, "' has another type than the one asked for");
  return found->second.get();
}

void AutogradContext::mark_dirty(const variable_list& inputs) { state_->dirty = inputs; }
void AutogradContext::mark_non_differentiable(const variable_list& outputs) {
  state_->non_differentiable = outputs;
}
bool AutogradContext::needs_input_grad(size_t i) const {
  ADJOINT_CHECK_INDEX(state_->node && i < state_->node->num_outputs(),
                      "needs_input_grad: no tensor argument ", i);
  return state_->node->task_should_compute_output(i);
}

CustomNode::~CustomNode() = default;

std::string CustomNode::node_name(const std::string& pretty_function) {
  size_t from = pretty_function.find("T = ") + 4;
  std::string type = pretty_function.substr(from, pretty_function.find_first_of(";]", from) - from);
  size_t scope = type.rfind("::");
  return (scope == std::string::npos ? type : type.substr(scope + 2)) + "Backward";
}

namespace {

bool contains(const variable_list& list, const Tensor& t) {
  return std::any_of(list.begin(), list.end(), [&](const Tensor& x) { return x.is_same(t); });
}

/// An input that forward returned as it is: a tensor of its own, so that the input's history stays.
Tensor fresh_handle(const Tensor& t) {
  NoGradGuard no_grad;
  return t.view(t.sizes());
}

}  // namespace

variable_list CustomNode::run(intrusive_ptr<CustomNode> node, const variable_list& inputs) {
  AutogradContext& context = node->context_;
  AutogradContext::State& state = *context.state_;
  state.node = node.get();
  bool record = needs_grad(TensorList(inputs));
  for (const Tensor& input : inputs) {
    node->add_next_edge(record && input.defined() ? gradient_edge(input) : Edge());
  }
  variable_list outputs;
  {
    NoGradGuard no_grad;
    outputs = node->call_forward(&context);
  }
  for (const Tensor& dirty : state.dirty) {
    ADJOINT_CHECK(contains(inputs, dirty), node->name(),
                  ": mark_dirty: a tensor is no argument of forward");
    check_inplace(dirty);
    bump_version(dirty);
  }
  for (Tensor& output : outputs) {
    if (!output.defined()) {
      node->add_undefined_input();
      continue;
    }
    bool differentiable =
        record && isFloatingType(output.dtype()) && !contains(state.non_differentiable, output);
    bool is_input = contains(inputs, output), is_dirty = contains(state.dirty, output);
    if (is_input && !is_dirty) output = fresh_handle(output);
    if (!differentiable) {
      node->add_input_metadata(output);
      if (!is_dirty) output.impl()->set_grad_fn(nullptr, 0);
    } else if (is_dirty) {
      rebase_history(output, node);
    } else {
      set_history(output, node);
      if (output.is_view()) output.impl()->set_creation_meta(CreationMeta::InCustomFunction);
    }
  }
  if (record) {
    for (const Tensor& t : state.to_save) {
      SavedTensor& saved = state.saved.emplace_back();
      if (!t.defined()) continue;
      if (t.impl()->grad_fn_unchecked() == node) {
        saved.save_output(t);
      } else {
        saved.save(t);
      }
    }
  }
  state.to_save.clear();
  state.dirty.clear();
  state.non_differentiable.clear();
  return outputs;
}

GradList CustomNode::apply(GradList&& grads) {
  variable_list list(grads.begin(), grads.end());
  if (context_.materialize_grads_) {
    for (size_t i = 0; i < list.size(); ++i) {
      const InputMetadata& m = input_metadata(i);
      if (!list[i].defined())
        list[i] = zeros(m.sizes, TensorOptions(m.dtype).device(m.stream.device()));
    }
  }
  variable_list results = call_backward(&context_, std::move(list));
  bool per_tensor = results.size() == tensor_positions_.size();
  ADJOINT_CHECK(results.size() == num_arguments_ || per_tensor, "function ", name(),
                " returned an incorrect number of gradients (expected ", num_arguments_, ", got ",
                results.size(), ")");
  GradList out(num_outputs());
  for (size_t i = 0; i < num_outputs(); ++i) {
    out[i] = std::move(results[results.size() == num_arguments_ ? tensor_positions_[i] : i]);
  }
  return out;
}

void CustomNode::release_variables() {
  for (SavedTensor& t : context_.state_->saved) t.release();
}

}  // namespace adjoint::autograd
