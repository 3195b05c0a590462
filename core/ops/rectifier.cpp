// SPDX-License-Identifier: MIT
// Activations of straight pieces, and elu, which is straight on one side. One pair of kernels is
// given the pieces by their numbers.
#include "core/ops/activation.h"
#include "core/ops/unary.h"

namespace adjoint {
namespace {

using PiecesOp = Op<void(const Stream&, const TensorIterator&, const StraightPieces&)>;
using EluOp = Op<void(const Stream&, const TensorIterator&, const EluNumbers&)>;

constinit PiecesOp pieces_op{"straight_pieces"};
/// Out, gradient of the result, input.
constinit PiecesOp pieces_backward_op{"straight_pieces_backward",
                                      {.differentiable = false, .backward_of = "straight_pieces"}};
constinit EluOp elu_op{"elu"};
constinit EluOp elu_backward_op{"elu_backward", {.differentiable = false, .backward_of = "elu"}};

// ---- Straight pieces

struct PiecesNames {
  const char* backward;
  const char* backward_backward;
};
constexpr PiecesNames kLeakyRelu{"LeakyReluBackward0", "LeakyReluBackwardBackward0"};
constexpr PiecesNames kLeakyReluInPlace{"LeakyReluBackward1", "LeakyReluBackwardBackward0"};
constexpr PiecesNames kRrelu{"RreluWithNoiseBackward0", "LeakyReluBackwardBackward0"};
constexpr PiecesNames kRreluInPlace{"RreluWithNoiseBackward1", "LeakyReluBackwardBackward0"};
constexpr PiecesNames kThresholdInPlace{"ThresholdBackward1", "ThresholdBackwardBackward0"};
constexpr PiecesNames kHardtanh{"HardtanhBackward0", "HardtanhBackwardBackward0"};
constexpr PiecesNames kHardsigmoid{"HardsigmoidBackward0", "HardsigmoidBackwardBackward0"};
constexpr PiecesNames kHardshrink{"HardshrinkBackward0", "HardshrinkBackwardBackward0"};
constexpr PiecesNames kSoftshrink{"SoftshrinkBackward0", "SoftshrinkBackwardBackward0"};
constexpr PiecesNames kThreshold{"ThresholdBackward0", "ThresholdBackwardBackward0"};

Tensor pieces_backward(const Tensor& grad, const Tensor& x, const StraightPieces& pieces,
                       const PiecesNames& names);

/// Of the gradient itself, which it multiplies by the slope at x. (What it owes to x is 0.)
struct PiecesBackwardBackward final : UnaryBackward<Saves::Input> {
  StraightPieces pieces_;
  PiecesNames names_;
  const char* name() const override { return names_.backward_backward; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    return pieces_backward(grad, x, pieces_, names_);
  }
};

struct PiecesBackward final : UnaryBackward<Saves::Input> {
  StraightPieces pieces_;
  PiecesNames names_;
  const char* name() const override { return names_.backward; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    return pieces_backward(grad, x, pieces_, names_);
  }
};

template <class Backward>
intrusive_ptr<Backward> pieces_node(const Tensor& self, const Tensor& saved,
                                    const StraightPieces& pieces, const PiecesNames& names) {
  auto node = make_node<Backward>(self);
  node->pieces_ = pieces;
  node->names_ = names;
  node->saved_.save(saved);
  return node;
}

Tensor pieces_backward(const Tensor& grad, const Tensor& x, const StraightPieces& pieces,
                       const PiecesNames& names) {
  Tensor out = run_binary<const StraightPieces&>(pieces_backward_op, grad, x, false, false, pieces);
  if (needs_grad(grad)) {
    set_history(out, pieces_node<PiecesBackwardBackward>(grad, x.detach(), pieces, names));
  }
  return out;
}

Tensor straight(const Tensor& self, const StraightPieces& pieces, const PiecesNames& names) {
  Tensor out =
      run_unary<const StraightPieces&>(pieces_op, self, self.dtype(), self.dtype(), pieces);
  if (needs_grad(self)) set_history(out, pieces_node<PiecesBackward>(self, self, pieces, names));
  return out;
}
Tensor& straight_(const Tensor& self, const StraightPieces& pieces, const PiecesNames& names) {
  Tensor before = overwrite<const StraightPieces&>(pieces_op, self, pieces);
  if (needs_grad(self)) {
    rebase_history(self, pieces_node<PiecesBackward>(self, before, pieces, names));
  }
  return const_cast<Tensor&>(self);
}

StraightPieces leaky(const Scalar& negative_slope) {
  double s = negative_slope.toDouble();
  return {0, 0, {s, s, 1}, {}};
}
StraightPieces between(const Scalar& min, const Scalar& max) {
  double low = min.toDouble(), high = max.toDouble();
  ADJOINT_CHECK_VALUE(low <= high, "min_val cannot be greater than max_val, but got ", low, " and ",
                      high);
  return {low, high, {0, 1, 0}, {low, 0, high}};
}
StraightPieces above(const Scalar& threshold, const Scalar& value) {
  double t = threshold.toDouble(), v = value.toDouble();
  return {t, t, {0, 0, 1}, {v, v, 0}};
}
constexpr StraightPieces kSixth{-3, 3, {0, 1.0 / 6, 0}, {0, 0.5, 1}};
/// The derivative of hardswish, which jumps at its ends.
constexpr StraightPieces kHardswishSlope{-3, 3, {0, 1.0 / 3, 0}, {0, 0.5, 1}};
constexpr PiecesNames kHardswishNames{"HardswishBackwardBackward0", "HardswishBackwardBackward0"};

struct HardswishBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "HardswishBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    return grad * straight(x, kHardswishSlope, kHardswishNames);
  }
};

struct PreluBackward final : Node {
  SavedTensor self_, weight_;
  const char* name() const override { return "PreluKernelBackward0"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    Tensor self = self_.unpack(*this), positive = gt(self, 0);
    if (task_should_compute_output(0)) {
      out[0] = where(positive, grads[0], grads[0] * weight_.unpack(*this));
    }
    if (task_should_compute_output(1)) out[1] = where(positive, 0, grads[0] * self);
    return out;
  }
  void release_variables() override {
    self_.release();
    weight_.release();
  }
};

/// x times the number drawn for it, 1 where x > 0.
struct RreluBackward final : UnaryBackward<Saves::Input> {
  const char* name_ = "";
  const char* name() const override { return name_; }
  Tensor derive(const Tensor& grad, const Tensor& slopes) override { return grad * slopes; }
};

void check_bounds(double low, double high) {
  ADJOINT_CHECK(low <= high, "Lower bound should be less than or equal to the upper bound, got ",
                low, " and ", high);
}
Tensor draw_slopes(const Tensor& self, double low, double high) {
  check_bounds(low, high);
  check_dtype(pieces_op, self.dtype());
  NoGradGuard no_grad;
  return where(gt(self, 0), 1, empty(self.sizes(), self.options()).uniform_(low, high));
}
intrusive_ptr<Node> rrelu_node(const Tensor& self, const Tensor& slopes, const char* name) {
  auto node = make_node<RreluBackward>(self);
  node->name_ = name;
  node->saved_.save(slopes);
  return node;
}

// ---- elu

struct EluBackward final : UnaryBackward<Saves::Input> {
  EluNumbers numbers_;
  const char* name_ = "";
  const char* name() const override { return name_; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    if (!GradMode::is_enabled()) {
      return run_binary<const EluNumbers&>(elu_backward_op, grad, x, false, false, numbers_);
    }
    auto [alpha, scale, input_scale] = numbers_;
    // Of the positive numbers, whose exponentials might be infinite, nothing is to come back.
    Tensor positive = logical_not(le(x, 0));
    Tensor slope = exp(masked_fill(x, positive, 0) * input_scale) * (alpha * scale * input_scale);
    return grad * where(positive, scale, slope);
  }
};

constexpr const char* kElu = "EluBackward0";
constexpr const char* kCelu = "CeluBackward0";
constexpr const char* kEluInPlace = "EluBackward1";
constexpr const char* kCeluInPlace = "CeluBackward1";

intrusive_ptr<Node> elu_node(const Tensor& self, const Tensor& saved, const EluNumbers& numbers,
                             const char* name) {
  auto node = make_node<EluBackward>(self);
  node->name_ = name;
  node->numbers_ = numbers;
  node->saved_.save(saved);
  return node;
}
Tensor elu_of(const Tensor& self, const EluNumbers& numbers, const char* name = kElu) {
  Tensor out = run_unary<const EluNumbers&>(elu_op, self, self.dtype(), self.dtype(), numbers);
  if (needs_grad(self)) set_history(out, elu_node(self, self, numbers, name));
  return out;
}
Tensor& elu_of_(const Tensor& self, const EluNumbers& numbers, const char* name = kEluInPlace) {
  Tensor before = overwrite<const EluNumbers&>(elu_op, self, numbers);
  if (needs_grad(self)) rebase_history(self, elu_node(self, before, numbers, name));
  return const_cast<Tensor&>(self);
}

EluNumbers elu_numbers(const Scalar& alpha, const Scalar& scale, const Scalar& input_scale) {
  return {alpha.toDouble(), scale.toDouble(), input_scale.toDouble()};
}
constexpr EluNumbers kSelu{1.6732632423543772848, 1.0507009873554804934, 1};
EluNumbers celu_numbers(const Scalar& alpha) {
  double a = alpha.toDouble();
  ADJOINT_CHECK(a != 0, "ZeroDivisionError: alpha cannot be 0 for CELU");
  return {a, 1, 1 / a};
}

}  // namespace

void register_rectifier_ops(OpRegistry& registry) {
  registry.add(pieces_op);
  registry.add(pieces_backward_op);
  registry.add(elu_op);
  registry.add(elu_backward_op);
}

Tensor leaky_relu(const Tensor& self, const Scalar& negative_slope) {
  return straight(self, leaky(negative_slope), kLeakyRelu);
}
Tensor hardtanh(const Tensor& self, const Scalar& min_val, const Scalar& max_val) {
  return straight(self, between(min_val, max_val), kHardtanh);
}
Tensor relu6(const Tensor& self) { return hardtanh(self, 0, 6); }
Tensor hardsigmoid(const Tensor& self) { return straight(self, kSixth, kHardsigmoid); }
Tensor hardshrink(const Tensor& self, const Scalar& lambd) {
  double l = lambd.toDouble();
  return straight(self, {-l, l, {1, 0, 1}, {}, true}, kHardshrink);
}
Tensor softshrink(const Tensor& self, const Scalar& lambd) {
  double l = lambd.toDouble();
  ADJOINT_CHECK(l >= 0, "lambda must be greater or equal to 0, but found to be ", l, ".");
  return straight(self, {-l, l, {1, 0, 1}, {l, 0, -l}, true}, kSoftshrink);
}
Tensor threshold(const Tensor& self, const Scalar& threshold, const Scalar& value) {
  return straight(self, above(threshold, value), kThreshold);
}
Tensor hardswish(const Tensor& self) {
  Tensor out;
  {
    NoGradGuard no_grad;
    out = self * hardsigmoid(self);
  }
  if (needs_grad(self)) {
    auto node = make_node<HardswishBackward>(self);
    node->saved_.save(self);
    set_history(out, node);
  }
  return out;
}

Tensor prelu(const Tensor& self, const Tensor& weight) {
  ADJOINT_CHECK(
      weight.dim() <= 1,
      "prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = ", weight.dim());
  ADJOINT_CHECK(self.dtype() == weight.dtype(), "prelu: Type promoting not supported. Got ",
                self.dtype(), " and ", weight.dtype());
  DimVector sizes(size_t(self.dim()), 1);
  if (weight.numel() != 1) {
    int64_t channels = self.dim() > 1 ? self.size(1) : 1;
    ADJOINT_CHECK(
        weight.numel() == channels,
        "Mismatch of parameter numbers and input channel size. Found parameter numbers = ",
        weight.numel(), " and channel size = ", channels, ".");
    if (self.dim() > 1) sizes[1] = channels;
  }
  Tensor slopes = weight.reshape(sizes);
  Tensor out;
  {
    NoGradGuard no_grad;
    out = where(gt(self, 0), self, self * slopes);
  }
  if (needs_grad(self, slopes)) {
    auto node = make_node<PreluBackward>(self, slopes);
    node->self_.save(self);
    node->weight_.save(slopes);
    set_history(out, node);
  }
  return out;
}

Tensor rrelu(const Tensor& self, const Scalar& lower, const Scalar& upper, bool training) {
  const double low = lower.toDouble(), high = upper.toDouble();
  if (!training) {
    check_bounds(low, high);
    return straight(self, leaky((low + high) / 2), kRrelu);
  }
  Tensor slopes = draw_slopes(self, low, high), out;
  {
    NoGradGuard no_grad;
    out = self * slopes;
  }
  if (needs_grad(self)) set_history(out, rrelu_node(self, slopes, kRrelu.backward));
  return out;
}
Tensor& rrelu_(Tensor& self, const Scalar& lower, const Scalar& upper, bool training) {
  const double low = lower.toDouble(), high = upper.toDouble();
  if (!training) {
    check_bounds(low, high);
    return straight_(self, leaky((low + high) / 2), kRreluInPlace);
  }
  check_inplace(self);
  Tensor slopes = draw_slopes(self, low, high);
  const bool record = needs_grad(self);
  {
    NoGradGuard no_grad;
    self.data().mul_(slopes);
  }
  bump_version(self);
  if (record) rebase_history(self, rrelu_node(self, slopes, kRreluInPlace.backward));
  return self;
}

Tensor elu(const Tensor& self, const Scalar& alpha, const Scalar& scale,
           const Scalar& input_scale) {
  return elu_of(self, elu_numbers(alpha, scale, input_scale));
}
Tensor selu(const Tensor& self) { return elu_of(self, kSelu); }
Tensor celu(const Tensor& self, const Scalar& alpha) {
  return elu_of(self, celu_numbers(alpha), kCelu);
}

Tensor& leaky_relu_(Tensor& self, const Scalar& negative_slope) {
  return straight_(self, leaky(negative_slope), kLeakyReluInPlace);
}
Tensor& hardtanh_(Tensor& self, const Scalar& min_val, const Scalar& max_val) {
  return straight_(self, between(min_val, max_val), kHardtanh);
}
Tensor& relu6_(Tensor& self) { return hardtanh_(self, 0, 6); }
Tensor& hardsigmoid_(Tensor& self) { return straight_(self, kSixth, kHardsigmoid); }
Tensor& threshold_(Tensor& self, const Scalar& threshold, const Scalar& value) {
  return straight_(self, above(threshold, value), kThresholdInPlace);
}
Tensor& elu_(Tensor& self, const Scalar& alpha, const Scalar& scale, const Scalar& input_scale) {
  return elu_of_(self, elu_numbers(alpha, scale, input_scale));
}
Tensor& selu_(Tensor& self) { return elu_of_(self, kSelu); }
Tensor& celu_(Tensor& self, const Scalar& alpha) {
  return elu_of_(self, celu_numbers(alpha), kCeluInPlace);
}

}  // namespace adjoint
