// SPDX-License-Identifier: MIT
// The two register kernels of the matrix product: a tile of rows times vectors of columns, and a
// square of dot products for operands whose rows both run along k.
#pragma once

#include "cpu/kernels/gemm_shuffle.h"

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
  const int last_lanes = static_cast<int>(t.last_lanes);
  const auto is_last = [](int j) { return kPartial && j == kVectors - 1; };
  const auto load = [=](const T* p, int j) __attribute__((always_inline)) {
    return is_last(j) ? Vec<T>::load(p + j * kLanes<T>, last_lanes)
                      : Vec<T>::load(p + j * kLanes<T>);
  };

  Vec<T> sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) sum[i][j] = Vec<T>(T(0));
  }
  if (t.add) {  // C was last met a block of k ago
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      for (int j = 0; j < kVectors; ++j) {
        __builtin_prefetch(t.c + i * t.c_row + j * kLanes<T>, 1);
      }
    }
  }
  const T* a = t.a;
  const T* b = t.b;
  const int64_t a_row = t.a_row, a_col = t.a_col, b_row = t.b_row;
  for (int64_t p = t.k; p > 0; --p, a += a_col, b += b_row) {
    Vec<T> row[kVectors];
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) row[j] = load(b, j);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const Vec<T> x(a[i * a_row]);
#pragma GCC unroll 8
      for (int j = 0; j < kVectors; ++j) sum[i][j] = fma(x, row[j], sum[i][j]);
    }
  }

  if (t.bias) {
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) {
      const Vec<T> bias = load(t.bias, j);
#pragma GCC unroll 8
      for (int i = 0; i < kRows; ++i) sum[i][j] += bias;
    }
  }
  T* c = t.c;
  const int64_t c_row = t.c_row;
  const bool add = t.add;
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i, c += c_row) {
    if (add) {
#pragma GCC unroll 8
      for (int j = 0; j < kVectors; ++j) sum[i][j] += load(c, j);
    }
#pragma GCC unroll 8
    for (int j = 0; j < kVectors; ++j) {
      if (is_last(j)) {
        sum[i][j].store(c + j * kLanes<T>, last_lanes);
      } else {
        sum[i][j].store(c + j * kLanes<T>);
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
/// j < columns <= kLanes / kRows. Both operands have unit stride along k. The columns of C are
/// either at unit stride, or there is one row only; bias_col is 1, or 0 for one bias for all.
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
  a[0] = d.a;
  b[0] = d.b;
#pragma GCC unroll 16
  for (int i = 1; i < kRows; ++i) a[i] = a[i - 1] + (i < d.rows ? d.a_row : 0);
#pragma GCC unroll 16
  for (int j = 1; j < kColumns; ++j) b[j] = b[j - 1] + (j < d.columns ? d.b_row : 0);

  Vec<T> sum[kWidth];
#pragma GCC unroll 16
  for (int i = 0; i < kWidth; ++i) sum[i] = Vec<T>(T(0));
  const auto step = [&](auto load) __attribute__((always_inline)) {
    Vec<T> x[kRows];
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) x[i] = load(a[i]);
#pragma GCC unroll 16
    for (int j = 0; j < kColumns; ++j) {
      const Vec<T> y = load(b[j]);
#pragma GCC unroll 16
      for (int i = 0; i < kRows; ++i) {
        sum[i * kColumns + j] = fma(x[i], y, sum[i * kColumns + j]);
      }
    }
  };
  int64_t p = 0;
  for (; p + kWidth <= d.k; p += kWidth) {
    step([p](const T* row) __attribute__((always_inline)) { return Vec<T>::load(row + p); });
  }
  if (p < d.k) {
    const int rest = static_cast<int>(d.k - p);
    step([ p, rest ](const T* row)
             __attribute__((always_inline)) { return Vec<T>::load(row + p, rest); });
  }

  Vec<T> v = sum_each<T>(sum);
  if (d.bias && d.bias_col == 0) v += Vec<T>(*d.bias);
  const T* bias = d.bias_col == 0 ? nullptr : d.bias;
  T value[kWidth];
  v.store(value);
  if (d.c_col == 1) {
    const int used = static_cast<int>(d.columns);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; ++i) {
      if (i >= d.rows) return;
      T* c = d.c + i * d.c_row;
      if (kRows > 1) v = Vec<T>::load(value + i * kColumns, used);
      if (bias) v += Vec<T>::load(bias, used);
      if (d.add) v += Vec<T>::load(c, used);
      v.store(c, used);
    }
  } else {
#pragma GCC unroll 1
    for (int64_t j = 0; j < d.columns; ++j) {
      T& c = d.c[j * d.c_col];
      c = d.add ? c + value[j] : value[j];
    }
  }
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA::gemm_detail
