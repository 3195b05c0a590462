// SPDX-License-Identifier: MIT
// What layer_norm and batch_norm share: spans of neighbouring elements, their sums, and sums of
// columns. Rows, channels and columns of the weight's gradient are each computed by one thread, so
// results are the same for any number of threads.
#pragma once

#include "adjoint/tensor.h"
#include "cpu/parallel.h"
#include "cpu/scratch.h"
#include "cpu/vec.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA::normalization {

constexpr int64_t max(int64_t a, int64_t b) { return a > b ? a : b; }

template <class S>
S* data_of(const Tensor& t) {
  return t.defined() ? static_cast<S*>(t.impl()->data()) : nullptr;
}

template <class T, class S>
ADJOINT_ALWAYS_INLINE T read(const S* p) {
  if constexpr (__is_same(T, S)) return *p;
  return T(Vec<T>::load(p, 1).v[0]);
}
template <class T, class S>
ADJOINT_ALWAYS_INLINE void put(S* p, T value, bool add) {
  Vec<T> x(value);
  if (add) x = x + Vec<T>::load(p, 1);
  x.store(p, 1);
}

/// n elements side by side.
template <class S>
struct Span {
  S* data;
  int64_t n;

  template <class T>
  ADJOINT_ALWAYS_INLINE Vec<T> load(int64_t i, int lanes) const {
    return lanes == Vec<T>::size ? Vec<T>::load(data + i) : Vec<T>::load(data + i, lanes);
  }
  template <class T>
  ADJOINT_ALWAYS_INLINE void store(int64_t i, int lanes, Vec<T> x, bool add) const {
    if (add) x = x + load<T>(i, lanes);
    if (lanes == Vec<T>::size) {
      x.store(data + i);
    } else {
      x.store(data + i, lanes);
    }
  }
};

/// f(i, lanes) for vectors of a span of n.
template <class T, class F>
ADJOINT_ALWAYS_INLINE void for_vectors(int64_t n, const F& f) {
  int64_t i = 0;
  for (; i + Vec<T>::size <= n; i += Vec<T>::size) f(i, int(Vec<T>::size));
  if (i < n) f(i, int(n - i));
}

template <class T>
ADJOINT_ALWAYS_INLINE Vec<T> first_lanes(Vec<T> x, int lanes) {
  if (lanes == Vec<T>::size) return x;
  alignas(64) T kept[Vec<T>::size];
  x.store(kept);
  return Vec<T>::load(kept, lanes);
}

template <class T, class S>
T sum(const Span<S>& x) {
  Vec<T> total(T(0));
  for_vectors<T>(x.n, [&](int64_t i, int lanes) { total += x.template load<T>(i, lanes); });
  return reduce_add(total);
}
template <class T, class S>
T sum_of_squares(const Span<S>& x, T mean) {
  Vec<T> total(T(0)), centre(mean);
  for_vectors<T>(x.n, [&](int64_t i, int lanes) {
    Vec<T> d = first_lanes(x.template load<T>(i, lanes) - centre, lanes);
    total = fma(d, d, total);
  });
  return reduce_add(total);
}
/// K sums for each column of [rows, columns]: f(row, column, lanes, sums) adds to them. The sums of
/// kBlock rows are added up in double, in totals[k][column]. Rows are walked a few at a time and
/// along, with the block's sums in the nearest cache: walking down columns a register or four wide
/// jumps a row's length at each step, which the prefetchers do not follow (2048 x 2048 floats: half
/// again as long). A column's additions come in the same order either way.
template <class T, int K, class F>
void sum_rows(int64_t rows, int64_t columns, double* totals, const F& f) {
  using V = Vec<T>;
  constexpr int64_t kBlock = 32, kTogether = 4, kStrip = 1024;
  alignas(64) T kept[K][kStrip];
  for (int64_t i = 0; i < K * columns; ++i) totals[i] = 0;
  for (int64_t first = 0; first < rows; first += kBlock) {
    const int64_t last = first + kBlock < rows ? first + kBlock : rows;
    for (int64_t left = 0; left < columns; left += kStrip) {
      const int64_t width = columns - left < kStrip ? columns - left : kStrip;
      auto walk = [&]<int Rows>(int64_t row) __attribute__((always_inline)) {
        for_vectors<T>(width, [&](int64_t i, int lanes) {
          V sums[K];
          for (int k = 0; k < K; ++k) sums[k] = row == first ? V(T(0)) : V::load(kept[k] + i);
          for (int r = 0; r < Rows; ++r) f(row + r, left + i, lanes, sums);
          for (int k = 0; k < K; ++k) sums[k].store(kept[k] + i);
        });
      };
      int64_t row = first;
      for (; row + kTogether <= last; row += kTogether) walk.template operator()<kTogether>(row);
      for (; row < last; ++row) walk.template operator()<1>(row);
      for (int k = 0; k < K; ++k) {
        double* to = totals + k * columns + left;
        for (int64_t i = 0; i < width; ++i) to[i] += double(kept[k][i]);
      }
    }
  }
}
/// f(first, last, totals) for runs of columns, from several threads; `totals` has room for K
/// numbers of each of them.
template <int K, class F>
void for_columns(int64_t rows, int64_t n, const F& f) {
  constexpr int64_t kRun = 4096;
  const int64_t grain = max(64, kGrainSize / max(1, rows) / 64 * 64);
  parallel_for(0, n, grain, [&](int64_t begin, int64_t end) {
    for (int64_t first = begin; first < end; first += kRun) {
      const int64_t last = first + kRun < end ? first + kRun : end;
      const size_t bytes = size_t(K * (last - first)) * sizeof(double);
      f(first, last, static_cast<double*>(scratch(Scratch::kReduce, bytes)));
    }
  });
}

template <class T>
T inverse_root(double var, double eps) {
  return T(1.0 / __builtin_sqrt(var + eps));
}

/// f(zero of the type to compute in, zero of the stored type).
template <class F>
void with_dtypes(ScalarType dtype, const F& f) {
  switch (dtype) {
    case kFloat:
      return f(float(), float());
    case kDouble:
      return f(double(), double());
    case kHalf:
      return f(float(), Half(0, Half::from_bits_t()));
    case kBFloat16:
      return f(float(), BFloat16(0, BFloat16::from_bits_t()));
    default:
      return;
  }
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA::normalization
