// SPDX-License-Identifier: MIT
#include "adjoint/autograd_functional.h"

#include "adjoint/ops.h"

// Note [Forward mode by two backward passes]
// Backward is linear in the gradient w that comes in: it computes J^T w. Its own gradient with
// respect to w, weighted by v, is therefore J v, for any w, such as zeros. J. Townsend, A new trick
// for calculating Jacobian vector products (2017).

namespace adjoint::autograd {

detail::TensorFunction::~TensorFunction() = default;

namespace functional::detail {
namespace {

void check_defined(const variable_list& list, const char* what, const char* function) {
  ADJOINT_CHECK(!list.empty(), "The ", what, " given to ", function, " must not be empty.");
  for (size_t i = 0; i < list.size(); ++i) {
    ADJOINT_CHECK(list[i].defined(), "The ", what, " given to ", function,
                  " must be either a Tensor or a tuple of Tensors but the value at index ", i,
                  " is undefined.");
  }
}

/// Tensors that are not the caller's, so that what the function captured is told from its inputs.
/// Connected with the caller's only where their gradients are wanted.
variable_list fresh(const variable_list& tensors, bool create_graph, bool need_graph) {
  variable_list out;
  for (const Tensor& t : tensors) {
    bool connect = create_graph && t.requires_grad();
    out.push_back(connect ? t.view_as(t) : t.detach().requires_grad_(need_graph));
  }
  return out;
}

/// Results as the caller is to see them.
variable_list finished(variable_list tensors, bool create_graph) {
  if (create_graph) return tensors;
  for (Tensor& t : tensors) t = t.detach();
  return tensors;
}

/// The vector of a product, to be multiplied with `other`; `missing`: the error where there is
/// none.
variable_list vector_of(const variable_list& v, const variable_list& other, bool is_list,
                        const char* function, bool create_graph, const char* missing) {
  if (v.empty()) {
    ADJOINT_CHECK(other.size() == 1 && other[0].numel() == 1, missing);
    return {ones_like(other[0].detach())};
  }
  check_defined(v, "v", function);
  ADJOINT_CHECK(v.size() == other.size() || is_list, "The given v should contain a single Tensor.");
  ADJOINT_CHECK(v.size() == other.size(), "v is a tuple of invalid length: should be ",
                other.size(), " but got ", v.size(), ".");
  for (size_t i = 0; i < v.size(); ++i) {
    ADJOINT_CHECK(
        v[i].sizes() == other[i].sizes(), is_list ? adjoint::detail::str("Entry ", i, " in ") : "",
        "v has invalid size: should be ", other[i].sizes(), " but got ", v[i].sizes(), ".");
  }
  return fresh(v, create_graph, false);
}

constexpr const char* kNoVectorForOutput =
    "The vector v can only be None if the user-provided function returns a single Tensor with a "
    "single element.";
constexpr const char* kNoVectorForInput =
    "The vector v can only be None if the input to the user-provided function is a single Tensor "
    "with a single "
    "element.";

/// grad() that passes over outputs without history; undefined where there is no gradient.
variable_list gradients(const variable_list& outputs, const variable_list& inputs,
                        const variable_list& weights, bool create_graph) {
  variable_list recorded, recorded_weights;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].defined() || !outputs[i].requires_grad()) continue;
    recorded.push_back(outputs[i]);
    if (!weights.empty()) recorded_weights.push_back(weights[i]);
  }
  if (recorded.empty()) return variable_list(inputs.size());
  return grad(recorded, inputs, recorded_weights, true, create_graph, true);
}

variable_list call(TensorFunction& function, const variable_list& inputs, const char* name) {
  variable_list outputs = function.call(inputs);
  check_defined(outputs, "outputs of the user-provided function", name);
  return outputs;
}

// ---- What strict mode refuses

constexpr const char* kNotAllowed = " This is not allowed in strict mode.";

void check_outputs(const variable_list& outputs) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    ADJOINT_CHECK(outputs[i].requires_grad(), "Output ", i,
                  " of the user-provided function does not require gradients. The outputs must be "
                  "computed in a "
                  "differentiable manner from the input when running in strict mode.");
  }
}
void check_used(const variable_list& grads) {
  for (size_t i = 0; i < grads.size(); ++i) {
    ADJOINT_CHECK(grads[i].defined(),
                  "The output of the user-provided function is independent of input ", i, ".",
                  kNotAllowed);
  }
}
void check_gradients(const variable_list& grads) {
  check_used(grads);
  for (size_t i = 0; i < grads.size(); ++i) {
    ADJOINT_CHECK(grads[i].requires_grad(), "The gradient with respect to input ", i,
                  " is independent of the inputs of the user-provided function.", kNotAllowed);
  }
}
void check_jacobian(const variable_list& grads) {
  check_used(grads);
  for (size_t i = 0; i < grads.size(); ++i) {
    ADJOINT_CHECK(grads[i].requires_grad(),
                  "While computing the hessian, found that the jacobian of the user-provided "
                  "function with respect "
                  "to input ",
                  i, " is independent of the input.", kNotAllowed,
                  " You should ensure that your function is twice differentiable and that the "
                  "jacobian depends on "
                  "the inputs (this would be violated by a linear function for example).");
  }
}
void check_hessian(const variable_list& products) {
  for (size_t i = 0; i < products.size(); ++i) {
    ADJOINT_CHECK(products[i].defined() && products[i].requires_grad(),
                  "The hessian of the user-provided function with respect to input ", i,
                  " is independent of the input.", kNotAllowed,
                  " You should ensure that your function is thrice differentiable and that the "
                  "hessian depends on "
                  "the inputs.");
  }
}

/// How the error names what does not depend on what.
struct Wording {
  const char* missing;
  const char* missing_end;
  const char* constant;
};
constexpr Wording kFirstOrder{
    "The output of the user-provided function is independent of input ", ".",
    "The jacobian of the user-provided function is independent of input "};
constexpr Wording kForward{
    "The gradient with respect to the input is independent of entry ",
    " in the grad_outputs when using the double backward trick to compute forward mode "
    "gradients.",
    kFirstOrder.constant};
constexpr Wording kSecondOrder{
    "The jacobian of the user-provided function is independent of input ", ".",
    "The hessian of the user-provided function is independent of input "};
constexpr Wording kSecondOrderForward{
    "The hessian of the user-provided function is independent of entry ",
    " in the grad_jacobian, which the double backward trick needs.", kSecondOrder.constant};

/// Zeros like `like` in the place of undefined gradients, which strict mode refuses.
variable_list filled(variable_list grads, const variable_list& like, const Request& request,
                     const Wording& wording) {
  for (size_t i = 0; i < grads.size(); ++i) {
    if (grads[i].defined()) {
      ADJOINT_CHECK(!request.strict || !request.create_graph || grads[i].requires_grad(),
                    wording.constant, i,
                    ". This is not allowed in strict mode when create_graph=True.");
    } else {
      ADJOINT_CHECK(!request.strict, wording.missing, i, wording.missing_end, kNotAllowed);
      grads[i] = zeros_like(like[i].detach());
    }
  }
  return grads;
}

void check_single(const variable_list& outputs, bool is_list, const char* function) {
  ADJOINT_CHECK(!is_list, "The function given to ", function, " should return a single Tensor");
  ADJOINT_CHECK(outputs[0].numel() == 1, "The Tensor returned by the function given to ", function,
                " should contain a single element");
}

DimVector joined(IntArrayRef a, IntArrayRef b) {
  DimVector sizes(a);
  for (int64_t s : b) sizes.push_back(s);
  return sizes;
}

/// The gradient of a function of one element, as a function that can be differentiated.
class Gradient final : public TensorFunction {
 public:
  Gradient(TensorFunction& function, bool strict, bool returns_list)
      : function_(function), strict_(strict), returns_list_(returns_list) {}
  variable_list call(const variable_list& inputs) override {
    variable_list outputs = detail::call(function_, inputs, "hessian");
    if (strict_) check_outputs(outputs);
    check_single(outputs, returns_list_, "hessian");
    variable_list grads = gradients(outputs, inputs, {}, true);
    if (strict_) check_jacobian(grads);
    return filled(std::move(grads), inputs, {{}, false, false}, kFirstOrder);
  }

 private:
  TensorFunction& function_;
  bool strict_, returns_list_;
};

/// What vhp and hvp begin with: the function's value, its gradient and the vector.
struct Second {
  Second(TensorFunction& function, const Request& request, const variable_list& vector,
         bool takes_list, bool returns_list, const char* name) {
    check_defined(request.inputs, "inputs", name);
    inputs = fresh(request.inputs, request.create_graph, true);
    v = vector_of(vector, inputs, takes_list, name, request.create_graph, kNoVectorForInput);
    outputs = call(function, inputs, name);
    if (request.strict) check_outputs(outputs);
    check_single(outputs, returns_list, name);
    gradient = gradients(outputs, inputs, {}, true);
    if (request.strict) check_jacobian(gradient);
  }
  variable_list inputs, v, outputs, gradient;
};

variable_list zero_weights(const variable_list& like) {
  variable_list weights;
  for (const Tensor& t : like) weights.push_back(zeros_like(t.detach()).requires_grad_());
  return weights;
}

}  // namespace

std::vector<variable_list> jacobian(TensorFunction& function, const Request& request) {
  enable_grad record;
  check_defined(request.inputs, "inputs", "jacobian");
  variable_list inputs = fresh(request.inputs, request.create_graph, true);
  variable_list outputs = call(function, inputs, "jacobian");
  if (request.strict) check_outputs(outputs);
  std::vector<variable_list> result;
  for (size_t o = 0; o < outputs.size(); ++o) {
    const Tensor& out = outputs[o];
    std::vector<variable_list> rows(inputs.size());
    for (int64_t k = 0; k < out.numel(); ++k) {
      Tensor weight = zeros({out.numel()}, out.options());
      weight.narrow(0, k, 1).fill_(1);
      variable_list grads =
          gradients({out}, inputs, {weight.view(out.sizes())}, request.create_graph);
      for (size_t i = 0; i < inputs.size(); ++i) {
        ADJOINT_CHECK(grads[i].defined() || !request.strict, "Output ", o,
                      " of the user-provided function is independent of input ", i, ".",
                      kNotAllowed);
      }
      grads = filled(std::move(grads), inputs, request, kFirstOrder);
      for (size_t i = 0; i < inputs.size(); ++i) rows[i].push_back(grads[i]);
    }
    variable_list& of_output = result.emplace_back();
    for (size_t i = 0; i < inputs.size(); ++i) {
      DimVector sizes = joined(out.sizes(), inputs[i].sizes());
      of_output.push_back(rows[i].empty() ? zeros(sizes, inputs[i].options())
                                          : stack(rows[i]).view(sizes));
    }
    of_output = finished(std::move(of_output), request.create_graph);
  }
  return result;
}

std::vector<variable_list> hessian(TensorFunction& function, const Request& request,
                                   bool returns_list) {
  check_defined(request.inputs, "inputs", "hessian");
  Gradient gradient(function, request.strict, returns_list);
  return jacobian(gradient, request);
}

Pair vjp(TensorFunction& function, const Request& request, const variable_list& v,
         bool returns_list) {
  enable_grad record;
  check_defined(request.inputs, "inputs", "vjp");
  variable_list inputs = fresh(request.inputs, request.create_graph, true);
  variable_list outputs = call(function, inputs, "vjp");
  if (request.strict) check_outputs(outputs);
  variable_list vector =
      vector_of(v, outputs, returns_list, "vjp", request.create_graph, kNoVectorForOutput);
  variable_list product = filled(gradients(outputs, inputs, vector, request.create_graph), inputs,
                                 request, kFirstOrder);
  return {finished(std::move(outputs), request.create_graph),
          finished(std::move(product), request.create_graph)};
}

Pair jvp(TensorFunction& function, const Request& request, const variable_list& v,
         bool takes_list) {
  enable_grad record;
  check_defined(request.inputs, "inputs", "jvp");
  variable_list inputs = fresh(request.inputs, request.create_graph, true);
  variable_list vector =
      vector_of(v, inputs, takes_list, "jvp", request.create_graph, kNoVectorForInput);
  variable_list outputs = call(function, inputs, "jvp");
  if (request.strict) check_outputs(outputs);
  variable_list weights = zero_weights(outputs);
  variable_list backward = gradients(outputs, inputs, weights, true);
  if (request.strict) check_gradients(backward);
  variable_list product = filled(gradients(backward, weights, vector, request.create_graph),
                                 outputs, request, kForward);
  return {finished(std::move(outputs), request.create_graph),
          finished(std::move(product), request.create_graph)};
}

Pair vhp(TensorFunction& function, const Request& request, const variable_list& v, bool takes_list,
         bool returns_list) {
  enable_grad record;
  Second s(function, request, v, takes_list, returns_list, "vhp");
  variable_list product = filled(gradients(s.gradient, s.inputs, s.v, request.create_graph),
                                 s.inputs, request, kSecondOrder);
  return {finished(std::move(s.outputs), request.create_graph),
          finished(std::move(product), request.create_graph)};
}

Pair hvp(TensorFunction& function, const Request& request, const variable_list& v, bool takes_list,
         bool returns_list) {
  enable_grad record;
  Second s(function, request, v, takes_list, returns_list, "hvp");
  variable_list weights = zero_weights(s.inputs);
  variable_list backward = gradients(s.gradient, s.inputs, weights, true);
  if (request.strict) check_hessian(backward);
  variable_list product = filled(gradients(backward, weights, s.v, request.create_graph), s.inputs,
                                 request, kSecondOrderForward);
  return {finished(std::move(s.outputs), request.create_graph),
          finished(std::move(product), request.create_graph)};
}

}  // namespace functional::detail
}  // namespace adjoint::autograd
