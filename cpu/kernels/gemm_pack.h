// SPDX-License-Identifier: MIT
// Copies for the matrix product: columns of B in the order in which the register tile reads them,
// and a result that was computed transposed back into C.
#pragma once

#include "cpu/kernels/gemm_shuffle.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA::gemm_detail {

/// Calls write(p, v) for p < k, where lane i of v is row(i)[p].
template <class T, class Row, class Write>
ADJOINT_ALWAYS_INLINE void transposed_rows(const Row& row, int64_t k, const Write& write) {
  int64_t p = 0;
  for (; p + kGroup<T> <= k; p += kGroup<T>) {
    Vec<T> strip[kGroup<T>];
    load_transposed<T>(
        [=](int i) __attribute__((always_inline)) { return row(i) + p; }, strip);
#pragma GCC unroll 4
    for (int i = 0; i < kGroup<T>; ++i) write(p + i, strip[i]);
  }
  for (; p < k; ++p) {
    T lanes[kLanes<T>];
    for (int i = 0; i < kLanes<T>; ++i) lanes[i] = row(i)[p];
    write(p, Vec<T>::load(lanes));
  }
}

/// The same for rows at a stride, if there are so many; other lanes are unspecified.
template <class T, class Write>
ADJOINT_ALWAYS_INLINE void transposed(const T* from, int64_t stride, int64_t rows, int64_t k,
                                      const Write& write) {
  if (rows >= kLanes<T>) {
    transposed_rows<T>(
        [=](int i) __attribute__((always_inline)) { return from + i * stride; }, k, write);
  } else {
    const T* row[kLanes<T>];
    for (int i = 0; i < kLanes<T>; ++i) row[i] = from + (i < rows ? i : rows - 1) * stride;
    transposed_rows<T>(
        [&row](int i) __attribute__((always_inline)) { return row[i]; }, k, write);
  }
}

/// to[p, j] = from[p * row + j * col] for a panel of `columns` columns. Rows of `to` have `width`
/// elements, a multiple of the vector; what is beyond the columns is unspecified.
template <class T>
void pack_columns(const T* from, int64_t row, int64_t col, int64_t k, int64_t columns,
                  int64_t width, T* to) {
  constexpr int64_t kWidth = kLanes<T>;
  if (col == 1) {
    const int64_t whole = columns / kWidth * kWidth;
    for (int64_t p = 0; p < k; ++p, from += row, to += width) {
      for (int64_t j = 0; j < whole; j += kWidth) Vec<T>::load(from + j).store(to + j);
      if (whole < columns) {
        const int rest = static_cast<int>(columns - whole);
        Vec<T>::load(from + whole, rest).store(to + whole);
      }
    }
  } else if (row == 1) {
    for (int64_t j = 0; j < columns; j += kWidth, from += kWidth * col, to += kWidth) {
      const auto write = [=](int64_t p, Vec<T> v) __attribute__((always_inline)) {
        v.store(to + p * width);
      };
      transposed(from, col, columns - j, k, write);
    }
  } else {
    for (int64_t p = 0; p < k; ++p, from += row, to += width) {
      for (int64_t j = 0; j < columns; ++j) to[j] = from[j * col];
    }
  }
}

/// c[i, j] = from[i + j * stride] (+ c) (+ bias[j]) for i < m, j < n.
template <class T>
void write_transposed(const T* from, int64_t stride, int64_t m, int64_t n, T* c, int64_t c_row,
                      bool add, const T* bias) {
  for (int64_t j = 0; j < n; j += kLanes<T>) {
    const int used = static_cast<int>(n - j < kLanes<T> ? n - j : kLanes<T>);
    T* target = c + j;
    const Vec<T> shift = bias ? Vec<T>::load(bias + j, used) : Vec<T>(T(0));
    const auto write = [=](int64_t i, Vec<T> v) __attribute__((always_inline)) {
      T* row = target + i * c_row;
      v += shift;
      if (add) v += Vec<T>::load(row, used);
      v.store(row, used);
    };
    transposed(from + j * stride, stride, n - j, m, write);
  }
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA::gemm_detail
