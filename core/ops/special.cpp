// SPDX-License-Identifier: MIT
// Functions of probabilities and logarithms, and nan_to_num: one node each, whose values other
// operations make. erfinv alone has a kernel.
#include <limits>
#include <numbers>

#include "core/ops/composed.h"
#include "core/ops/unary.h"

namespace adjoint {
namespace {

constinit ElementwiseOp erfinv_op{"erfinv"};

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kPi = std::numbers::pi;

struct ErfinvBackward final : UnaryBackward<Saves::Result> {
  const char* name() const override { return "ErfinvBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& y) override {
    constexpr double half_sqrt_pi = 0.88622692545275801365;
    return grad * (exp(y * y) * half_sqrt_pi);
  }
};

struct LogitBackward final : UnaryBackward<Saves::Input> {
  std::optional<double> eps_;
  const char* name() const override { return "LogitBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    const double low = eps_.value_or(0);
    Tensor outside = logical_or(lt(x, low), gt(x, 1 - low));
    // What is outside must not come back in further derivatives.
    Tensor inside = masked_fill(x, outside, 0.5);
    return masked_fill(grad / (inside * (1 - inside)), outside,
                       eps_ ? 0 : std::numeric_limits<double>::quiet_NaN());
  }
};

struct SincBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "SincBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    Tensor origin = eq(x, 0), scaled = masked_fill(x, origin, 1) * kPi;
    Tensor slope = (cos(scaled) * scaled - sin(scaled)) / (scaled * scaled) * kPi;
    return grad * masked_fill(slope, origin, 0);
  }
};

struct NanToNumBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "NanToNumBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    return masked_fill(grad, logical_not(isfinite(x)), 0);
  }
};

struct HeavisideBackward final : Node {
  const char* name() const override { return "NotImplemented"; }
  GradList apply(GradList&&) override {
    ADJOINT_CHECK_WITH(NotImplementedError, false,
                       "derivative for aten::heaviside is not implemented");
    return {};
  }
};

/// Both operands are kept where one is a number too, then as a 0-d tensor.
struct XlogyBackward final : Node {
  SavedTensor self_, other_;
  int self_edge_ = 0, other_edge_ = 1;  // -1 for a number
  const char* name() const override {
    return self_edge_ < 0    ? "XlogyBackward1"
           : other_edge_ < 0 ? "XlogyBackward2"
                             : "XlogyBackward0";
  }
  GradList apply(GradList&& grads) override {
    GradList out(num_outputs());
    Tensor self = self_.unpack(*this), other = other_.unpack(*this);
    if (self_edge_ >= 0 && task_should_compute_output(size_t(self_edge_))) {
      Tensor none = logical_and(eq(self, 0), le(other, 0));
      out[size_t(self_edge_)] = masked_fill(xlogy(grads[0], other), none, 0);
    }
    if (other_edge_ >= 0 && task_should_compute_output(size_t(other_edge_))) {
      out[size_t(other_edge_)] = grads[0] * self / other;
    }
    return out;
  }
  void release_variables() override {
    self_.release();
    other_.release();
  }
};

/// base^self / (base^self + base^other) is the sigmoid of (self - other) log(base).
struct LogaddexpBackward final : Node {
  SavedTensor self_, other_;
  bool is_base_2_ = false;
  const char* name() const override {
    return is_base_2_ ? "Logaddexp2Backward0" : "LogaddexpBackward0";
  }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    Tensor self = self_.unpack(*this), other = other_.unpack(*this);
    Tensor difference = masked_fill(self - other, eq(self, other), 0);
    if (is_base_2_) difference = difference * std::numbers::ln2;
    if (task_should_compute_output(0)) out[0] = grads[0] * sigmoid(difference);
    if (task_should_compute_output(1)) out[1] = grads[0] * sigmoid(-difference);
    return out;
  }
  void release_variables() override {
    self_.release();
    other_.release();
  }
};

/// The dtype to compute in for results of `dtype`: 16-bit floats compute in float.
ScalarType wide(ScalarType dtype) { return promoteTypes(dtype, kFloat); }

/// `self` and `other` in one floating-point dtype, with the edges of both.
Tensor xlogy_of(const Tensor& self, const Tensor& other, bool self_is_number,
                bool other_is_number) {
  const ScalarType dtype = floating_result(result_type(self, other));
  Tensor out;
  {
    NoGradGuard no_grad;
    Tensor a = self.to(wide(dtype)), b = other.to(wide(dtype));
    out = masked_fill(a * log(b), logical_and(eq(a, 0), logical_not(isnan(b))), 0).to(dtype);
  }
  if (!needs_grad(self, other)) return out;
  auto node = self_is_number    ? make_node<XlogyBackward>(other)
              : other_is_number ? make_node<XlogyBackward>(self)
                                : make_node<XlogyBackward>(self, other);
  node->self_edge_ = self_is_number ? -1 : 0;
  node->other_edge_ = other_is_number ? -1 : self_is_number ? 0 : 1;
  node->self_.save(self);
  node->other_.save(other);
  set_history(out, node);
  return out;
}

/// A 0-d tensor of the dtype that an operation on the number and `like` computes in.
Tensor as_tensor(const Scalar& value, const Tensor& like) {
  return full({}, value, TensorOptions(result_type(like, value)).device(like.device()));
}

Tensor add_exponentials(const Tensor& self, const Tensor& other, bool is_base_2) {
  const char* op = is_base_2 ? "logaddexp2" : "logaddexp";
  const ScalarType dtype = result_type(self, other);
  ADJOINT_CHECK_WITH(NotImplementedError, isFloatingType(dtype), "\"", op,
                     "\" not implemented for '", dtype, "'");
  Tensor out;
  {
    NoGradGuard no_grad;
    Tensor a = self.to(wide(dtype)), b = other.to(wide(dtype));
    Tensor less = abs(masked_fill(a - b, eq(a, b), 0));
    Tensor more = is_base_2 ? log1p(exp2(-less)) * (1 / std::numbers::ln2) : log1p(exp(-less));
    out = (maximum(a, b) + more).to(dtype);
  }
  if (needs_grad(self, other)) {
    auto node = make_node<LogaddexpBackward>(self, other);
    node->is_base_2_ = is_base_2;
    node->self_.save(self);
    node->other_.save(other);
    set_history(out, node);
  }
  return out;
}

double largest(ScalarType dtype) {
  switch (dtype) {
    case kHalf:
      return 65504;
    case kBFloat16:
      return 0x1.FEp127;
    case kFloat:
      return std::numeric_limits<float>::max();
    default:
      return std::numeric_limits<double>::max();
  }
}

}  // namespace

void register_special_ops(OpRegistry& registry) { registry.add(erfinv_op); }

Tensor erfinv(const Tensor& self) {
  return unary<ErfinvBackward>(erfinv_op, self, Result::Floating);
}
Tensor& Tensor::erfinv_() const {
  return unary_<ErfinvBackward>(erfinv_op, *this, Result::Floating);
}

Tensor logit(const Tensor& self, std::optional<double> eps) {
  Tensor out;
  {
    NoGradGuard no_grad;
    const ScalarType dtype = floating_result(self.dtype());
    Tensor x = self.to(wide(dtype));
    if (eps) x = x.clamp(*eps, 1 - *eps);
    out = log(x / (1 - x)).to(dtype);
  }
  if (needs_grad(self)) {
    auto node = make_node<LogitBackward>(self);
    node->eps_ = eps;
    node->saved_.save(self);
    set_history(out, node);
  }
  return out;
}

Tensor& Tensor::logit_(std::optional<double> eps) const {
  return become(*this, before_change(*this).logit(eps));
}

Tensor xlogy(const Tensor& self, const Tensor& other) {
  return xlogy_of(self, other, false, false);
}
Tensor xlogy(const Tensor& self, const Scalar& other) {
  return xlogy_of(self, as_tensor(other, self), false, true);
}
Tensor xlogy(const Scalar& self, const Tensor& other) {
  return xlogy_of(as_tensor(self, other), other, true, false);
}

Tensor& Tensor::xlogy_(const Tensor& other) const {
  return become(*this, before_change(*this, other).xlogy(other));
}
Tensor& Tensor::xlogy_(const Scalar& other) const {
  return become(*this, before_change(*this).xlogy(other));
}

Tensor logaddexp(const Tensor& self, const Tensor& other) {
  return add_exponentials(self, other, false);
}
Tensor logaddexp2(const Tensor& self, const Tensor& other) {
  return add_exponentials(self, other, true);
}

Tensor sinc(const Tensor& self) {
  Tensor out;
  {
    NoGradGuard no_grad;
    const ScalarType dtype = floating_result(self.dtype());
    Tensor x = self.to(wide(dtype)), origin = eq(x, 0);
    Tensor scaled = masked_fill(x, origin, 1) * kPi;
    out = masked_fill(sin(scaled) / scaled, origin, 1).to(dtype);
  }
  if (needs_grad(self)) {
    auto node = make_node<SincBackward>(self);
    node->saved_.save(self);
    set_history(out, node);
  }
  return out;
}

Tensor& Tensor::sinc_() const { return become(*this, before_change(*this).sinc()); }

Tensor heaviside(const Tensor& self, const Tensor& values) {
  ADJOINT_CHECK(self.dtype() == values.dtype(),
                "heaviside is not yet implemented for tensors with different dtypes, got ",
                self.dtype(), " and ", values.dtype());
  Tensor out;
  {
    NoGradGuard no_grad;
    out = where(eq(self, 0), values, gt(self, 0).to(self.dtype()));
  }
  if (needs_grad(self, values)) set_history(out, make_node<HeavisideBackward>(self, values));
  return out;
}

Tensor nan_to_num(const Tensor& self, std::optional<double> nan, std::optional<double> posinf,
                  std::optional<double> neginf) {
  if (!isFloatingType(self.dtype())) return self.clone();
  Tensor out;
  {
    NoGradGuard no_grad;
    const double high = largest(self.dtype());
    out = masked_fill(self, isnan(self), nan.value_or(0));
    out.masked_fill_(eq(self, kInfinity), posinf.value_or(high));
    out.masked_fill_(eq(self, -kInfinity), neginf.value_or(-high));
  }
  if (needs_grad(self)) {
    auto node = make_node<NanToNumBackward>(self);
    node->saved_.save(self);
    set_history(out, node);
  }
  return out;
}
Tensor& Tensor::nan_to_num_(std::optional<double> nan, std::optional<double> posinf,
                            std::optional<double> neginf) const {
  return become(*this, adjoint::nan_to_num(before_change(*this), nan, posinf, neginf));
}
Tensor& nan_to_num_(Tensor& self, std::optional<double> nan, std::optional<double> posinf,
                    std::optional<double> neginf) {
  return self.nan_to_num_(nan, posinf, neginf);
}

}  // namespace adjoint
