// SPDX-License-Identifier: MIT
// From a user's call of backward() or grad() to the engine.
//
// Reading order: run_backward here, Engine::run (engine.cpp), a node's apply() (core/ops), and back
// through input_buffer.cpp to accumulate_grad.cpp.
#include "adjoint/autograd.h"

#include "adjoint/anomaly.h"
#include "adjoint/ops.h"
#include "adjoint/warning.h"
#include "core/autograd/engine.h"
#include "core/autograd/gradient_edge.h"

namespace adjoint {
namespace {

using EdgeList = SmallVector<Edge, 3>;

Tensor root_gradient(const Tensor& output, const Tensor& gradient, size_t index) {
  if (gradient.defined()) {
    ADJOINT_CHECK(gradient.sizes() == output.sizes(), "Mismatch in shape: grad_output[", index,
                  "] has a shape of ", gradient.sizes(), " and output[", index, "] has a shape of ",
                  output.sizes(), ".");
    Tensor root = gradient;
    validate_grad(root, InputMetadata(output), "backward", index);
    return root;
  }
  ADJOINT_CHECK(output.numel() == 1, "grad can be implicitly created only for scalar outputs");
  return ones_like(output);
}

EdgeList input_edges(TensorList inputs) {
  EdgeList edges;
  for (size_t i = 0; i < inputs.size(); ++i) {
    ADJOINT_CHECK(inputs[i].requires_grad(),
                  "One of the differentiated Tensors does not require grad: element ", i,
                  " of the inputs");
    edges.push_back(gradient_edge(inputs[i]));
  }
  return edges;
}

/// Whether the gradient of the only root, which is 1, need not be made: nobody but the node would
/// see it.
bool may_leave_one_out(const Edge& root, TensorList gradients, TensorList inputs,
                       bool create_graph) {
  return root.function->takes_undefined_for_one() &&
         (gradients.empty() || !gradients[0].defined()) && inputs.empty() && !create_graph &&
         !root.function->hooks() && !autograd::AnomalyMode::is_enabled();
}

/// Where `accumulate`, leaves do: only those among `inputs`, if there are any; and returns nothing.
/// Else the gradients of `inputs`, undefined where there is none.
SmallVector<Tensor, 3> run_backward(TensorList outputs, TensorList gradients, bool keep_graph,
                                    bool create_graph, TensorList inputs, bool accumulate) {
  ADJOINT_CHECK(gradients.empty() || gradients.size() == outputs.size(), "got ", outputs.size(),
                " tensors and ", gradients.size(), " gradients");
  Engine::Options options;
  EdgeList roots;
  SmallVector<Tensor, 2> grads;
  for (size_t i = 0; i < outputs.size(); ++i) {
    Edge root = gradient_edge(outputs[i]);
    ADJOINT_CHECK(root.is_valid(), "element ", i,
                  " of tensors does not require grad and does not have a grad_fn");
    if (outputs.size() == 1 && may_leave_one_out(root, gradients, inputs, create_graph)) {
      options.root_is_one = true;
      grads.push_back(Tensor());
    } else {
      grads.push_back(root_gradient(outputs[i], gradients.empty() ? Tensor() : gradients[i], i));
    }
    roots.push_back(std::move(root));
  }
  EdgeList edges = input_edges(inputs);
  SmallVector<Tensor, 3> captured(accumulate ? 0 : inputs.size());
  if (roots.empty()) return captured;
  options.keep_graph = keep_graph;
  options.create_graph = create_graph;
  options.inputs = {edges.data(), edges.size()};
  options.captured = {captured.data(), captured.size()};
  Engine::run({roots.data(), roots.size()}, {grads.data(), grads.size()}, options);
  return captured;
}

void backward(TensorList tensors, TensorList grad_tensors, std::optional<bool> retain_graph,
              bool create_graph, TensorList inputs) {
  if (create_graph) {
    ADJOINT_WARN_ONCE(
        "Using backward() with create_graph=True will create a reference cycle between the "
        "parameter and its "
        "gradient which can cause a memory leak. We recommend using autograd.grad when creating "
        "the graph to avoid "
        "this. If you have to use this function, make sure to reset the .grad fields of your "
        "parameters to None "
        "after use to break the cycle and avoid the leak.");
  }
  for (const Tensor& input : inputs) input.retain_grad();  // nothing new for a leaf
  run_backward(tensors, grad_tensors, retain_graph.value_or(create_graph), create_graph, inputs,
               true);
}

}  // namespace

void Tensor::backward(const Tensor& gradient, std::optional<bool> retain_graph, bool create_graph,
                      std::optional<TensorList> inputs) const {
  ADJOINT_CHECK(!inputs || !inputs->empty(), "'inputs' argument to backward cannot be empty");
  adjoint::backward(*this, gradient, retain_graph, create_graph, inputs.value_or(TensorList()));
}

namespace autograd {

void backward(const variable_list& tensors, const variable_list& grad_tensors,
              std::optional<bool> retain_graph, bool create_graph, const variable_list& inputs) {
  adjoint::backward(tensors, grad_tensors, retain_graph, create_graph, inputs);
}

variable_list grad(const variable_list& outputs, const variable_list& inputs,
                   const variable_list& grad_outputs, std::optional<bool> retain_graph,
                   bool create_graph, bool allow_unused) {
  ADJOINT_CHECK(!inputs.empty(), "grad requires non-empty inputs.");
  auto grads = run_backward(outputs, grad_outputs, retain_graph.value_or(create_graph),
                            create_graph, inputs, false);
  for (size_t i = 0; i < inputs.size(); ++i) {
    ADJOINT_CHECK(
        grads[i].defined() || allow_unused,
        "One of the differentiated Tensors appears to not have been used in the graph. Set "
        "allow_unused=True if this is the desired behavior. It is element ",
        i, " of the inputs.");
  }
  return variable_list(grads.begin(), grads.end());
}

}  // namespace autograd
}  // namespace adjoint
