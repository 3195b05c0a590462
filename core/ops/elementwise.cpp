// SPDX-License-Identifier: MIT
#include "core/ops/elementwise.h"

#include "core/ops/memory_order.h"

namespace adjoint {

bool fills_memory(const Tensor& t) {
  const IntArrayRef sizes = t.sizes(), strides = t.strides();
  bool met[kMaxDims] = {};
  int64_t filled = 1;
  for (size_t found = 0; found < sizes.size(); ++found) {
    size_t d = 0;
    while (d < sizes.size() && (met[d] || (strides[d] != filled && sizes[d] != 1))) ++d;
    if (d == sizes.size()) return false;
    met[d] = true;
    filled *= sizes[d];
  }
  return true;
}

bool same_memory_order(const Tensor& a, const Tensor& b) {
  return a.sizes() == b.sizes() && a.strides() == b.strides() && fills_memory(a);
}

Tensor in_memory_order(const Tensor& t) {
  NoGradGuard no_grad;
  return t.as_strided({t.numel()}, {1});
}

Tensor make_permuted_output(const Tensor& like, ScalarType dtype, const Stream& stream) {
  if (!fills_memory(like)) return make_output(like.sizes(), dtype, stream);
  return Tensor(intrusive_ptr<TensorImpl>::adopt(
      new TensorImpl(Storage::allocate(size_t(like.numel()) * elementSize(dtype), stream), dtype,
                     like.sizes(), like.strides(), 0)));
}

void check_same_device(const char* op, const Tensor& a, const Tensor& b) {
  ADJOINT_CHECK(a.device() == b.device(), op,
                ": Expected all tensors to be on the same device, but found at least two devices, ",
                a.device(), " and ", b.device(), "!");
}

void check_dtype(const OpDef& op, ScalarType dtype) {
  ADJOINT_CHECK_WITH(NotImplementedError, op.traits().dtypes.contains(dtype), "\"", op.name(),
                     "\" not implemented for '", dtype, "'");
}

DimVector broadcast_shapes(IntArrayRef a, IntArrayRef b) {
  size_t n = a.size() > b.size() ? a.size() : b.size();
  DimVector out(n, 1);
  for (size_t i = 0; i < n; ++i) {
    int64_t sa = i < a.size() ? a[a.size() - 1 - i] : 1;
    int64_t sb = i < b.size() ? b[b.size() - 1 - i] : 1;
    size_t dim = n - 1 - i;
    ADJOINT_CHECK(sa == sb || sa == 1 || sb == 1, "The size of tensor a (", sa,
                  ") must match the size of tensor b (", sb, ") at non-singleton dimension ", dim);
    out[dim] = sa == 1 ? sb : sa;
  }
  return out;
}

namespace {

int kind_of(ScalarType t) { return isFloatingType(t) ? 2 : t == kBool ? 0 : 1; }

}  // namespace

ScalarType result_type(const Tensor& a, const Tensor& b) {
  ScalarType ta = a.dtype(), tb = b.dtype();
  if (ta == tb) return ta;
  bool zero_a = a.dim() == 0, zero_b = b.dim() == 0;
  if (zero_a != zero_b) {
    ScalarType with_dims = zero_a ? tb : ta, zero_dim = zero_a ? ta : tb;
    return kind_of(zero_dim) <= kind_of(with_dims) ? with_dims : promoteTypes(with_dims, zero_dim);
  }
  return promoteTypes(ta, tb);
}

ScalarType result_type(const Tensor& a, const Scalar& b) {
  ScalarType t = a.dtype();
  if (kind_of(b.type()) <= kind_of(t)) return t;
  return b.isFloatingPoint() ? get_default_dtype() : kLong;
}

Tensor cast_input(const Tensor& t, ScalarType dtype) {
  if (t.dtype() == dtype) return t;
  NoGradGuard no_grad;
  return t.to(dtype);
}

BinaryOperands prepare_binary(const OpDef& op, const Tensor& a, const Tensor& b, bool floating) {
  // A 0-d tensor on the CPU goes with a tensor on any device, as a number would.
  if (!(a.device() == b.device())) {
    if (b.dim() == 0 && b.is_cpu()) return prepare_binary(op, a, b.to(a.device()), floating);
    if (a.dim() == 0 && a.is_cpu()) return prepare_binary(op, a.to(b.device()), b, floating);
    check_same_device(op.name(), a, b);
  }
  ScalarType compute = result_type(a, b);
  if (floating) compute = floating_result(compute);
  check_dtype(op, compute);
  return {cast_input(a, compute), cast_input(b, compute), broadcast_shapes(a.sizes(), b.sizes())};
}

namespace {

void check_castable(ScalarType result, const Tensor& self) {
  ADJOINT_CHECK(kind_of(result) <= kind_of(self.dtype()), "result type ", result,
                " can't be cast to the desired output type ", self.dtype());
}

}  // namespace

Tensor prepare_inplace(const OpDef& op, const Tensor& self, const Tensor& other, bool floating) {
  check_inplace(self, other);
  Tensor there =
      other.dim() == 0 && other.is_cpu() && !self.is_cpu() ? other.to(self.device()) : other;
  check_same_device(op.name(), self, there);
  ScalarType result = result_type(self, there);
  check_castable(floating ? floating_result(result) : result, self);
  check_dtype(op, self.dtype());
  DimVector sizes = broadcast_shapes(self.sizes(), there.sizes());
  ADJOINT_CHECK(self.sizes() == sizes, "output with shape ", self.sizes(),
                " doesn't match the broadcast shape ", IntArrayRef(sizes));
  // A kernel may write an element before it reads another one's operand at the same place.
  bool aliases = there.impl()->storage() == self.impl()->storage() &&
                 !(there.data_ptr() == self.data_ptr() && there.sizes() == self.sizes() &&
                   there.strides() == self.strides());
  if (aliases) {
    NoGradGuard no_grad;
    there = there.clone();
  }
  return cast_input(there, self.dtype());
}

void prepare_inplace(const OpDef& op, const Tensor& self, const Scalar& other, bool floating) {
  check_inplace(self);
  ScalarType result = result_type(self, other);
  check_castable(floating ? floating_result(result) : result, self);
  check_dtype(op, self.dtype());
}

}  // namespace adjoint
