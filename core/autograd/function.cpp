// SPDX-License-Identifier: MIT
#include "adjoint/function.h"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "adjoint/ops.h"
#include "adjoint/warning.h"
#include "core/autograd/engine.h"
#include "core/autograd/record.h"
#include "core/autograd/turn_lock.h"
#include "core/autograd/view_history.h"

// Note [Outputs of a Function]
// Forward runs without recording; what it returns gets the Function's node as its history here.
// What is returned may be
// - a tensor of forward's own: it gets the node;
// - an input that forward did not change: a view of it takes its place, so that the input keeps its
//   own history;
// - an input that it changed (mark_dirty): the input itself, whose history goes on with the node;
// of
//   a view, the base's history;
// - a view of an input: it gets the node, and is marked so that nobody changes it in place, which
//   would bypass the node.

namespace adjoint {

bool runs_without_gradient(const Node& node) {
  return dynamic_cast<const autograd::CustomNode*>(&node) != nullptr;
}

namespace autograd {

struct AutogradContext::State {
  variable_list to_save, dirty, non_differentiable;  // until forward has returned
  std::vector<SavedTensor> saved;
  std::vector<bool> undefined;  // outputs; empty where all are defined
  Node* node = nullptr;
  bool materialize_grads = true;
  bool has_freed_buffers = false;
  TurnLock turn;  // backward is the user's code, which need not be ready for two threads
};

AutogradContext::AutogradContext() : state_(new State()) {}
AutogradContext::~AutogradContext() { delete state_; }

void AutogradContext::save_for_backward(variable_list to_save) {
  state_->to_save = std::move(to_save);
}

variable_list AutogradContext::get_saved_variables() const {
  if (state_->has_freed_buffers) fail_released();
  variable_list out;
  out.reserve(state_->saved.size());
  for (const SavedTensor& t : state_->saved) out.push_back(t.unpack(*state_->node));
  return out;
}

void AutogradContext::mark_dirty(const variable_list& inputs) { state_->dirty = inputs; }
void AutogradContext::mark_non_differentiable(const variable_list& outputs) {
  state_->non_differentiable = outputs;
}
void AutogradContext::set_materialize_grads(bool value) { state_->materialize_grads = value; }

bool AutogradContext::needs_input_grad(size_t i) const {
  ADJOINT_CHECK_INDEX(i < state_->node->num_outputs(),
                      "needs_input_grad: Index out of range: forward has ",
                      state_->node->num_outputs(), " tensors among its arguments, got index ", i);
  return state_->node->task_should_compute_output(i);
}

CustomNode::CustomNode() { context_.state_->node = this; }
CustomNode::~CustomNode() = default;

std::string CustomNode::node_name(const std::type_info& function) {
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> readable(
      abi::__cxa_demangle(function.name(), nullptr, nullptr, &status), std::free);
  std::string type = readable ? readable.get() : function.name();
  // Without its scopes, but with the arguments of a template as they are.
  size_t from = 0;
  int depth = 0;
  for (size_t i = 0; i + 1 < type.size(); ++i) {
    if (type[i] == '<' || type[i] == '(') ++depth;
    if (type[i] == '>' || type[i] == ')') --depth;
    if (depth == 0 && type[i] == ':' && type[i + 1] == ':') from = i + 2;
  }
  return type.substr(from) + "Backward";
}

// ---- Arguments

void CustomNode::add_argument(const Tensor& tensor) {
  arguments_.push_back(Argument::Tensor);
  inputs_.push_back(tensor);
}

void CustomNode::add_argument(const std::optional<Tensor>& tensor) {
  if (tensor && tensor->defined()) {
    add_argument(*tensor);
  } else {
    arguments_.push_back(Argument::Other);
  }
}

void CustomNode::add_argument(TensorList tensors) {
  for (const Tensor& tensor : tensors) add_argument(tensor);
}

void CustomNode::add_argument(const variable_list& tensors) {
  if (tensors.empty()) arguments_.push_back(Argument::EmptyVector);
  for (const Tensor& tensor : tensors) {
    arguments_.push_back(&tensor == tensors.data() ? Argument::FirstOfVector
                                                   : Argument::FurtherOfVector);
    inputs_.push_back(tensor);
  }
}

// ---- Forward

namespace {

size_t index_of(const variable_list& list, const Tensor& t) {
  auto is_it = [&](const Tensor& x) { return x.is_same(t); };
  return size_t(std::find_if(list.begin(), list.end(), is_it) - list.begin());
}
bool contains(const variable_list& list, const Tensor& t) {
  return index_of(list, t) < list.size();
}

/// An input that forward returned as it is: a tensor of its own, so that the input's history stays.
Tensor view_as_self(const Tensor& t) {
  NoGradGuard no_grad;
  return t.view(t.sizes());
}

void check_dirty(const Tensor& output, size_t num_outputs) {
  ADJOINT_CHECK(!output.requires_grad() || !output.is_leaf(),
                "a leaf Variable that requires grad has been used in an in-place operation.");
  ADJOINT_CHECK(!output.is_view() || num_outputs == 1,
                "If your Function modifies inplace an input that is a view of another Tensor, your "
                "Function cannot "
                "return more than one Tensor, got ",
                num_outputs,
                ". Either make sure that the input is not a view (using .clone() for example) or "
                "make your Function "
                "only return one Tensor, the rest being another Function's.");
  check_inplace(output, true);
}

}  // namespace

void CustomNode::begin() {
  recording_ = needs_grad(TensorList(inputs_));
  for (const Tensor& input : inputs_) {
    add_next_edge(recording_ && input.defined() ? gradient_edge(input) : Edge());
  }
}

void CustomNode::end(variable_list& outputs) {
  AutogradContext::State& state = *context_.state_;
  for (const Tensor& dirty : state.dirty) {
    ADJOINT_CHECK(contains(outputs, dirty),
                  "Some elements marked as dirty during the forward method were not returned as "
                  "output. The inputs "
                  "that are modified inplace must all be outputs of the Function.");
    bump_version(dirty);
    if (!contains(inputs_, dirty)) {
      ADJOINT_WARN(
          "ctx.mark_dirty() received a tensor that was not an input. Only input Tensors that have "
          "been "
          "mutated should be passed to ctx.mark_dirty().");
    }
  }
  set_histories(outputs);
  if (recording_) save_variables(outputs);
  state.to_save.clear();
  state.dirty.clear();
  state.non_differentiable.clear();
  inputs_.clear();
}

void CustomNode::set_histories(variable_list& outputs) {
  AutogradContext::State& state = *context_.state_;
  auto self = intrusive_ptr<CustomNode>::share(this);
  auto defined =
      std::find_if(outputs.begin(), outputs.end(), [](const Tensor& t) { return t.defined(); });
  size_t num_differentiable = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    Tensor& output = outputs[i];
    if (!output.defined()) {
      // Stands for the device and stream only.
      defined == outputs.end() ? add_undefined_input() : add_input_metadata(*defined);
      state.undefined.resize(outputs.size());
      state.undefined[i] = true;
      continue;
    }
    size_t input = index_of(inputs_, output);
    bool is_input = input < inputs_.size(), is_dirty = is_input && contains(state.dirty, output);
    bool differentiable =
        recording_ && isFloatingType(output.dtype()) && !contains(state.non_differentiable, output);
    num_differentiable += differentiable;
    if (!differentiable) {
      add_input_metadata(output);
      if (output.requires_grad()) {
        if (is_input || !output.is_view()) output = output.detach();
      } else if (is_input && !is_dirty) {
        output = view_as_self(output);
      }
    } else if (is_dirty) {
      check_dirty(output, outputs.size());
      rebase_history_of_input(output, self, input);
    } else {
      if (is_input) output = view_as_self(output);
      set_history(output, self);
    }
    if (!is_dirty && output.is_view())
      output.impl()->set_creation_meta(CreationMeta::InCustomFunction);
  }
  if (num_differentiable < 2) return;
  for (const Tensor& output : outputs) {
    if (output.defined() && output.is_view())
      output.impl()->set_creation_meta(CreationMeta::MultiOutputNode);
  }
}

void CustomNode::save_variables(const variable_list& outputs) {
  AutogradContext::State& state = *context_.state_;
  state.saved.reserve(state.to_save.size());
  for (const Tensor& t : state.to_save) {
    SavedTensor& saved = state.saved.emplace_back();
    if (!t.defined()) continue;
    // Of a changed view, the history is another node, which holds this one.
    bool is_output = t.impl()->grad_fn_unchecked().get() == this ||
                     (t.requires_grad() && contains(state.dirty, t) && contains(inputs_, t));
    is_output ? saved.save_output(t) : saved.save(t);
  }
}

// ---- Backward

GradList CustomNode::apply(GradList&& grads) {
  AutogradContext::State& state = *context_.state_;
  TurnLock::Guard turn(state.turn);
  variable_list list(grads.begin(), grads.end());
  if (state.materialize_grads) {
    for (size_t i = 0; i < list.size(); ++i) {
      if (list[i].defined() || (!state.undefined.empty() && state.undefined[i])) continue;
      const InputMetadata& m = input_metadata(i);
      list[i] = zeros(m.sizes, TensorOptions(m.dtype).device(m.stream.device()));
    }
  }
  return pick_gradients(call_backward(&context_, std::move(list)));
}

// One gradient for each tensor among the arguments, of those that backward returned for all of
// them.
GradList CustomNode::pick_gradients(variable_list&& results) const {
  size_t expected = 0, num_vectors_as_one = 0;
  for (Argument a : arguments_) {
    expected += a != Argument::EmptyVector;
    num_vectors_as_one += a != Argument::FurtherOfVector;
  }
  bool vectors_as_one = results.size() != expected && results.size() == num_vectors_as_one;
  if (!vectors_as_one) {
    while (results.size() > expected && !results.back().defined()) results.pop_back();
    ADJOINT_CHECK(results.size() == expected, "function ", name(),
                  " returned an incorrect number of gradients (expected ", expected, ", got ",
                  results.size(), ")");
  }
  GradList out;
  out.reserve(num_outputs());
  size_t next = 0;
  for (Argument a : arguments_) {
    if (a == Argument::EmptyVector && !vectors_as_one) continue;
    if (a == Argument::FurtherOfVector && vectors_as_one) {
      out.emplace_back();
      continue;
    }
    Tensor gradient = std::move(results[next++]);
    bool of_vector = a == Argument::FirstOfVector || a == Argument::FurtherOfVector;
    if (a == Argument::Tensor || (of_vector && !vectors_as_one)) {
      out.push_back(std::move(gradient));
      continue;
    }
    ADJOINT_CHECK(!gradient.defined(), "function ", name(),
                  " returned a gradient that is defined at position ", next,
                  ", but the corresponding forward input was not a Variable");
    if (of_vector) out.emplace_back();
  }
  return out;
}

void CustomNode::release_variables() {
  AutogradContext::State& state = *context_.state_;
  TurnLock::Guard turn(state.turn);
  state.saved.clear();
  state.has_freed_buffers = true;
}

}  // namespace autograd
}  // namespace adjoint
