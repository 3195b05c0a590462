// SPDX-License-Identifier: MIT
// Functions of angles and of the hyperbola, and what turns two coordinates into an angle and a
// length.
#include "core/ops/composed.h"
#include "core/ops/unary.h"

namespace adjoint {
namespace {

constinit ElementwiseOp tan_op{"tan"};
constinit ElementwiseOp asin_op{"asin"};
constinit ElementwiseOp acos_op{"acos"};
constinit ElementwiseOp atan_op{"atan"};
constinit ElementwiseOp sinh_op{"sinh"};
constinit ElementwiseOp cosh_op{"cosh"};
constinit ElementwiseOp asinh_op{"asinh"};
constinit ElementwiseOp acosh_op{"acosh"};
constinit ElementwiseOp atanh_op{"atanh"};
constinit ElementwiseOp atan2_op{"atan2"};
constinit ElementwiseOp hypot_op{"hypot"};

struct TanBackward final : UnaryBackward<Saves::Result> {
  const char* name() const override { return "TanBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& y) override { return grad * (y * y + 1); }
};
struct AsinBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "AsinBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override { return grad * rsqrt(1 - x * x); }
};
struct AcosBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "AcosBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override { return grad * -rsqrt(1 - x * x); }
};
struct AtanBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "AtanBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override { return grad / (x * x + 1); }
};
struct SinhBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "SinhBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override { return grad * cosh(x); }
};
struct CoshBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "CoshBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override { return grad * sinh(x); }
};
struct AsinhBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "AsinhBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override { return grad * rsqrt(x * x + 1); }
};
struct AcoshBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "AcoshBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override { return grad * rsqrt(x * x - 1); }
};
struct AtanhBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "AtanhBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override { return grad / (1 - x * x); }
};

/// Of two operands, which both are kept.
struct PairBackward : Node {
  SavedTensor self_, other_;

  virtual Tensor derive_self(const Tensor& grad, const Tensor& self, const Tensor& other) = 0;
  virtual Tensor derive_other(const Tensor& grad, const Tensor& self, const Tensor& other) = 0;
  GradList apply(GradList&& grads) final {
    GradList out(2);
    Tensor self = self_.unpack(*this), other = other_.unpack(*this);
    if (task_should_compute_output(0)) out[0] = derive_self(grads[0], self, other);
    if (task_should_compute_output(1)) out[1] = derive_other(grads[0], self, other);
    return out;
  }
  void release_variables() final {
    self_.release();
    other_.release();
  }
};
struct Atan2Backward final : PairBackward {
  const char* name() const override { return "Atan2Backward0"; }
  // At the origin, where there is no angle, the gradient is 0.
  static Tensor by_square(const Tensor& grad, const Tensor& y, const Tensor& x) {
    Tensor square = x * x + y * y;
    return grad / masked_fill(square, eq(square, 0), 1);
  }
  Tensor derive_self(const Tensor& grad, const Tensor& y, const Tensor& x) override {
    return by_square(grad, y, x) * x;
  }
  Tensor derive_other(const Tensor& grad, const Tensor& y, const Tensor& x) override {
    return by_square(grad, y, x) * -y;
  }
};
struct HypotBackward final : PairBackward {
  const char* name() const override { return "HypotBackward0"; }
  Tensor derive_self(const Tensor& grad, const Tensor& a, const Tensor& b) override {
    return grad * (a / hypot(a, b));
  }
  Tensor derive_other(const Tensor& grad, const Tensor& a, const Tensor& b) override {
    return grad * (b / hypot(a, b));
  }
};

template <class Backward>
Tensor pair(const ElementwiseOp& op, const Tensor& self, const Tensor& other, bool floating) {
  Tensor out = run_binary(op, self, other, floating, false);
  if (needs_grad(self, other)) {
    auto node = make_node<Backward>(self, other);
    node->self_.save(self);
    node->other_.save(other);
    set_history(out, node);
  }
  return out;
}

}  // namespace

void register_trigonometric_ops(OpRegistry& registry) {
  for (ElementwiseOp* op : {&tan_op, &asin_op, &acos_op, &atan_op, &sinh_op, &cosh_op, &asinh_op,
                            &acosh_op, &atanh_op, &atan2_op, &hypot_op}) {
    registry.add(*op);
  }
}

Tensor tan(const Tensor& self) { return unary<TanBackward>(tan_op, self, Result::Floating); }
Tensor asin(const Tensor& self) { return unary<AsinBackward>(asin_op, self, Result::Floating); }
Tensor acos(const Tensor& self) { return unary<AcosBackward>(acos_op, self, Result::Floating); }
Tensor atan(const Tensor& self) { return unary<AtanBackward>(atan_op, self, Result::Floating); }
Tensor sinh(const Tensor& self) { return unary<SinhBackward>(sinh_op, self, Result::Floating); }
Tensor cosh(const Tensor& self) { return unary<CoshBackward>(cosh_op, self, Result::Floating); }
Tensor asinh(const Tensor& self) { return unary<AsinhBackward>(asinh_op, self, Result::Floating); }
Tensor acosh(const Tensor& self) { return unary<AcoshBackward>(acosh_op, self, Result::Floating); }
Tensor atanh(const Tensor& self) { return unary<AtanhBackward>(atanh_op, self, Result::Floating); }
Tensor atan2(const Tensor& self, const Tensor& other) {
  return pair<Atan2Backward>(atan2_op, self, other, true);
}
Tensor hypot(const Tensor& self, const Tensor& other) {
  return pair<HypotBackward>(hypot_op, self, other, false);
}
Tensor& Tensor::atan2_(const Tensor& other) const {
  return become(*this, before_change(*this, other).atan2(other));
}
Tensor& Tensor::hypot_(const Tensor& other) const {
  return become(*this, before_change(*this, other).hypot(other));
}

Tensor& Tensor::tan_() const { return unary_<TanBackward>(tan_op, *this, Result::Floating); }
Tensor& Tensor::asin_() const { return unary_<AsinBackward>(asin_op, *this, Result::Floating); }
Tensor& Tensor::acos_() const { return unary_<AcosBackward>(acos_op, *this, Result::Floating); }
Tensor& Tensor::atan_() const { return unary_<AtanBackward>(atan_op, *this, Result::Floating); }
Tensor& Tensor::sinh_() const { return unary_<SinhBackward>(sinh_op, *this, Result::Floating); }
Tensor& Tensor::cosh_() const { return unary_<CoshBackward>(cosh_op, *this, Result::Floating); }
Tensor& Tensor::asinh_() const { return unary_<AsinhBackward>(asinh_op, *this, Result::Floating); }
Tensor& Tensor::acosh_() const { return unary_<AcoshBackward>(acosh_op, *this, Result::Floating); }
Tensor& Tensor::atanh_() const { return unary_<AtanhBackward>(atanh_op, *this, Result::Floating); }

}  // namespace adjoint
