// SPDX-License-Identifier: MIT
#include "cpu/loop_driver.h"

#include "adjoint/error.h"
#include "cpu/parallel.h"
#include "cpu/transpose.h"

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

// Note [Transposed operands]
// An input whose neighbours lie along another loop than the output's is read a line of memory for
// each element, and where rows are far apart each line comes from afar. So such loops are walked in
// tiles, whose transposed inputs are first turned round into a buffer: then all rows of the tile
// are dense.
struct Tiles {
  static constexpr int64_t kRows = 128, kColumns = 16;

  const TensorIterator& iter;
  int column = 0;  // the loop along which transposed inputs are dense; 0: none is transposed
  bool transposed[TensorIterator::kMaxOperands] = {};

  explicit Tiles(const TensorIterator& it) : iter(it) {
    if (iter.ndim == 1 || iter.shape[0] < 8) return;
    for (int op = 1; op < iter.num_operands; ++op) {
      const int64_t element = int64_t(elementSize(iter.dtypes[op]));
      if (iter.strides[op][0] == 0 || iter.strides[op][0] == element) continue;
      for (int d = 1; d < iter.ndim; ++d) {
        if (iter.strides[op][d] != element || iter.shape[d] < 8 || (column != 0 && column != d)) {
          continue;
        }
        column = d;
        transposed[op] = true;
      }
    }
  }

  static int64_t parts(int64_t n, int64_t size) { return (n + size - 1) / size; }
  int64_t count() const {
    return iter.numel / (iter.shape[0] * iter.shape[column]) * parts(iter.shape[0], kRows) *
           parts(iter.shape[column], kColumns);
  }

  /// One tile, counted along the columns first.
  void run(RowFunction* row, const void* context, int64_t tile) const {
    alignas(64) char buffers[TensorIterator::kMaxOperands - 1][kRows * kColumns * 8];
    char* data[TensorIterator::kMaxOperands];
    int64_t strides[TensorIterator::kMaxOperands], step[TensorIterator::kMaxOperands];
    const int64_t across = parts(iter.shape[column], kColumns), along = parts(iter.shape[0], kRows);
    const int64_t j = tile % across * kColumns, i = tile / across % along * kRows;
    const int64_t rows = iter.shape[0] - i < kRows ? iter.shape[0] - i : kRows;
    const int64_t columns = iter.shape[column] - j < kColumns ? iter.shape[column] - j : kColumns;
    for (int op = 0; op < iter.num_operands; ++op) {
      strides[op] = iter.strides[op][0];
      step[op] = iter.strides[op][column];
      data[op] = static_cast<char*>(iter.data(op)) + i * strides[op] + j * step[op];
    }
    int64_t rest = tile / (across * along);
    for (int d = 1; d < iter.ndim; ++d) {
      if (d == column) continue;
      for (int op = 0; op < iter.num_operands; ++op) {
        data[op] += rest % iter.shape[d] * iter.strides[op][d];
      }
      rest /= iter.shape[d];
    }
    for (int op = 1; op < iter.num_operands; ++op) {
      if (!transposed[op]) continue;
      const int64_t element = step[op];
      transpose(data[op], strides[op], rows, columns, buffers[op - 1], kRows * element, element);
      data[op] = buffers[op - 1];
      strides[op] = element;
      step[op] = kRows * element;
    }
    for (int64_t c = 0; c < columns; ++c) {
      row(context, data, strides, rows);
      for (int op = 0; op < iter.num_operands; ++op) data[op] += step[op];
    }
  }
};

}  // namespace

void for_each_row(const TensorIterator& iter, RowFunction* row, const void* context,
                  int64_t grain) {
  if (iter.numel == 0) return;
  if (const Tiles tiles(iter); tiles.column != 0) {
    const int64_t tile = Tiles::kRows * Tiles::kColumns;
    parallel_for(0, tiles.count(), (grain + tile - 1) / tile, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) tiles.run(row, context, t);
    });
    return;
  }
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
