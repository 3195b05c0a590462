// SPDX-License-Identifier: MIT
// Functions of one element. Each backward formula is written in public operations, so that it can
// be differentiated again.
#include "core/ops/unary.h"

namespace adjoint {
namespace {

constinit ElementwiseOp neg_op{"neg", {.dtypes = kNumericDtypes}};
constinit ElementwiseOp abs_op{"abs", {.dtypes = kNumericDtypes}};
constinit ElementwiseOp sign_op{"sign", {.dtypes = kNumericDtypes}};
constinit ElementwiseOp square_op{"square", {.dtypes = kNumericDtypes}};
constinit ElementwiseOp exp_op{"exp"};
constinit ElementwiseOp log_op{"log"};
constinit ElementwiseOp sqrt_op{"sqrt"};
constinit ElementwiseOp rsqrt_op{"rsqrt"};
constinit ElementwiseOp reciprocal_op{"reciprocal"};
constinit ElementwiseOp sin_op{"sin"};
constinit ElementwiseOp cos_op{"cos"};
constinit ElementwiseOp erf_op{"erf"};

struct NegBackward final : UnaryBackward<Saves::Nothing> {
  const char* name() const override { return "NegBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor&) override { return -grad; }
};
struct AbsBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "AbsBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override { return grad * sign(x); }
};
struct SignBackward final : UnaryBackward<Saves::Nothing> {
  const char* name() const override { return "SignBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor&) override { return zeros_like(grad); }
};
struct SquareBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "PowBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override { return grad * (x * 2); }
};
struct ExpBackward final : UnaryBackward<Saves::Result> {
  const char* name() const override { return "ExpBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& y) override { return grad * y; }
};
struct LogBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "LogBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override { return grad / x; }
};
struct SqrtBackward final : UnaryBackward<Saves::Result> {
  const char* name() const override { return "SqrtBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& y) override { return grad / (y * 2); }
};
struct RsqrtBackward final : UnaryBackward<Saves::Result> {
  const char* name() const override { return "RsqrtBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& y) override { return grad * (y * y * y) * -0.5; }
};
struct ReciprocalBackward final : UnaryBackward<Saves::Result> {
  const char* name() const override { return "ReciprocalBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& y) override { return -grad * (y * y); }
};
struct SinBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "SinBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override { return grad * cos(x); }
};
struct CosBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "CosBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override { return grad * -sin(x); }
};
struct ErfBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "ErfBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    constexpr double two_by_sqrt_pi = 1.1283791670955125739;
    return grad * (exp(-(x * x)) * two_by_sqrt_pi);
  }
};

}  // namespace

void register_unary_ops(OpRegistry& registry) {
  for (ElementwiseOp* op : {&neg_op, &abs_op, &sign_op, &square_op, &exp_op, &log_op, &sqrt_op,
                            &rsqrt_op, &reciprocal_op, &sin_op, &cos_op, &erf_op}) {
    registry.add(*op);
  }
}

Tensor neg(const Tensor& self) {
  ADJOINT_CHECK(self.dtype() != kBool,
                "Negation, the `-` operator, on a bool tensor is not supported. If you are "
                "trying to invert a mask, use the `~` or `logical_not()` operator instead.");
  return unary<NegBackward>(neg_op, self, Result::SameDtype);
}
Tensor abs(const Tensor& self) { return unary<AbsBackward>(abs_op, self, Result::SameDtype); }
Tensor sign(const Tensor& self) {
  if (self.dtype() == kBool) return self.clone();
  return unary<SignBackward>(sign_op, self, Result::SameDtype);
}
Tensor square(const Tensor& self) {
  if (self.dtype() == kBool) return square(self.to(kLong));
  return unary<SquareBackward>(square_op, self, Result::SameDtype);
}
Tensor exp(const Tensor& self) { return unary<ExpBackward>(exp_op, self, Result::Floating); }
Tensor log(const Tensor& self) { return unary<LogBackward>(log_op, self, Result::Floating); }
Tensor sqrt(const Tensor& self) { return unary<SqrtBackward>(sqrt_op, self, Result::Floating); }
Tensor rsqrt(const Tensor& self) { return unary<RsqrtBackward>(rsqrt_op, self, Result::Floating); }
Tensor reciprocal(const Tensor& self) {
  return unary<ReciprocalBackward>(reciprocal_op, self, Result::Floating);
}
Tensor sin(const Tensor& self) { return unary<SinBackward>(sin_op, self, Result::Floating); }
Tensor cos(const Tensor& self) { return unary<CosBackward>(cos_op, self, Result::Floating); }
Tensor erf(const Tensor& self) { return unary<ErfBackward>(erf_op, self, Result::Floating); }

Tensor& Tensor::neg_() const { return unary_<NegBackward>(neg_op, *this, Result::SameDtype); }
Tensor& Tensor::abs_() const { return unary_<AbsBackward>(abs_op, *this, Result::SameDtype); }
Tensor& Tensor::exp_() const { return unary_<ExpBackward>(exp_op, *this, Result::Floating); }
Tensor& Tensor::log_() const { return unary_<LogBackward>(log_op, *this, Result::Floating); }
Tensor& Tensor::sqrt_() const { return unary_<SqrtBackward>(sqrt_op, *this, Result::Floating); }

}  // namespace adjoint
