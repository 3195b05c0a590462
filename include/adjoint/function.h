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

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "adjoint/autograd.h"

namespace adjoint::autograd {

/// What a function hands from its forward to its backward.
class ADJOINT_API AutogradContext {
 public:
  AutogradContext();
  ~AutogradContext();
  AutogradContext(const AutogradContext&) = delete;
  AutogradContext& operator=(const AutogradContext&) = delete;

  /// Keeps inputs or outputs for backward, which then sees whether they were changed in place. Call
  /// it in forward, at most once; anything else may be kept in a type of the user's own (`saved`).
  void save_for_backward(variable_list to_save);
  /// The tensors given to save_for_backward, in its order. Throws Error where backward has freed
  /// them or they were changed in place.
  variable_list get_saved_variables() const;

  /// Keeps a value of any type under a name, until the graph is gone.
  template <class T>
  void set_data(const std::string& name, T value) {
    set_any(name, new Holder<T>(std::move(value)));
  }
  /// The value kept under a name. Throws Error where there is none, or one of another type.
  template <class T>
  T& data(const std::string& name) const {
    return static_cast<Holder<T>*>(get_any(name, Holder<T>::tag()))->value;
  }

  /// These inputs were changed in place by forward, and are among its outputs.
  void mark_dirty(const variable_list& inputs);
  /// No gradient flows through these outputs.
  void mark_non_differentiable(const variable_list& outputs);
  /// Whether backward sees zeros (the default) or an undefined tensor for an output that has no
  /// gradient.
  void set_materialize_grads(bool value) { materialize_grads_ = value; }
  /// Whether the gradient of forward's i-th tensor argument is wanted.
  bool needs_input_grad(size_t i) const;

 private:
  struct AnyHolder {
    virtual ~AnyHolder() = default;
    virtual const void* type() const = 0;
  };
  template <class T>
  struct Holder final : AnyHolder {
    explicit Holder(T v) : value(std::move(v)) {}
    static const void* tag() {
      static const char unique = 0;
      return &unique;
    }
    const void* type() const override { return tag(); }
    T value;
  };
  void set_any(const std::string& name, AnyHolder* value);
  AnyHolder* get_any(const std::string& name, const void* type) const;

  friend class CustomNode;
  struct State;
  State* state_;
  bool materialize_grads_ = true;
};

/// The node of a Function; not for use on its own.
class ADJOINT_API CustomNode : public Node {
 public:
  ~CustomNode() override;
  GradList apply(GradList&& grads) final;
  void release_variables() final;

  /// "LineBackward" from a compiler's "... [with T = ns::Line]".
  static std::string node_name(const std::string& pretty_function);
  /// Runs forward without recording, gives `outputs` their history and returns them.
  static variable_list run(intrusive_ptr<CustomNode> node, const variable_list& inputs);

 protected:
  virtual variable_list call_forward(AutogradContext* ctx) = 0;
  virtual variable_list call_backward(AutogradContext* ctx, variable_list grads) = 0;
  /// The positions of tensors among forward's arguments, and how many arguments there are: backward
  /// returns one gradient for each argument.
  std::vector<size_t> tensor_positions_;
  size_t num_arguments_ = 0;

 private:
  AutogradContext context_;
};

/// Base of a user's function T, which has static `forward(AutogradContext*, arguments...)`,
/// returning a Tensor or variable_list, and static `backward(AutogradContext*, variable_list
/// grad_outputs)`, returning a gradient for each argument of forward (undefined for those that are
/// no tensors).
template <class T>
class Function {
 public:
  /// Runs T::forward and records T::backward where an argument requires grad.
  template <class... Args>
  static auto apply(Args&&... args) {
    using Result =
        decltype(T::forward(static_cast<AutogradContext*>(nullptr), std::forward<Args>(args)...));
    auto node = intrusive_ptr<NodeOf<Result, std::decay_t<Args>...>>::adopt(
        new NodeOf<Result, std::decay_t<Args>...>(std::decay_t<Args>(args)...));
    variable_list inputs = node->inputs();
    if constexpr (std::is_same_v<std::decay_t<Result>, Tensor>) {
      return CustomNode::run(std::move(node), inputs)[0];
    } else {
      return CustomNode::run(std::move(node), inputs);
    }
  }

 private:
  template <class Result, class... Args>
  class NodeOf final : public CustomNode {
   public:
    explicit NodeOf(Args... args) : arguments_(std::in_place, std::move(args)...) {
      size_t position = 0;
      std::apply([&](const auto&... a) { (note(a, position++), ...); }, *arguments_);
      num_arguments_ = sizeof...(Args);
    }
    const char* name() const override { return name_of_type(); }
    variable_list inputs() const { return inputs_; }

   protected:
    variable_list call_forward(AutogradContext* ctx) override {
      auto forward = [&](auto&... a) { return T::forward(ctx, a...); };
      variable_list outputs;
      if constexpr (std::is_same_v<std::decay_t<Result>, Tensor>) {
        outputs = {std::apply(forward, *arguments_)};
      } else {
        outputs = std::apply(forward, *arguments_);
      }
      // Backward has what was saved; the arguments themselves must not keep tensors alive.
      arguments_.reset();
      inputs_.clear();
      return outputs;
    }
    variable_list call_backward(AutogradContext* ctx, variable_list grads) override {
      return T::backward(ctx, std::move(grads));
    }

   private:
    void note(const Tensor& t, size_t position) {
      inputs_.push_back(t);
      tensor_positions_.push_back(position);
    }
    template <class A>
    void note(const A&, size_t) {}

    std::optional<std::tuple<Args...>> arguments_;
    variable_list inputs_;
  };

  static const char* name_of_type() {
    static const std::string name = CustomNode::node_name(__PRETTY_FUNCTION__);
    return name.c_str();
  }
};

}  // namespace adjoint::autograd
