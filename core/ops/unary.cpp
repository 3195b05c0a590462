// SPDX-License-Identifier: MIT
// Functions of one element. Each backward formula is written in public operations, so that it can
// be differentiated again.
#include "core/ops/unary.h"

#include <numbers>

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
constinit ElementwiseOp erfc_op{"erfc"};
constinit ElementwiseOp log1p_op{"log1p"};
constinit ElementwiseOp expm1_op{"expm1"};
constinit ElementwiseOp log2_op{"log2"};
constinit ElementwiseOp log10_op{"log10"};
constinit ElementwiseOp exp2_op{"exp2"};

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
struct ErfcBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "ErfcBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    constexpr double two_by_sqrt_pi = 1.1283791670955125739;
    return grad * (exp(-(x * x)) * -two_by_sqrt_pi);
  }
};
struct Log1pBackward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "Log1PBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override { return grad / (x + 1); }
};
struct Expm1Backward final : UnaryBackward<Saves::Result> {
  const char* name() const override { return "Expm1Backward0"; }
  Tensor derive(const Tensor& grad, const Tensor& y) override { return grad * (y + 1); }
};
struct Log2Backward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "Log2Backward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    return grad / (x * std::numbers::ln2);
  }
};
struct Log10Backward final : UnaryBackward<Saves::Input> {
  const char* name() const override { return "Log10Backward0"; }
  Tensor derive(const Tensor& grad, const Tensor& x) override {
    return grad / (x * std::numbers::ln10);
  }
};
struct Exp2Backward final : UnaryBackward<Saves::Result> {
  const char* name() const override { return "Exp2Backward0"; }
  Tensor derive(const Tensor& grad, const Tensor& y) override {
    return grad * (y * std::numbers::ln2);
  }
};
struct SgnBackward final : UnaryBackward<Saves::Nothing> {
  const char* name() const override { return "SgnBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor&) override { return zeros_like(grad); }
};

}  // namespace

void register_unary_ops(OpRegistry& registry) {
  for (ElementwiseOp* op : {&neg_op, &abs_op, &sign_op, &square_op, &exp_op, &log_op, &sqrt_op,
                            &rsqrt_op, &reciprocal_op, &sin_op, &cos_op, &erf_op, &erfc_op,
                            &log1p_op, &expm1_op, &log2_op, &log10_op, &exp2_op}) {
    registry.add(*op);
  }
}

Tensor neg(const Tensor& self) {
  ADJOINT_CHECK(self.dtype() != kBool,
                "Negation, the `-` operator, on a bool tensor is not supported. If you are "
                "trying to invert a mask, use the `~` or `logical_not()` operator instead.");
  return unary<NegBackward>(neg_op, self, Result::SameDtype);
}
Tensor positive(const Tensor& self) {
  ADJOINT_CHECK(self.dtype() != kBool, "The `+` operator, on a bool tensor is not supported.");
  return self;
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
Tensor erfc(const Tensor& self) { return unary<ErfcBackward>(erfc_op, self, Result::Floating); }
Tensor log1p(const Tensor& self) { return unary<Log1pBackward>(log1p_op, self, Result::Floating); }
Tensor expm1(const Tensor& self) { return unary<Expm1Backward>(expm1_op, self, Result::Floating); }
Tensor log2(const Tensor& self) { return unary<Log2Backward>(log2_op, self, Result::Floating); }
Tensor log10(const Tensor& self) { return unary<Log10Backward>(log10_op, self, Result::Floating); }
Tensor exp2(const Tensor& self) { return unary<Exp2Backward>(exp2_op, self, Result::Floating); }
Tensor sgn(const Tensor& self) {
  if (self.dtype() == kBool) return self.clone();
  return unary<SgnBackward>(sign_op, self, Result::SameDtype);
}

Tensor& Tensor::neg_() const { return unary_<NegBackward>(neg_op, *this, Result::SameDtype); }
Tensor& Tensor::abs_() const { return unary_<AbsBackward>(abs_op, *this, Result::SameDtype); }
Tensor& Tensor::exp_() const { return unary_<ExpBackward>(exp_op, *this, Result::Floating); }
Tensor& Tensor::log_() const { return unary_<LogBackward>(log_op, *this, Result::Floating); }
Tensor& Tensor::sqrt_() const { return unary_<SqrtBackward>(sqrt_op, *this, Result::Floating); }
Tensor& Tensor::rsqrt_() const { return unary_<RsqrtBackward>(rsqrt_op, *this, Result::Floating); }
Tensor& Tensor::reciprocal_() const {
  return unary_<ReciprocalBackward>(reciprocal_op, *this, Result::Floating);
}
Tensor& Tensor::sin_() const { return unary_<SinBackward>(sin_op, *this, Result::Floating); }
Tensor& Tensor::cos_() const { return unary_<CosBackward>(cos_op, *this, Result::Floating); }
Tensor& Tensor::erf_() const { return unary_<ErfBackward>(erf_op, *this, Result::Floating); }
Tensor& Tensor::erfc_() const { return unary_<ErfcBackward>(erfc_op, *this, Result::Floating); }
Tensor& Tensor::log1p_() const { return unary_<Log1pBackward>(log1p_op, *this, Result::Floating); }
Tensor& Tensor::expm1_() const { return unary_<Expm1Backward>(expm1_op, *this, Result::Floating); }
Tensor& Tensor::log2_() const { return unary_<Log2Backward>(log2_op, *this, Result::Floating); }
Tensor& Tensor::log10_() const { return unary_<Log10Backward>(log10_op, *this, Result::Floating); }
Tensor& Tensor::exp2_() const { return unary_<Exp2Backward>(exp2_op, *this, Result::Floating); }
Tensor& Tensor::square_() const {
  return unary_<SquareBackward>(square_op, *this, Result::SameDtype);
}
Tensor& Tensor::sign_() const { return unary_<SignBackward>(sign_op, *this, Result::SameDtype); }
Tensor& Tensor::sgn_() const { return unary_<SgnBackward>(sign_op, *this, Result::SameDtype); }

}  // namespace adjoint
