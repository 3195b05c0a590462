// SPDX-License-Identifier: MIT
// Copies for the matrix product: columns of B in the order in which the register tile reads them,
// and a result that was computed transposed back into C.
#pragma once

#include "cpu/kernels/gemm_vector.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA::gemm_detail {

/// Calls write(p, v) for p < k, where lane i < columns of v is from[p + i * stride]; other lanes
/// are unspecified.
template <class T, class Write>
ADJOINT_ALWAYS_INLINE void transposed(const T* from, int64_t stride, int64_t k, int64_t columns,
                                      const Write& write) {
  const T* rows[kLanes<T>];
  for (int i = 0; i < kLanes<T>; ++i) rows[i] = from + (i < columns ? i : columns - 1) * stride;
  int64_t p = 0;
  for (; p + kGroup<T> <= k; p += kGroup<T>) {
    Vector<T> strip[kGroup<T>];
    load_transposed(rows, p, strip);
#pragma GCC unroll 4
    for (int i = 0; i < kGroup<T>; ++i) write(p + i, strip[i]);
  }
  for (; p < k; ++p) {
    T row[kLanes<T>];
    for (int i = 0; i < kLanes<T>; ++i) row[i] = rows[i][p];
    write(p, load(row));
  }
}

/// to[p, j] = from[p * row + j * col] for a panel of `columns` columns. Rows of `to` have `width`
/// elements, a multiple of the vector; what is beyond the columns is unspecified.
template <class T>
void pack_columns(const T* from, int64_t row, int64_t col, int64_t k, int64_t columns,
                  int64_t width, T* to) {
  for (int64_t j = 0; j < columns; j += kLanes<T>) {
    const int64_t used = columns - j < kLanes<T> ? columns - j : kLanes<T>;
    const T* source = from + j * col;
    T* target = to + j;
    if (row == 1 && col != 1) {
      transposed(
          source, col, k, used, [=](int64_t p, Vector<T> v) __attribute__((always_inline)) {
            store(target + p * width, v);
          });
    } else if (col == 1 && used == kLanes<T>) {
      for (int64_t p = 0; p < k; ++p) store(target + p * width, load(source + p * row));
    } else {
      for (int64_t p = 0; p < k; ++p) {
        for (int64_t i = 0; i < used; ++i) target[p * width + i] = source[p * row + i * col];
      }
    }
  }
}

/// c[i, j] = from[i + j * stride] (+ c) (+ bias[j]) for i < m, j < n.
template <class T>
void write_transposed(const T* from, int64_t stride, int64_t m, int64_t n, T* c, int64_t c_row,
                      bool add, const T* bias) {
  for (int64_t j = 0; j < n; j += kLanes<T>) {
    const int64_t used = n - j < kLanes<T> ? n - j : kLanes<T>;
    const FirstLanes lanes(used);
    T* target = c + j;
    const Vector<T> shift = bias ? lanes.load(bias + j) : Vector<T>{};
    const auto write = [=](int64_t i, Vector<T> v) __attribute__((always_inline)) {
      T* row = target + i * c_row;
      v += shift;
      if (add) v += lanes.load(row);
      lanes.store(row, v);
    };
    transposed(from + j * stride, stride, m, used, write);
  }
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA::gemm_detail
