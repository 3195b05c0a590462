// SPDX-License-Identifier: MIT
// Activation functions. Each gradient is one kernel where nothing is to be differentiated again,
// and a formula in public operations otherwise.
#include "core/ops/unary.h"

namespace adjoint {
namespace {

/// An element-wise kernel of a gradient: out, gradient of the result, what forward kept.
constexpr OpTraits backward_of(const char* op) {
  return {.dtypes = kFloatingDtypes, .differentiable = false, .backward_of = op};
}

constinit ElementwiseOp tanh_op{"tanh"};
constinit ElementwiseOp tanh_backward_op{"tanh_backward", backward_of("tanh")};
constinit ElementwiseOp sigmoid_op{"sigmoid"};
constinit ElementwiseOp sigmoid_backward_op{"sigmoid_backward", backward_of("sigmoid")};
constinit ElementwiseOp relu_op{"relu", {.dtypes = kNumericDtypes}};
constinit ElementwiseOp relu_backward_op{"relu_backward", backward_of("relu")};
constinit ElementwiseOp log_sigmoid_op{"log_sigmoid"};
/// The flag: by tanh instead of erf.
constinit Op<void(const Stream&, const TensorIterator&, bool)> gelu_op{"gelu"};
constinit Op<void(const Stream&, const TensorIterator&, bool)> gelu_backward_op{
    "gelu_backward", backward_of("gelu")};

struct TanhBackward final : UnaryBackward<Saves::Result> {
  const char* name() const override { return "TanhBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& y) override {
    if (GradMode::is_enabled()) return grad * (1 - y * y);
    return run_binary(tanh_backward_op, grad, y, false, false);
  }
};

struct SigmoidBackward final : UnaryBackward<Saves::Result> {
  const char* name() const override { return "SigmoidBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& y) override {
    if (GradMode::is_enabled()) return grad * (1 - y) * y;
    return run_binary(sigmoid_backward_op, grad, y, false, false);
  }
};

struct LogSigmoidBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "LogSigmoidBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override { return grad * sigmoid(-x); }
};

Tensor relu_backward(const Tensor& grad, const Tensor& y);

/// Of the gradient itself: it passes where the first one did. (What it owes to y is 0.)
struct ReluBackwardBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "ThresholdBackwardBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& y) override { return relu_backward(grad, y); }
};

Tensor relu_backward(const Tensor& grad, const Tensor& y) {
  Tensor out = run_binary(relu_backward_op, grad, y, false, false);
  if (needs_grad(grad)) {
    auto node = make_node<ReluBackwardBackward>(grad);
    node->saved_.save(y.detach());
    set_history(out, node);
  }
  return out;
}

struct ReluBackward final : UnaryBackward<Saves::Result> {
  const char* name() const override { return "ReluBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& y) override { return relu_backward(grad, y); }
};

struct GeluBackward final : UnaryBackward<Saves::Input> {
  bool by_tanh_ = false;
  const char* name() const override { return "GeluBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    if (!GradMode::is_enabled()) {
      return run_binary(gelu_backward_op, grad, x, false, false, by_tanh_);
    }
    if (by_tanh_) {
      constexpr double beta = 0.79788456080286535588, kappa = 0.044715;  // beta = sqrt(2 / pi)
      Tensor square = x * x;
      Tensor t = tanh(x * (square * kappa + 1) * beta);
      Tensor slope = square * (3 * kappa * beta) + beta;
      return grad * ((t + 1) + x * (1 - t * t) * slope) * 0.5;
    }
    constexpr double sqrt_half = 0.70710678118654752440, inv_sqrt_2pi = 0.39894228040143267794;
    Tensor distribution = (erf(x * sqrt_half) + 1) * 0.5;
    Tensor density = exp(x * x * -0.5) * inv_sqrt_2pi;
    return grad * (distribution + x * density);
  }
};

void check_relu(const Tensor& self) {
  ADJOINT_CHECK(self.dtype() != kBool, "Boolean inputs not supported for relu");
}

}  // namespace

void register_activation_ops(OpRegistry& registry) {
  for (ElementwiseOp* op : {&tanh_op, &tanh_backward_op, &sigmoid_op, &sigmoid_backward_op,
                            &relu_op, &relu_backward_op, &log_sigmoid_op}) {
    registry.add(*op);
  }
  registry.add(gelu_op);
  registry.add(gelu_backward_op);
}

Tensor tanh(const Tensor& self) { return unary<TanhBackward>(tanh_op, self, Result::Floating); }
Tensor sigmoid(const Tensor& self) {
  return unary<SigmoidBackward>(sigmoid_op, self, Result::Floating);
}
Tensor relu(const Tensor& self) {
  check_relu(self);
  return unary<ReluBackward>(relu_op, self, Result::SameDtype);
}
Tensor log_sigmoid(const Tensor& self) {
  return unary<LogSigmoidBackward>(log_sigmoid_op, self, Result::SameDtype);
}
Tensor gelu(const Tensor& self, std::string_view approximate) {
  bool by_tanh = approximate == "tanh";
  ADJOINT_CHECK(by_tanh || approximate == "none",
                "approximate argument must be either none or tanh, got ", approximate);
  Tensor out = run_unary(gelu_op, self, self.dtype(), self.dtype(), by_tanh);
  if (needs_grad(self)) {
    auto node = make_node<GeluBackward>(self);
    node->by_tanh_ = by_tanh;
    node->saved_.save(self);
    set_history(out, node);
  }
  return out;
}

Tensor& Tensor::tanh_() const { return unary_<TanhBackward>(tanh_op, *this, Result::Floating); }
Tensor& Tensor::sigmoid_() const {
  return unary_<SigmoidBackward>(sigmoid_op, *this, Result::Floating);
}
Tensor& Tensor::relu_() const {
  check_relu(*this);
  return unary_<ReluBackward>(relu_op, *this, Result::SameDtype);
}

}  // namespace adjoint
