// SPDX-License-Identifier: MIT
// The two register kernels of the matrix product: a tile of rows times vectors of columns, and a
// square of dot products for operands whose rows both run along k.
#pragma once

#include "cpu/kernels/gemm_vector.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA::gemm_detail {

// Accumulators fill the registers, less one row of B and one broadcast element of A. A single row
// is as wide as it takes to hide the latency of its additions.
#if defined(__AVX512F__) || defined(__aarch64__)
inline constexpr int kTileRows = 8;
inline constexpr int kTileVectors = 3;
#else
inline constexpr int kTileRows = 6;
inline constexpr int kTileVectors = 2;
#endif
inline constexpr int kRowVectors = 8;

/// C = A B (+ C) (+ bias) for the few rows and columns of a kernel; b has unit column stride.
template <class T>
struct TileArgs {
  int64_t k;
  const T* a;
  int64_t a_row, a_col;
  const T* b;
  int64_t b_row;
  T* c;
  int64_t c_row;
  const T* bias;
  bool add;
  int64_t last_lanes;  // columns in the last vector
};
template <class T>
using TileKernel = void (*)(const TileArgs<T>&);

template <class T, int kRows, int kVectors, bool kPartial>
void tile(const TileArgs<T>& t) {
  constexpr int kWidth = kLanes<T>;
  const FirstLanes last(kPartial ? t.last_lanes : kWidth);
  const auto is_last = [](int j) { return kPartial && j == kVectors - 1; };

  Vector<T> sum[kRows][kVectors] = {};
  const T* a = t.a;
  const T* b = t.b;
  const int64_t a_row = t.a_row, a_col = t.a_col, b_row = t.b_row;
  for (int64_t p = t.k; p > 0; --p, a += a_col, b += b_row) {
    Vector<T> row[kVectors];
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) {
      row[j] = is_last(j) ? last.load(b + j * kWidth) : load(b + j * kWidth);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const Vector<T> x = a[i * a_row] - Vector<T>{};
#pragma GCC unroll 8
      for (int j = 0; j < kVectors; ++j) sum[i][j] += x * row[j];
    }
  }

#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) {
      T* c = t.c + i * t.c_row + j * kWidth;
      Vector<T> v = sum[i][j];
      if (t.bias) {
        const T* bias = t.bias + j * kWidth;
        v += is_last(j) ? last.load(bias) : load(bias);
      }
      if (t.add) v += is_last(j) ? last.load(c) : load(c);
      if (is_last(j)) {
        last.store(c, v);
      } else {
        store(c, v);
      }
    }
  }
}

/// The kernels of up to kRows rows by kVectors vectors, the last one full or partial.
template <class T, int kRows, int kVectors>
struct TileKernels {
  TileKernel<T> of[kRows][kVectors][2];

  template <int kRow, int... kVector>
  constexpr void fill_row(std::integer_sequence<int, kVector...>) {
    ((of[kRow][kVector][0] = tile<T, kRow + 1, kVector + 1, false>,
      of[kRow][kVector][1] = tile<T, kRow + 1, kVector + 1, true>),
     ...);
  }
  template <int... kRow>
  constexpr explicit TileKernels(std::integer_sequence<int, kRow...>) : of{} {
    (fill_row<kRow>(std::make_integer_sequence<int, kVectors>{}), ...);
  }
  constexpr TileKernels() : TileKernels(std::make_integer_sequence<int, kRows>{}) {}
};

/// c[i, j] = the dot product of row i of a and row j of b (+ c) (+ bias), for i < rows <= kRows and
/// j < columns <= kLanes / kRows. Both operands have unit stride along k.
template <class T>
struct DotArgs {
  int64_t k;
  const T* a;
  int64_t a_row;
  const T* b;
  int64_t b_row;
  T* c;
  int64_t c_row, c_col;
  const T* bias;
  int64_t bias_col;
  bool add;
  int64_t rows, columns;
};

template <class T, int kRows>
void dots(const DotArgs<T>& d) {
  constexpr int kWidth = kLanes<T>;
  constexpr int kColumns = kWidth / kRows;
  // Rows beyond the last are read as the last, and the result is left unused.
  const T* a[kRows];
  const T* b[kColumns];
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) a[i] = d.a + (i < d.rows ? i : d.rows - 1) * d.a_row;
#pragma GCC unroll 16
  for (int j = 0; j < kColumns; ++j) b[j] = d.b + (j < d.columns ? j : d.columns - 1) * d.b_row;

  Vector<T> sum[kWidth] = {};
  const auto step = [&](auto load_at) __attribute__((always_inline)) {
    Vector<T> x[kRows];
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) x[i] = load_at(a[i]);
#pragma GCC unroll 16
    for (int j = 0; j < kColumns; ++j) {
      const Vector<T> y = load_at(b[j]);
#pragma GCC unroll 16
      for (int i = 0; i < kRows; ++i) sum[i * kColumns + j] += x[i] * y;
    }
  };
  int64_t p = 0;
  for (; p + kWidth <= d.k; p += kWidth) step([p](const T* row) { return load(row + p); });
  if (p < d.k) {
    const FirstLanes last(d.k - p);
    step([p, last](const T* row) { return last.load(row + p); });
  }

  Vector<T> v = sum_each<T>(sum);
  if (kRows == 1 && d.c_col == 1 && (!d.bias || d.bias_col == 1)) {
    const FirstLanes used(d.columns);
    if (d.bias) v += used.load(d.bias);
    if (d.add) v += used.load(d.c);
    used.store(d.c, v);
    return;
  }
  T value[kWidth];
  store(value, v);
  for (int64_t i = 0; i < d.rows; ++i) {
    for (int64_t j = 0; j < d.columns; ++j) {
      T& c = d.c[i * d.c_row + j * d.c_col];
      T x = value[i * kColumns + j];
      if (d.bias) x += d.bias[j * d.bias_col];
      c = d.add ? c + x : x;
    }
  }
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA::gemm_detail
