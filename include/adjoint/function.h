// SPDX-License-Identifier: MIT
// Differentiable functions of the user's own:
//
//   struct Line : autograd::Function<Line> {
//     static Tensor forward(autograd::AutogradContext* ctx, const Tensor& w, const Tensor& x, const
//     Tensor& b) {
//       ctx->save_for_backward({w, x, b});
//       return w * x + b;
//     }
//     static variable_list backward(autograd::AutogradContext* ctx, variable_list grads) {
//       auto saved = ctx->get_saved_variables();
//       return {grads[0] * saved[1], grads[0] * saved[0], grads[0]};
//     }
//   };
//   Tensor y = Line::apply(w, x, b);
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "adjoint/autograd.h"
#include "adjoint/ivalue.h"

namespace adjoint::autograd {

/// What a function hands from its forward to its backward.
class ADJOINT_API AutogradContext {
 public:
  AutogradContext();
  ~AutogradContext();
  AutogradContext(const AutogradContext&) = delete;
  AutogradContext& operator=(const AutogradContext&) = delete;

  /// What is no input or output of forward, under names of the user's own: kept until the graph is
  /// gone. An output kept here, rather than by save_for_backward, keeps its own graph alive.
  std::map<std::string, IValue> saved_data;

  /// Keeps tensors for backward, which then sees whether they were changed in place; undefined ones
  /// stay undefined. Call it in forward, at most once.
  void save_for_backward(variable_list to_save);
  /// The tensors given to save_for_backward, in its order; none before forward has returned. Throws
  /// Error where a backward has freed them or they were changed in place since.
  variable_list get_saved_variables() const;

  /// These inputs were changed in place by forward, which must return them. Throws Error, when
  /// forward has returned, where one is a leaf that requires grad, or a view and not the only
  /// output.
  void mark_dirty(const variable_list& inputs);
  /// No gradient flows through these outputs.
  void mark_non_differentiable(const variable_list& outputs);
  /// Whether backward sees zeros (the default) or an undefined tensor for an output that no
  /// gradient came for.
  void set_materialize_grads(bool value);
  /// Whether the gradient of forward's i-th tensor is wanted (each tensor of a list counts). Throws
  /// IndexError where it has fewer.
  bool needs_input_grad(size_t i) const;

 private:
  friend class CustomNode;
  struct State;
  State* state_;
};

/// The node of a Function; not for use on its own.
class ADJOINT_API CustomNode : public Node {
 public:
  GradList apply(GradList&& grads) final;
  void release_variables() final;

  AutogradContext* context() { return &context_; }

  // Forward's arguments, in their order. Each tensor of a list is an input of its own.
  void add_argument(const Tensor& tensor);
  void add_argument(const std::optional<Tensor>& tensor);
  void add_argument(TensorList tensors);
  void add_argument(const variable_list& tensors);
  template <class T>
  void add_argument(const T&) {
    arguments_.push_back(Argument::Other);
  }
  /// All arguments are there: takes the inputs' edges where something is to be recorded.
  void begin();
  /// Forward has returned `outputs`: gives them their history. Throws Error where what the context
  /// says of them cannot be.
  void end(variable_list& outputs);

 protected:
  CustomNode();
  ~CustomNode() override;
  virtual variable_list call_backward(AutogradContext* ctx, variable_list grads) = 0;
  /// "LineBackward" of ns::Line.
  static std::string node_name(const std::type_info& function);

 private:
  enum class Argument : uint8_t { Other, Tensor, FirstOfVector, FurtherOfVector, EmptyVector };

  GradList pick_gradients(variable_list&& results) const;
  void set_histories(variable_list& outputs);
  void save_variables(const variable_list& outputs);

  SmallVector<Argument, 8> arguments_;
  variable_list inputs_;  // until forward has returned
  bool recording_ = false;
  AutogradContext context_;
};

/// What forward of function X returns for such arguments.
template <class X, class... Args>
using forward_t =
    decltype(X::forward(static_cast<AutogradContext*>(nullptr), std::declval<Args>()...));

/// Base of a user's function T, which has
/// - static `forward(AutogradContext*, arguments...)`, returning a Tensor or variable_list.
/// Tensors,
///   std::optional<Tensor>, TensorList and std::vector<Tensor> among the arguments are its inputs;
///   anything else is passed on as it is. Nothing in it is recorded.
/// - static `backward(AutogradContext*, variable_list grad_outputs)`, returning a gradient for each
///   argument, and for each tensor of a list: undefined for what is no tensor or needs none. (One
///   undefined gradient may stand for a whole std::vector, as LibTorch has it.) Threads that run
///   one graph take turns in it.
/// An input that forward returns as it is, and a view of one, may not be changed in place.
template <class T>
struct Function {
  /// Runs T::forward, and records T::backward where an input requires grad. Throws what forward
  /// throws, and Error as AutogradContext says.
  template <class X = T, class... Args>
  static auto apply(Args&&... args)
      -> std::enable_if_t<std::is_same_v<X, T>, forward_t<X, Args...>> {
    using Result = forward_t<X, Args...>;
    static_assert(std::is_same_v<Result, Tensor> || std::is_same_v<Result, variable_list>,
                  "forward returns a Tensor or a variable_list");
    auto node = intrusive_ptr<NodeOf>::adopt(new NodeOf());
    (node->add_argument(args), ...);
    node->begin();
    variable_list outputs;
    {
      NoGradGuard no_grad;
      if constexpr (std::is_same_v<Result, Tensor>) {
        outputs.push_back(X::forward(node->context(), std::forward<Args>(args)...));
      } else {
        outputs = X::forward(node->context(), std::forward<Args>(args)...);
      }
    }
    node->end(outputs);
    if constexpr (std::is_same_v<Result, Tensor>) {
      return std::move(outputs[0]);
    } else {
      return outputs;
    }
  }

 private:
  struct NodeOf final : CustomNode {
    const char* name() const override {
      static const std::string name = node_name(typeid(T));
      return name.c_str();
    }
    variable_list call_backward(AutogradContext* ctx, variable_list grads) override {
      return T::backward(ctx, std::move(grads));
    }
  };
};

}  // namespace adjoint::autograd
