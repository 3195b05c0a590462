// SPDX-License-Identifier: MIT
// One problem solved once for all element-wise and reducing kernels: where the elements are.
//
// Broadcasting, dtypes, strides and the order of dimensions become a short list of loops. A kernel
// gets the iterator, picks the functor by dtype and walks the innermost dimension.
#pragma once

#include <cstdint>

#include "adjoint/scalar.h"
#include "adjoint/tensor.h"

namespace adjoint {

/// A plain value: kernels and recordings may copy it. Operand 0 is the output.
struct ADJOINT_API TensorIterator {
  static constexpr int kMaxOperands = 4;

  int num_operands = 0;
  /// Loops, coalesced: dimension 0 is the innermost. 1 where all operands are dense; at least 1.
  int ndim = 1;
  int64_t numel = 0;
  bool is_reduction = false;
  int64_t shape[kMaxDims];
  /// In bytes; 0 where the operand does not move along the dimension.
  int64_t strides[kMaxOperands][kMaxDims];
  ScalarType dtypes[kMaxOperands];

  ScalarType dtype(int operand) const { return dtypes[operand]; }
  /// The operand's first element: on the device, or, of a scalar operand, in this object.
  void* data(int operand) const {
    return is_scalar[operand] ? const_cast<unsigned char*>(scalars[operand]) : pointers[operand];
  }
  bool is_scalar_operand(int operand) const { return is_scalar[operand]; }
  /// Where the first element of an operand that is no scalar lies, to be read and set.
  void*& pointer(int operand) { return pointers[operand]; }
  /// Whether an operand's elements lie one behind the other in the order of the loops.
  bool is_linear(int operand) const;
  /// The value of a scalar operand, of which kernels of other devices than the host's take a copy.
  template <class T>
  T scalar(int operand) const {
    return *reinterpret_cast<const T*>(scalars[operand]);
  }

  /// Calls f(address, tensor) for the operands that are no scalars (adjoint/recorded_call.h): to be
  /// used while the tensors live.
  template <class F>
  void for_each_operand(const F& f) {
    for (int i = 0; i < num_operands; ++i) {
      if (!is_scalar[i]) f(pointers[i], *impls[i]);
    }
  }

  /// `out` and inputs that broadcast to its shape. Inputs may have any dtype: kernels of most
  /// operations require that all agree (see core/ops/elementwise.h).
  TensorIterator(const Tensor& out, const Tensor& a);
  TensorIterator(const Tensor& out, const Tensor& a, const Tensor& b);
  TensorIterator(const Tensor& out, const Tensor& a, const Tensor& b, const Tensor& c);
  /// A Scalar takes part as an operand of stride 0 and of the given dtype.
  TensorIterator(const Tensor& out, const Tensor& a, const Scalar& b, ScalarType scalar_dtype);
  TensorIterator(const Tensor& out, const Scalar& a, const Tensor& b, ScalarType scalar_dtype);
  /// Only an output, to be filled.
  explicit TensorIterator(const Tensor& out);

  /// Loops over `in`, in the order of its memory; `out` (of in's number of dimensions, size 1 where
  /// reduced) does not move along reduced dimensions. Reduced loops come innermost where the input
  /// is dense along them.
  static TensorIterator reduction(const Tensor& out, const Tensor& in);

 private:
  struct Operand {
    const Tensor* tensor;
    const Scalar* scalar;
    ScalarType dtype;
  };
  TensorIterator() = default;
  /// One loop over all elements, where every operand is a dense tensor of the output's shape.
  bool build_dense(const Tensor* const* operands, int n);
  void build(const Operand* operands, int n, IntArrayRef sizes);
  void order_and_coalesce(int key_operand);

  void* pointers[kMaxOperands];
  const TensorImpl* impls[kMaxOperands];
  bool is_scalar[kMaxOperands] = {};
  alignas(8) unsigned char scalars[kMaxOperands][8];
};

}  // namespace adjoint
