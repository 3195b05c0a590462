// SPDX-License-Identifier: MIT
// What reductions share: the output's shape, the iterator, and stretching a gradient back.
#pragma once

#include "core/ops/elementwise.h"
#include "core/tensor/geometry.h"

namespace adjoint {

/// Operand 0 of the iterator does not move along reduced dimensions. The kernel writes every
/// element of the output, also where nothing is reduced; it is not called for an empty output, and
/// for an empty input only where the operation has a neutral element.
using ReduceKernel = void(const Stream&, const TensorIterator&);
using ReduceOp = Op<ReduceKernel>;

/// Runs `op` over the dimensions in `mask`; the result has `result` as dtype.
template <class... Args>
Tensor run_reduce(const Op<void(const Stream&, const TensorIterator&, Args...)>& op,
                  const Tensor& self, uint32_t mask, bool keepdim, ScalarType compute,
                  ScalarType result, Args... args) {
  Stream stream = stream_for(self);
  check_dtype(op, compute);
  Tensor input = cast_input(self, compute);
  Tensor out = make_output(reduced_sizes(self.sizes(), mask, true), result, stream);
  if (out.numel() != 0) op(stream, TensorIterator::reduction(out, input), args...);
  if (keepdim) return out;
  NoGradGuard no_grad;
  return Tensor(intrusive_ptr<TensorImpl>::adopt(
      new TensorImpl(out.impl()->storage(), result, reduced_sizes(self.sizes(), mask, false))));
}

/// A reduction's gradient (or result) in the shape that broadcasts against the input.
Tensor unreduce(const Tensor& reduced, IntArrayRef input_sizes, uint32_t mask);

}  // namespace adjoint
