// SPDX-License-Identifier: MIT
// Powers.
#include <cmath>
#include <limits>

#include "core/ops/composed.h"
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

/// operand 1 to the power of operand 2, as C's pow; integers multiply out and wrap, and to a
/// negative power 1 gives 1, -1 gives 1 or -1, any other 0.
constinit ElementwiseOp pow_op{"pow", {.dtypes = kNumericDtypes}};

/// Not recorded. Exponents that need no logarithm are products, quotients and roots, which are
/// also exact where a power of -0.0 is asked for.
Tensor scalar_power(const Tensor& self, const Scalar& exponent) {
  NoGradGuard no_grad;
  ScalarType compute = result_type(self, exponent);
  double e = exponent.toDouble();
  if (e == 0) return ones_like(self, TensorOptions(compute));
  if (e == 1) return self.to(compute, false, true);
  if (e == 2) return square(self.to(compute));
  if (e == 3) {
    Tensor x = self.to(compute);
    return square(x) * x;
  }
  if (isFloatingType(compute)) {
    if (e == 0.5) return sqrt(self.to(compute));
    if (e == -0.5) return rsqrt(self.to(compute));
    if (e == -1) return reciprocal(self.to(compute));
  }
  return run_binary(pow_op, self, exponent, false, false);
}

void check_integer_power(const Tensor& self, const Scalar& exponent) {
  ADJOINT_CHECK(
      isFloatingType(self.dtype()) || exponent.isFloatingPoint() || exponent.toLong() >= 0,
      "Integers to negative integer powers are not allowed.");
}

struct PowScalarBackward final : Node {
  Scalar exponent_;
  SavedTensor self_;

  const char* name() const override { return "PowBackward0"; }
  GradList apply(GradList&& grads) override {
    if (exponent_.toDouble() == 0) return {zeros_like(grads[0])};
    Tensor self = self_.unpack(*this);
    Scalar one_less = exponent_.isFloatingPoint() ? Scalar(exponent_.toDouble() - 1)
                                                  : Scalar(exponent_.toLong() - 1);
    Tensor power = one_less.toDouble() == 1 ? self : pow(self, one_less);
    return {grads[0] * (power * exponent_)};
  }
  void release_variables() override { self_.release(); }
};

/// d x^p / dx: 0 for p = 0, whatever x is.
Tensor base_gradient(const Tensor& grad, const Tensor& self, const Tensor& exponent) {
  // Where p = 0 and 1 / x is not finite, 1 takes the place of x: 0 * x^-1 would be NaN, and a mask
  // afterwards would not keep it out of further derivatives.
  Tensor regular = lt(abs(reciprocal(self)), std::numeric_limits<double>::infinity());
  Tensor singular = logical_and(eq(exponent, 0), logical_not(regular));
  return grad * (exponent * pow(where(singular, 1, self), exponent - 1));
}

/// d x^p / dp: 0 where x = 0 and p >= 0.
Tensor exponent_gradient(const Tensor& grad, const Tensor& self, const Tensor& exponent,
                         const Tensor& result) {
  Tensor constant = logical_and(eq(self, 0), ge(exponent, 0));
  return grad * (result * log(where(constant, 1, self)));
}

struct PowTensorBackward final : Node {
  SavedTensor self_, exponent_, result_;

  const char* name() const override { return "PowBackward1"; }
  GradList apply(GradList&& grads) override {
    GradList out(2);
    Tensor self = self_.unpack(*this), exponent = exponent_.unpack(*this);
    if (task_should_compute_output(0)) out[0] = base_gradient(grads[0], self, exponent);
    if (task_should_compute_output(1)) {
      out[1] = exponent_gradient(grads[0], self, exponent, result_.unpack(*this));
    }
    return out;
  }
  void release_variables() override {
    self_.release();
    exponent_.release();
    result_.release();
  }
};

/// A number to the power of a tensor.
struct PowOfScalarBackward final : Node {
  Scalar base_;
  SavedTensor exponent_, result_;

  const char* name() const override { return "PowBackward2"; }
  GradList apply(GradList&& grads) override {
    Tensor result = result_.unpack(*this);
    if (base_.toDouble() != 0) return {grads[0] * (result * std::log(base_.toDouble()))};
    // 0^p does not change with p >= 0.
    Tensor negative = lt(exponent_.unpack(*this), 0);
    double log_zero = -std::numeric_limits<double>::infinity();
    return {grads[0] * (result * masked_fill(zeros_like(result), negative, log_zero))};
  }
  void release_variables() override {
    exponent_.release();
    result_.release();
  }
};

}  // namespace

void register_pow_ops(OpRegistry& registry) { registry.add(pow_op); }

Tensor pow(const Tensor& self, const Scalar& exponent) {
  check_integer_power(self, exponent);
  Tensor out = scalar_power(self, exponent);
  if (needs_grad(self)) {
    auto node = make_node<PowScalarBackward>(self);
    node->exponent_ = exponent;
    node->self_.save(self);
    set_history(out, node);
  }
  return out;
}

Tensor& Tensor::pow_(const Scalar& exponent) const {
  return become(*this, before_change(*this).pow(exponent));
}

Tensor pow(const Tensor& self, const Tensor& exponent) {
  Tensor out = run_binary(pow_op, self, exponent, false, false);
  if (needs_grad(self, exponent)) {
    auto node = make_node<PowTensorBackward>(self, exponent);
    node->self_.save(self);
    node->exponent_.save(exponent);
    set_history(out, node);
    if (exponent.requires_grad()) node->result_.save_output(out);
  }
  return out;
}

Tensor& Tensor::pow_(const Tensor& exponent) const {
  Tensor operand = prepare_inplace(pow_op, *this, exponent);
  bool record = needs_grad(*this, exponent);
  Tensor before = record ? clone() : *this;
  // x.pow_(x): what is saved as the exponent must not be what is overwritten.
  Tensor kept = record && is_same(exponent) ? before : exponent;
  if (numel() != 0) pow_op(stream_for(*this), TensorIterator(*this, *this, operand));
  bump_version(*this);
  if (record) {
    auto node = make_node<PowTensorBackward>(*this, exponent);
    node->self_.save(before);
    node->exponent_.save(kept);
    PowTensorBackward* of = node.get();
    rebase_history(*this, std::move(node));
    if (exponent.requires_grad()) of->result_.save_output(*this);
  }
  return const_cast<Tensor&>(*this);
}

Tensor pow(const Scalar& self, const Tensor& exponent) {
  Tensor out = run_binary(pow_op, self, exponent, false, false);
  if (needs_grad(exponent)) {
    auto node = make_node<PowOfScalarBackward>(exponent);
    node->base_ = self;
    if (self.toDouble() == 0) node->exponent_.save(exponent);
    set_history(out, node);
    node->result_.save_output(out);
  }
  return out;
}

}  // namespace adjoint
