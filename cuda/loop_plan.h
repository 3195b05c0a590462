// SPDX-License-Identifier: MIT
// From a TensorIterator to what a kernel can walk fast: 32-bit loops, vectors where memory allows.
#pragma once

#include <cstdint>
#include <tuple>

#include "core/tensor/tensor_iterator.h"
#include "cuda/fast_divider.cuh"

namespace adjoint::cuda {

/// Nested loops over steps: elements, or vectors of them. A kernel's parameter.
struct Loops {
  static constexpr std::tuple<> kernel_pointers{};
  static constexpr int kMaxOperands = TensorIterator::kMaxOperands;

  uint32_t count;  // of steps
  uint32_t numel;
  int last;                                  // the outermost loop
  uint32_t moving;                           // bit i: operand i moves along the innermost loop
  FastDivider sizes[kMaxDims - 1];           // of loops 0 to last - 1, the innermost first
  uint32_t strides[kMaxDims][kMaxOperands];  // in elements for each step

  /// Where step i finds the first N operands, in elements from their beginning.
  template <int N>
  __device__ __forceinline__ void locate(uint32_t i, uint32_t (&offsets)[N]) const {
    for (int op = 0; op < N; ++op) offsets[op] = 0;
#pragma unroll 1
    for (int d = 0; d < last; ++d) {
      uint32_t quotient = sizes[d].divide(i), index = sizes[d].modulo(i, quotient);
      for (int op = 0; op < N; ++op) offsets[op] += index * strides[d][op];
      i = quotient;
    }
    for (int op = 0; op < N; ++op) offsets[op] += i * strides[last][op];
  }
};

/// A part of an iteration that 32-bit indices reach: as a rule all of it.
struct LoopPiece {
  Loops loops;
  /// Steps are vectors of as many elements as were asked for: moving operands lie dense and aligned
  /// along the innermost loop, the output among them. Only the last vector of a single loop may be
  /// incomplete.
  bool vectors;
  void* data[Loops::kMaxOperands];  // null for scalar operands
};

/// Calls `launch` for the pieces of `iter`, in vectors of `lanes` elements where that can be.
/// No offset in a piece exceeds `limit` elements.
using LaunchPiece = void(const void* context, const LoopPiece& piece);
void for_each_piece(const TensorIterator& iter, int lanes, LaunchPiece* launch, const void* context,
                    int64_t limit = INT32_MAX);

}  // namespace adjoint::cuda
