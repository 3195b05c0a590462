// SPDX-License-Identifier: MIT
#include "cpu/loop_driver.h"

#include "adjoint/error.h"
#include "cpu/parallel.h"

namespace adjoint::cpu {
namespace {

/// Elements [begin, end) in the order of the loops.
void run_range(const TensorIterator& iter, RowFunction* row, const void* context, int64_t begin,
               int64_t end) {
  constexpr int kMaxOperands = TensorIterator::kMaxOperands;
  char* data[kMaxOperands];
  int64_t strides[kMaxOperands];
  int64_t index[kMaxDims];
  for (int op = 0; op < iter.num_operands; ++op) {
    data[op] = static_cast<char*>(iter.data(op));
    strides[op] = iter.strides[op][0];
  }
  int64_t rest = begin;
  for (int d = 0; d < iter.ndim; ++d) {
    index[d] = 0;
    if (rest == 0) continue;
    index[d] = rest % iter.shape[d];
    rest /= iter.shape[d];
    for (int op = 0; op < iter.num_operands; ++op) data[op] += index[d] * iter.strides[op][d];
  }

  for (;;) {
    int64_t n = iter.shape[0] - index[0];
    if (n > end - begin) n = end - begin;
    row(context, data, strides, n);
    begin += n;
    if (begin == end) return;
    // The row was finished: back to its first element, and on to the next row.
    for (int op = 0; op < iter.num_operands; ++op) data[op] -= index[0] * strides[op];
    index[0] = 0;
    for (int d = 1;; ++d) {
      bool wraps = ++index[d] == iter.shape[d];
      int64_t steps = wraps ? 1 - iter.shape[d] : 1;
      for (int op = 0; op < iter.num_operands; ++op) data[op] += steps * iter.strides[op][d];
      if (!wraps) break;
      index[d] = 0;
    }
  }
}

}  // namespace

void for_each_row(const TensorIterator& iter, RowFunction* row, const void* context,
                  int64_t grain) {
  if (iter.numel == 0) return;
  if (iter.numel < 2 * grain) {
    if (iter.ndim == 1) {
      char* data[TensorIterator::kMaxOperands];
      int64_t strides[TensorIterator::kMaxOperands];
      for (int op = 0; op < iter.num_operands; ++op) {
        data[op] = static_cast<char*>(iter.data(op));
        strides[op] = iter.strides[op][0];
      }
      row(context, data, strides, iter.numel);
      return;
    }
    run_range(iter, row, context, 0, iter.numel);
    return;
  }
  parallel_for(0, iter.numel, grain,
               [&](int64_t begin, int64_t end) { run_range(iter, row, context, begin, end); });
}

void unsupported_dtype(ScalarType dtype) {
  ADJOINT_CHECK_WITH(NotImplementedError, false, "a CPU kernel is not implemented for '", dtype,
                     "'");
}

}  // namespace adjoint::cpu
