// SPDX-License-Identifier: MIT
// What all element-wise operations do before and after their kernel: agree on shape, dtype and
// device, make the output, call the kernel.
#pragma once

#include "adjoint/op_registry.h"
#include "adjoint/ops.h"
#include "core/autograd/record.h"
#include "core/tensor/tensor_iterator.h"

namespace adjoint {

using ElementwiseKernel = void(const Stream&, const TensorIterator&);
using ElementwiseOp = Op<ElementwiseKernel>;
/// With a number that is the same for all elements, such as add's alpha.
using ScaledOp = Op<void(const Stream&, const TensorIterator&, const Scalar&)>;

/// Row-major memory of the given dtype on the stream's device.
inline Tensor make_output(IntArrayRef sizes, ScalarType dtype, const Stream& stream) {
  return Tensor(intrusive_ptr<TensorImpl>::adopt(new TensorImpl(
      Storage::allocate(size_t(numel_of(sizes)) * elementSize(dtype), stream), dtype, sizes)));
}

/// Memory for a result of the shape of `like`, laid out as `like` is where that fills its memory in
/// some order of dimensions, so that both are walked as they lie; row-major otherwise.
Tensor make_permuted_output(const Tensor& like, ScalarType dtype, const Stream& stream);
inline Tensor make_output_like(const Tensor& like, ScalarType dtype, const Stream& stream) {
  if (like.impl()->is_contiguous()) [[likely]]
    return make_output(like.impl()->sizes(), dtype, stream);
  return make_permuted_output(like, dtype, stream);
}

/// Row-major pinned memory. Throws Error unless `device` is the CPU.
Tensor make_pinned(IntArrayRef sizes, ScalarType dtype, Device device);

/// Where an operation on `t` runs now.
inline Stream stream_for(const Tensor& t) {
  t.dim();  // throws for an undefined tensor
  return current_stream(t.impl()->device());
}

/// Throws Error unless both are on one device.
void check_same_device(const char* op, const Tensor& a, const Tensor& b);
/// Throws NotImplementedError unless `op` takes the dtype.
void check_dtype(const OpDef& op, ScalarType dtype);
/// The floating-point dtype that an irrational function of a `t` gives.
inline ScalarType floating_result(ScalarType t) {
  return isFloatingType(t) ? t : get_default_dtype();
}

/// The values of `t` in `dtype`; `t` itself where they are that already. Not recorded: the engine
/// converts gradients back.
Tensor cast_input(const Tensor& t, ScalarType dtype);

/// A binary operation's operands, of one dtype, and their common shape.
struct BinaryOperands {
  Tensor a, b;
  DimVector sizes;
};
/// Computes in result_type(a, b), as floating point if `floating`.
BinaryOperands prepare_binary(const OpDef& op, const Tensor& a, const Tensor& b,
                              bool floating = false);
/// For an in-place operation: `other` in self's dtype, after checks that the result fits into self.
Tensor prepare_inplace(const OpDef& op, const Tensor& self, const Tensor& other,
                       bool floating = false);
void prepare_inplace(const OpDef& op, const Tensor& self, const Scalar& other,
                     bool floating = false);

/// What backward of an in-place operation on `self` may keep of `other`: x.mul_(x) overwrites it.
inline Tensor kept_operand(const Tensor& self, const Tensor& other) {
  bool overwritten = self.impl()->storage() == other.impl()->storage();
  return overwritten && needs_grad(self, other) ? other.clone() : other;
}

template <class... Args>
Tensor run_unary(const Op<void(const Stream&, const TensorIterator&, Args...)>& op, const Tensor& a,
                 ScalarType compute, ScalarType result, Args... args) {
  Stream stream = stream_for(a);
  check_dtype(op, compute);
  Tensor out = make_output_like(a, result, stream);
  if (out.numel() == 0) return out;
  if (a.dtype() == compute) {
    op(stream, TensorIterator(out, a), args...);
  } else {
    op(stream, TensorIterator(out, cast_input(a, compute)), args...);
  }
  return out;
}

/// `comparison`: the result is bool.
template <class... Args>
Tensor run_binary(const Op<void(const Stream&, const TensorIterator&, Args...)>& op,
                  const Tensor& a, const Tensor& b, bool floating, bool comparison, Args... args) {
  Stream stream = stream_for(a);
  if (a.dtype() == b.dtype() && a.sizes() == b.sizes() && a.device() == b.device() &&
      (!floating || isFloatingType(a.dtype()))) [[likely]] {
    check_dtype(op, a.dtype());
    Tensor out = make_output_like(a, comparison ? kBool : a.dtype(), stream);
    if (out.numel() != 0) op(stream, TensorIterator(out, a, b), args...);
    return out;
  }
  BinaryOperands operands = prepare_binary(op, a, b, floating);
  const ScalarType result = comparison ? kBool : operands.a.dtype();
  stream = stream_for(operands.a);
  Tensor out = operands.a.sizes() == operands.sizes ? make_output_like(operands.a, result, stream)
                                                    : make_output(operands.sizes, result, stream);
  if (out.numel() != 0) op(stream, TensorIterator(out, operands.a, operands.b), args...);
  return out;
}

template <class... Args>
Tensor run_binary(const Op<void(const Stream&, const TensorIterator&, Args...)>& op,
                  const Tensor& a, const Scalar& b, bool floating, bool comparison, Args... args) {
  ScalarType compute = result_type(a, b);
  if (floating) compute = floating_result(compute);
  Stream stream = stream_for(a);
  check_dtype(op, compute);
  Tensor out = make_output_like(a, comparison ? kBool : compute, stream);
  if (out.numel() == 0) return out;
  if (a.dtype() == compute) {
    op(stream, TensorIterator(out, a, b, compute), args...);
  } else {
    op(stream, TensorIterator(out, cast_input(a, compute), b, compute), args...);
  }
  return out;
}

template <class... Args>
Tensor run_binary(const Op<void(const Stream&, const TensorIterator&, Args...)>& op,
                  const Scalar& a, const Tensor& b, bool floating, bool comparison, Args... args) {
  ScalarType compute = result_type(b, a);
  if (floating) compute = floating_result(compute);
  Stream stream = stream_for(b);
  check_dtype(op, compute);
  Tensor out = make_output_like(b, comparison ? kBool : compute, stream);
  if (out.numel() == 0) return out;
  if (b.dtype() == compute) {
    op(stream, TensorIterator(out, a, b, compute), args...);
  } else {
    op(stream, TensorIterator(out, a, cast_input(b, compute), compute), args...);
  }
  return out;
}

}  // namespace adjoint
