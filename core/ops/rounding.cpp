// SPDX-License-Identifier: MIT
// Rounding to integers.
#include "core/ops/unary.h"

namespace adjoint {
namespace {

constinit ElementwiseOp floor_op{"floor"};
constinit ElementwiseOp ceil_op{"ceil"};
constinit ElementwiseOp round_op{"round"};
constinit ElementwiseOp trunc_op{"trunc"};
constinit ElementwiseOp frac_op{"frac"};

struct FloorBackward final : UnaryBackward<Saves::Nothing> {
  const char* name() const override { return "FloorBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor&) override { return zeros_like(grad); }
};
struct CeilBackward final : UnaryBackward<Saves::Nothing> {
  const char* name() const override { return "CeilBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor&) override { return zeros_like(grad); }
};
struct RoundBackward final : UnaryBackward<Saves::Nothing> {
  const char* name() const override { return "RoundBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor&) override { return zeros_like(grad); }
};
struct TruncBackward final : UnaryBackward<Saves::Nothing> {
  const char* name() const override { return "TruncBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor&) override { return zeros_like(grad); }
};
struct FracBackward final : UnaryBackward<Saves::Nothing> {
  const char* name() const override { return "FracBackward0"; }
  Tensor derive(const Tensor& grad, const Tensor&) override { return grad; }
};

template <class Backward>
Tensor rounded(const ElementwiseOp& op, const Tensor& self) {
  if (isIntegralType(self.dtype(), false)) return self.clone();
  return unary<Backward>(op, self, Result::SameDtype);
}
template <class Backward>
Tensor& round_in_place(const ElementwiseOp& op, const Tensor& self) {
  if (isIntegralType(self.dtype(), false)) return const_cast<Tensor&>(self);
  return unary_<Backward>(op, self, Result::SameDtype);
}

}  // namespace

void register_rounding_ops(OpRegistry& registry) {
  for (ElementwiseOp* op : {&floor_op, &ceil_op, &round_op, &trunc_op, &frac_op}) registry.add(*op);
}

Tensor floor(const Tensor& self) { return rounded<FloorBackward>(floor_op, self); }
Tensor ceil(const Tensor& self) { return rounded<CeilBackward>(ceil_op, self); }
Tensor round(const Tensor& self) { return rounded<RoundBackward>(round_op, self); }
Tensor trunc(const Tensor& self) { return rounded<TruncBackward>(trunc_op, self); }
Tensor frac(const Tensor& self) { return unary<FracBackward>(frac_op, self, Result::SameDtype); }

Tensor& Tensor::floor_() const { return round_in_place<FloorBackward>(floor_op, *this); }
Tensor& Tensor::ceil_() const { return round_in_place<CeilBackward>(ceil_op, *this); }
Tensor& Tensor::round_() const { return round_in_place<RoundBackward>(round_op, *this); }
Tensor& Tensor::trunc_() const { return round_in_place<TruncBackward>(trunc_op, *this); }
Tensor& Tensor::frac_() const { return unary_<FracBackward>(frac_op, *this, Result::SameDtype); }

}  // namespace adjoint
