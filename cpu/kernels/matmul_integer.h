// SPDX-License-Identifier: MIT
// Products of integer matrices, which wrap around: counts and adjacencies, not the work of
// networks.
#pragma once

#include "cpu/kernels/gemm_args.h"
#include "cpu/parallel.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

/// Rows [begin, end) of the product; row by row of b, so that neighbours are read side by side.
template <class T>
void integer_rows(const GemmArgs<T>& args, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    T* const row = args.c + i * args.c_row;
    for (int64_t j = 0; j < args.n; ++j) {
      const T start = args.bias ? args.bias[j] : T(0);
      row[j] = args.accumulate ? T(uint64_t(row[j]) + uint64_t(start)) : start;
    }
    for (int64_t k = 0; k < args.k; ++k) {
      const uint64_t factor = uint64_t(args.a[i * args.a_row + k * args.a_col]);
      const T* const other = args.b + k * args.b_row;
      for (int64_t j = 0; j < args.n; ++j) {
        row[j] = T(uint64_t(row[j]) + factor * uint64_t(other[j * args.b_col]));
      }
    }
  }
}

template <class T>
void integer_product(const GemmArgs<T>& args) {
  parallel_for(0, args.m, kGrainSize / (args.n * args.k + 1) + 1,
               [&](int64_t begin, int64_t end) { integer_rows(args, begin, end); });
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
