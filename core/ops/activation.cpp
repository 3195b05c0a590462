// SPDX-License-Identifier: MIT
// Activation functions. Each gradient is one kernel where nothing is to be differentiated again,
// and a formula in public operations otherwise.
#include "core/ops/activation.h"

#include "core/ops/unary.h"
#include "core/tensor/geometry.h"

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

constinit ElementwiseOp silu_op{"silu"};
constinit ElementwiseOp silu_backward_op{"silu_backward", backward_of("silu")};
constinit ElementwiseOp mish_op{"mish"};
constinit ElementwiseOp mish_backward_op{"mish_backward", backward_of("mish")};
using SoftplusOp = Op<void(const Stream&, const TensorIterator&, const SoftplusNumbers&)>;
constinit SoftplusOp softplus_op{"softplus"};
constinit SoftplusOp softplus_backward_op{"softplus_backward", backward_of("softplus")};

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

struct SiluBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "SiluBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    if (!GradMode::is_enabled()) return run_binary(silu_backward_op, grad, x, false, false);
    Tensor s = sigmoid(x);
    return grad * (s * (x * (1 - s) + 1));
  }
};

struct MishBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "MishBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    if (!GradMode::is_enabled()) return run_binary(mish_backward_op, grad, x, false, false);
    Tensor gate = tanh(softplus(x));
    return grad * (gate + x * sigmoid(x) * (1 - gate * gate));
  }
};

struct SoftplusBackward final : UnaryBackward<Saves::Input> {
  SoftplusNumbers numbers_;
  const char* name() const override { return "SoftplusBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    if (!GradMode::is_enabled()) {
      return run_binary<const SoftplusNumbers&>(softplus_backward_op, grad, x, false, false,
                                                numbers_);
    }
    Tensor z = x * numbers_.beta;
    return grad * where(gt(z, numbers_.threshold), 1.0, sigmoid(z));
  }
};

struct GluBackward final : UnaryBackward<Saves::Input> {
  int64_t dim_ = 0;
  const char* name() const override { return "GluBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    int64_t half = x.size(dim_) / 2;
    std::vector<Tensor> halves = x.split_with_sizes({half, half}, dim_);
    Tensor s = sigmoid(halves[1]);
    return cat({grad * s, grad * (halves[0] * s * (1 - s))}, dim_);
  }
};

template <class Backward>
Tensor& activate_(const ElementwiseOp& op, const Tensor& self) {
  Tensor before = overwrite(op, self);
  if (needs_grad(self)) {
    auto node = make_node<Backward>(self);
    node->saved_.save(before);
    rebase_history(self, node);
  }
  return const_cast<Tensor&>(self);
}

void check_relu(const Tensor& self) {
  ADJOINT_CHECK(self.dtype() != kBool, "Boolean inputs not supported for relu");
}

}  // namespace

void register_activation_ops(OpRegistry& registry) {
  for (ElementwiseOp* op :
       {&tanh_op, &tanh_backward_op, &sigmoid_op, &sigmoid_backward_op, &relu_op, &relu_backward_op,
        &log_sigmoid_op, &silu_op, &silu_backward_op, &mish_op, &mish_backward_op}) {
    registry.add(*op);
  }
  registry.add(gelu_op);
  registry.add(gelu_backward_op);
  registry.add(softplus_op);
  registry.add(softplus_backward_op);
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

Tensor silu(const Tensor& self) { return unary<SiluBackward>(silu_op, self, Result::SameDtype); }
Tensor mish(const Tensor& self) { return unary<MishBackward>(mish_op, self, Result::SameDtype); }
Tensor& silu_(Tensor& self) { return activate_<SiluBackward>(silu_op, self); }
Tensor& mish_(Tensor& self) { return activate_<MishBackward>(mish_op, self); }
Tensor softplus(const Tensor& self, const Scalar& beta, const Scalar& threshold) {
  const SoftplusNumbers numbers{beta.toDouble(), threshold.toDouble()};
  Tensor out =
      run_unary<const SoftplusNumbers&>(softplus_op, self, self.dtype(), self.dtype(), numbers);
  if (needs_grad(self)) {
    auto node = make_node<SoftplusBackward>(self);
    node->numbers_ = numbers;
    node->saved_.save(self);
    set_history(out, node);
  }
  return out;
}
Tensor glu(const Tensor& self, int64_t dim) {
  ADJOINT_CHECK(self.dim() > 0, "glu does not support 0-dimensional tensors");
  dim = wrap_dim(dim, self.dim());
  ADJOINT_CHECK(self.size(dim) % 2 == 0, "Halving dimension must be even, but dimension ", dim,
                " is size ", self.size(dim));
  Tensor out;
  {
    NoGradGuard no_grad;
    int64_t half = self.size(dim) / 2;
    std::vector<Tensor> halves = self.split_with_sizes({half, half}, dim);
    out = halves[0] * sigmoid(halves[1]);
  }
  if (needs_grad(self)) {
    auto node = make_node<GluBackward>(self);
    node->dim_ = dim;
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
