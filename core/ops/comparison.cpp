// SPDX-License-Identifier: MIT
// Comparisons and truth values: bool tensors, which have no gradient.
#include <limits>

#include "core/ops/composed.h"
#include "core/ops/elementwise.h"

namespace adjoint {
namespace {

constexpr OpTraits kComparison{.dtypes = kAllDtypes, .differentiable = false};

// The inputs have one dtype, the output is bool. Nothing equals NaN or orders with it.
constinit ElementwiseOp eq_op{"eq", kComparison};
constinit ElementwiseOp ne_op{"ne", kComparison};
constinit ElementwiseOp lt_op{"lt", kComparison};
constinit ElementwiseOp le_op{"le", kComparison};
constinit ElementwiseOp gt_op{"gt", kComparison};
constinit ElementwiseOp ge_op{"ge", kComparison};
/// Output bool. Integers are answered without a kernel.
constinit ElementwiseOp isnan_op{"isnan", {.differentiable = false}};
// Output bool. True is what is not 0, so NaN is.
constinit ElementwiseOp logical_not_op{"logical_not", kComparison};
constinit ElementwiseOp logical_and_op{"logical_and", kComparison};
constinit ElementwiseOp logical_or_op{"logical_or", kComparison};
constinit ElementwiseOp logical_xor_op{"logical_xor", kComparison};

Tensor compare(const ElementwiseOp& op, const Tensor& self, const Tensor& other) {
  return run_binary(op, self, other, false, true);
}

template <class T>
bool holds(const Scalar& integer) {
  return integer.toLong() >= std::numeric_limits<T>::min() &&
         integer.toLong() <= std::numeric_limits<T>::max();
}

Tensor compare(const ElementwiseOp& op, const Tensor& self, const Scalar& other) {
  // A number outside the dtype's range would become another one in it.
  bool fits = !other.isIntegral(false) || (self.dtype() == kByte  ? holds<uint8_t>(other)
                                           : self.dtype() == kInt ? holds<int32_t>(other)
                                                                  : true);
  return run_binary(op, fits ? self : cast_input(self, kLong), other, false, true);
}

/// `self` changed in place to the truth of a comparison with `others`.
template <class... Tensors>
Tensor& become_compared(const char* name, const Tensor& self, const Tensor& truth,
                        const Tensors&... others) {
  if (!isFloatingType(self.dtype()) || !needs_grad(self, others...)) return become(self, truth);
  return become(self, constant_under_name(name, truth.to(self.dtype()), self, others...));
}

}  // namespace

void register_comparison_ops(OpRegistry& registry) {
  for (ElementwiseOp* op : {&eq_op, &ne_op, &lt_op, &le_op, &gt_op, &ge_op, &isnan_op,
                            &logical_not_op, &logical_and_op, &logical_or_op, &logical_xor_op}) {
    registry.add(*op);
  }
}

Tensor eq(const Tensor& self, const Tensor& other) { return compare(eq_op, self, other); }
Tensor eq(const Tensor& self, const Scalar& other) { return compare(eq_op, self, other); }
Tensor ne(const Tensor& self, const Tensor& other) { return compare(ne_op, self, other); }
Tensor ne(const Tensor& self, const Scalar& other) { return compare(ne_op, self, other); }
Tensor lt(const Tensor& self, const Tensor& other) { return compare(lt_op, self, other); }
Tensor lt(const Tensor& self, const Scalar& other) { return compare(lt_op, self, other); }
Tensor le(const Tensor& self, const Tensor& other) { return compare(le_op, self, other); }
Tensor le(const Tensor& self, const Scalar& other) { return compare(le_op, self, other); }
Tensor gt(const Tensor& self, const Tensor& other) { return compare(gt_op, self, other); }
Tensor gt(const Tensor& self, const Scalar& other) { return compare(gt_op, self, other); }
Tensor ge(const Tensor& self, const Tensor& other) { return compare(ge_op, self, other); }
Tensor ge(const Tensor& self, const Scalar& other) { return compare(ge_op, self, other); }

Tensor isnan(const Tensor& self) {
  if (isFloatingType(self.dtype())) return run_unary(isnan_op, self, self.dtype(), kBool);
  return zeros_like(self, TensorOptions(kBool));
}

Tensor isinf(const Tensor& self) {
  if (!isFloatingType(self.dtype())) return zeros_like(self, TensorOptions(kBool));
  return eq(abs(self.detach()), std::numeric_limits<double>::infinity());
}
Tensor isfinite(const Tensor& self) {
  if (!isFloatingType(self.dtype())) return ones_like(self, TensorOptions(kBool));
  return lt(abs(self.detach()), std::numeric_limits<double>::infinity());
}
Tensor isposinf(const Tensor& self) {
  if (!isFloatingType(self.dtype())) return zeros_like(self, TensorOptions(kBool));
  return eq(self.detach(), std::numeric_limits<double>::infinity());
}
Tensor isneginf(const Tensor& self) {
  if (!isFloatingType(self.dtype())) return zeros_like(self, TensorOptions(kBool));
  return eq(self.detach(), -std::numeric_limits<double>::infinity());
}

Tensor logical_not(const Tensor& self) {
  return run_unary(logical_not_op, self, self.dtype(), kBool);
}
Tensor logical_and(const Tensor& self, const Tensor& other) {
  return compare(logical_and_op, self, other);
}
Tensor logical_or(const Tensor& self, const Tensor& other) {
  return compare(logical_or_op, self, other);
}
Tensor logical_xor(const Tensor& self, const Tensor& other) {
  return compare(logical_xor_op, self, other);
}

bool equal(const Tensor& self, const Tensor& other) {
  return self.sizes() == other.sizes() && all(eq(self, other)).item<bool>();
}

Tensor isclose(const Tensor& self, const Tensor& other, double rtol, double atol, bool equal_nan) {
  ADJOINT_CHECK(self.dtype() == other.dtype(), self.dtype(), " did not match ", other.dtype());
  ADJOINT_CHECK(rtol >= 0, "rtol must be greater than or equal to zero, but got ", rtol);
  ADJOINT_CHECK(atol >= 0, "atol must be greater than or equal to zero, but got ", atol);
  NoGradGuard no_grad;
  // Equality by itself also takes equal infinities, whose difference is NaN.
  Tensor close = eq(self, other);
  if (equal_nan) close = logical_or(close, logical_and(isnan(self), isnan(other)));
  if (rtol != 0 || atol != 0) {
    Tensor a = cast_input(self, floating_result(self.dtype()));
    Tensor b = cast_input(other, floating_result(other.dtype()));
    Tensor error = abs(a - b), allowed = abs(b * rtol) + atol;
    Tensor finite = lt(error, std::numeric_limits<double>::infinity());
    close = logical_or(close, logical_and(finite, le(error, allowed)));
  }
  return close;
}
bool allclose(const Tensor& self, const Tensor& other, double rtol, double atol, bool equal_nan) {
  return all(isclose(self, other, rtol, atol, equal_nan)).item<bool>();
}

// In place there is 0 or 1 in the tensor's own dtype.
Tensor& Tensor::eq_(const Tensor& other) const {
  return become_compared("EqBackward1", *this, eq(other), other);
}
Tensor& Tensor::eq_(const Scalar& other) const {
  return become_compared("EqBackward0", *this, eq(other));
}
Tensor& Tensor::ne_(const Tensor& other) const {
  return become_compared("NeBackward1", *this, ne(other), other);
}
Tensor& Tensor::ne_(const Scalar& other) const {
  return become_compared("NeBackward0", *this, ne(other));
}
Tensor& Tensor::lt_(const Tensor& other) const {
  return become_compared("LtBackward1", *this, lt(other), other);
}
Tensor& Tensor::lt_(const Scalar& other) const {
  return become_compared("LtBackward0", *this, lt(other));
}
Tensor& Tensor::le_(const Tensor& other) const {
  return become_compared("LeBackward1", *this, le(other), other);
}
Tensor& Tensor::le_(const Scalar& other) const {
  return become_compared("LeBackward0", *this, le(other));
}
Tensor& Tensor::gt_(const Tensor& other) const {
  return become_compared("GtBackward1", *this, gt(other), other);
}
Tensor& Tensor::gt_(const Scalar& other) const {
  return become_compared("GtBackward0", *this, gt(other));
}
Tensor& Tensor::ge_(const Tensor& other) const {
  return become_compared("GeBackward1", *this, ge(other), other);
}
Tensor& Tensor::ge_(const Scalar& other) const {
  return become_compared("GeBackward0", *this, ge(other));
}

Tensor& Tensor::logical_not_() const { return become(*this, logical_not()); }
Tensor& Tensor::logical_and_(const Tensor& other) const {
  return become(*this, logical_and(other));
}
Tensor& Tensor::logical_or_(const Tensor& other) const { return become(*this, logical_or(other)); }
Tensor& Tensor::logical_xor_(const Tensor& other) const {
  return become(*this, logical_xor(other));
}

}  // namespace adjoint
