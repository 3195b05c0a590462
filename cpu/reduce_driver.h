// SPDX-License-Identifier: MIT
// The division of a reduction into outputs and parts, and those among threads: compiled once,
// called by the kernels of every instruction set.
//
// Note [Reductions]
// ~~~~~~~~~~~~~~~~~
// The order in which elements are combined is a function of the shape alone: not of the number of
// threads, not of the strides beyond the order of the loops.
//  - Reduced elements that lie side by side (rows) are met a register at a time, in four chains;
//    otherwise (columns) outputs that lie side by side fill the registers.
//  - A chain is at most kChainLength long: then it goes to the levels of a binary counter, so that
//    the rounding error of a sum grows with the logarithm of its length, as a pairwise sum's.
//  - Where outputs are too few to keep threads busy the reduced elements are divided into parts,
//    whose accumulators are combined pairwise.
// 16-bit floats accumulate in float, integers in int64_t.
#pragma once

#include "core/tensor/reduce_loops.h"

namespace adjoint::cpu {

/// One reduction for one dtype and instruction set. Outputs and reduced elements are counted in the
/// order of the loops.
struct ReduceFunctions {
  const void* context;
  /// Size of an accumulator, at most 8.
  int accumulator_bytes;
  /// Reduces elements [begin, end) of each output in [first, last) to its accumulator.
  void (*accumulate)(const void* context, const ReduceLoops&, const char* in, int64_t first,
                     int64_t last, int64_t begin, int64_t end, void* accumulators);
  /// Combines each accumulator with the one at its place in `others`.
  void (*combine)(const void* context, void* accumulators, const void* others, int64_t n);
  /// Writes the outputs in [first, last).
  void (*finish)(const void* context, const ReduceLoops&, void* accumulators, int64_t first,
                 int64_t last, char* out);
};

void reduce(const TensorIterator& iter, const ReduceFunctions& functions);

/// Calls `run` for ranges of outputs that cover all, from several threads where it is worth it. For
/// reductions that are no accumulation, such as argmax.
using OutputsFunction = void(const void* context, const ReduceLoops&, const char* in, int64_t first,
                             int64_t last, char* out);
void for_each_output(const TensorIterator& iter, OutputsFunction* run, const void* context);

}  // namespace adjoint::cpu
