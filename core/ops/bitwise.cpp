// SPDX-License-Identifier: MIT
// The bits of integers, and truth values of bools; no gradient.
#include "core/ops/composed.h"
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

constexpr OpTraits kBits{.dtypes = kIntegralDtypes | DtypeSet{kBool}, .differentiable = false};
constinit ElementwiseOp bitwise_not_op{"bitwise_not", kBits};
constinit ElementwiseOp bitwise_and_op{"bitwise_and", kBits};
constinit ElementwiseOp bitwise_or_op{"bitwise_or", kBits};
constinit ElementwiseOp bitwise_xor_op{"bitwise_xor", kBits};

}  // namespace

void register_bitwise_ops(OpRegistry& registry) {
  for (ElementwiseOp* op : {&bitwise_not_op, &bitwise_and_op, &bitwise_or_op, &bitwise_xor_op}) {
    registry.add(*op);
  }
}

Tensor bitwise_not(const Tensor& self) {
  return run_unary(bitwise_not_op, self, self.dtype(), self.dtype());
}
Tensor bitwise_and(const Tensor& self, const Tensor& other) {
  return run_binary(bitwise_and_op, self, other, false, false);
}
Tensor bitwise_and(const Tensor& self, const Scalar& other) {
  return run_binary(bitwise_and_op, self, other, false, false);
}
Tensor bitwise_or(const Tensor& self, const Tensor& other) {
  return run_binary(bitwise_or_op, self, other, false, false);
}
Tensor bitwise_or(const Tensor& self, const Scalar& other) {
  return run_binary(bitwise_or_op, self, other, false, false);
}
Tensor bitwise_xor(const Tensor& self, const Tensor& other) {
  return run_binary(bitwise_xor_op, self, other, false, false);
}
Tensor bitwise_xor(const Tensor& self, const Scalar& other) {
  return run_binary(bitwise_xor_op, self, other, false, false);
}

Tensor& Tensor::bitwise_not_() const { return become(*this, bitwise_not()); }
Tensor& Tensor::bitwise_and_(const Tensor& other) const {
  return become(*this, bitwise_and(other));
}
Tensor& Tensor::bitwise_and_(const Scalar& other) const {
  return become(*this, bitwise_and(other));
}
Tensor& Tensor::bitwise_or_(const Tensor& other) const { return become(*this, bitwise_or(other)); }
Tensor& Tensor::bitwise_or_(const Scalar& other) const { return become(*this, bitwise_or(other)); }
Tensor& Tensor::bitwise_xor_(const Tensor& other) const {
  return become(*this, bitwise_xor(other));
}
Tensor& Tensor::bitwise_xor_(const Scalar& other) const {
  return become(*this, bitwise_xor(other));
}

}  // namespace adjoint
