// SPDX-License-Identifier: MIT
// Matrix products of 16-bit numbers: blocks are converted to float, multiplied and summed as such,
// and rounded once at the end.
#pragma once

#include "cpu/kernels/gemm.h"
#include "cpu/parallel.h"
#include "cpu/scratch.h"
#include "cpu/vec.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

// One block each of A, B and C, as float: 128, 256 and 64 KiB.
inline constexpr int64_t kHalfRows = 64, kHalfColumns = 256, kHalfDepth = 256;

/// A block of an operand as float, with the strides that it then has.
struct FloatBlock {
  const float* data;
  int64_t row, column;
};

template <class S>
FloatBlock to_float(float* to, const S* from, int64_t rows, int64_t columns, int64_t row_step,
                    int64_t column_step) {
  // Neighbours in memory stay neighbours.
  const bool turned = column_step != 1 && row_step == 1;
  const int64_t lines = turned ? columns : rows, length = turned ? rows : columns;
  const int64_t line_step = turned ? column_step : row_step, step = turned ? 1 : column_step;
  using V = Vec<float>;
  for (int64_t i = 0; i < lines; ++i) {
    for (int64_t j = 0; j < length; j += V::size) {
      const int lanes = length - j < V::size ? int(length - j) : int(V::size);
      const S* at = from + i * line_step + j * step;
      V x = step == 1 ? V::load(at, lanes) : V::load_strided(at, step * int64_t(sizeof(S)), lanes);
      x.store(to + i * length + j, lanes);
    }
  }
  return turned ? FloatBlock{to, 1, length} : FloatBlock{to, length, 1};
}

/// One block of C: rows [i, i + m) and columns [j, j + n).
template <class S>
void half_block(const GemmArgs<S>& g, int64_t i, int64_t m, int64_t j, int64_t n) {
  using V = Vec<float>;
  float* a = static_cast<float*>(scratch(
      Scratch::kOperand, sizeof(float) * size_t(kHalfRows * kHalfDepth + kHalfDepth * kHalfColumns +
                                                kHalfRows * kHalfColumns)));
  float* b = a + kHalfRows * kHalfDepth;
  float* c = b + kHalfDepth * kHalfColumns;
  int64_t p = 0;
  do {
    const int64_t k = g.k - p < kHalfDepth ? g.k - p : kHalfDepth;
    const FloatBlock left = to_float(a, g.a + i * g.a_row + p * g.a_col, m, k, g.a_row, g.a_col);
    const FloatBlock right = to_float(b, g.b + p * g.b_row + j * g.b_col, k, n, g.b_row, g.b_col);
    GemmArgs<float> args{
        m, n, k, left.data, left.row, left.column, right.data, right.row, right.column, c, n};
    args.accumulate = p > 0;
    gemm(args);
    p += k;
  } while (p < g.k);
  for (int64_t r = 0; r < m; ++r) {
    S* out = g.c + (i + r) * g.c_row + j;
    for (int64_t q = 0; q < n; q += V::size) {
      const int lanes = n - q < V::size ? int(n - q) : int(V::size);
      V x = V::load(c + r * n + q, lanes);
      if (g.bias) x = x + V::load(g.bias + j + q, lanes);
      if (g.accumulate) x = x + V::load(out + q, lanes);
      x.store(out + q, lanes);
    }
  }
}

template <class S>
void half_product(const GemmArgs<S>& g) {
  const int64_t columns = (g.n + kHalfColumns - 1) / kHalfColumns;
  const int64_t rows = (g.m + kHalfRows - 1) / kHalfRows;
  const int64_t work =
      (g.m < kHalfRows ? g.m : kHalfRows) * (g.n < kHalfColumns ? g.n : kHalfColumns) * (g.k + 1);
  parallel_for(0, rows * columns, (int64_t{1} << 18) / work + 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t i = block % rows * kHalfRows, j = block / rows * kHalfColumns;
      half_block(g, i, g.m - i < kHalfRows ? g.m - i : kHalfRows, j,
                 g.n - j < kHalfColumns ? g.n - j : kHalfColumns);
    }
  });
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
