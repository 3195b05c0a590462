// SPDX-License-Identifier: MIT
// Lines of a dense tensor along a dimension, for kernels that pass over each several times.
//
// Several threads share a line. Where a line's elements lie side by side they are neighbours;
// otherwise neighbours have neighbouring lines. A thread keeps its first kKept<C> elements in
// registers, which is all of lines that are not very long.
#pragma once

#include "adjoint/tensor.h"
#include "core/math/scalar.h"
#include "cuda/block_reduce.cuh"
#include "cuda/elements.h"
#include "cuda/fast_divider.cuh"
#include "cuda/stream.h"

namespace adjoint::cuda {

inline constexpr int kLineThreads = 512;
/// Elements of a line that a thread should have at most, and that it keeps.
inline constexpr int kLineElements = 16;
template <class C>
inline constexpr int kKept = sizeof(C) > 4 ? kLineElements / 2 : kLineElements;

/// How the threads of a block share lines.
struct LineThreads {
  static constexpr std::tuple<> kernel_pointers{};
  bool rows = true;
  /// For a line; a power of two, as the threads of a block.
  int width = 1;
  int threads = kWarp;
  int per_block = 1;  // lines
  /// Of a thread's number: what divides it by the number of neighbours of one kind.
  int shift = 0;

  /// For `count` lines of n elements.
  LineThreads(bool side_by_side, int64_t count, int64_t n) : rows(side_by_side) {
    if (rows) {
      // Up to a warp for latency's sake; more only where a thread would have too much.
      while (width < kWarp && width * 4 < n) width *= 2;
      while (width < kLineThreads && width * int64_t(kLineElements) < n) width *= 2;
      threads = width;
      while (threads < 128 && threads < count * width) threads *= 2;
    } else {
      int columns = 1;
      while (columns < kWarp && columns < count) columns *= 2;
      while (columns * width < kLineThreads && width * int64_t(kLineElements) < n) width *= 2;
      while (columns * width < 128 && columns < count) columns *= 2;
      threads = columns * width;
    }
    while (threads < kWarp) threads *= 2;
    per_block = threads / width;
    while (1 << shift < (rows ? width : per_block)) ++shift;
  }
  unsigned blocks(int64_t count) const { return unsigned((count + per_block - 1) / per_block); }

  /// The thread's line, counted from the block's first, and which of the line's threads it is.
  __device__ __forceinline__ int line() const { return rows ? high() : low(); }
  __device__ __forceinline__ int part() const { return rows ? low() : high(); }
  /// Over the threads of each line; `shared` has room for kLineThreads.
  template <class T, class Combine>
  __device__ __forceinline__ T combine(T x, const Combine& combine, T* shared) const {
    return rows ? combine_threads(x, width, combine, shared)
                : combine_columns(x, 1 << shift, combine, shared);
  }

 private:
  __device__ __forceinline__ int high() const { return int(threadIdx.x) >> shift; }
  __device__ __forceinline__ int low() const { return int(threadIdx.x) & ((1 << shift) - 1); }
};

/// The lines of a dense tensor [outer, n, inner].
struct Lines {
  static constexpr std::tuple<> kernel_pointers{};
  int64_t count, n, inner;
  LineThreads threads;
  FastDivider64 by_inner;

  Lines(int64_t outer, int64_t n, int64_t inner)
      : count(outer * inner),
        n(n),
        inner(inner),
        threads(inner == 1, count, n),
        by_inner(uint64_t(inner > 0 ? inner : 1)) {}
  static Lines along(const Tensor& shaped, int64_t dim) {
    const TensorImpl& t = *shaped.impl();
    int64_t outer = 1, n = 1, inner = 1;
    for (int64_t d = 0; d < t.dim(); ++d) {
      (d < dim ? outer : d == dim ? n : inner) *= t.sizes()[size_t(d)];
    }
    return {outer, n, inner};
  }
  LaunchConfig launch_config(const Stream& stream, const char* file = __builtin_FILE(),
                             int line = __builtin_LINE()) const {
    return {threads.blocks(count), unsigned(threads.threads), raw(stream), 0, file, line};
  }

  __device__ __forceinline__ int64_t line() const {
    return int64_t(blockIdx.x) * threads.per_block + threads.line();
  }
  /// The offset of the first element of `line`.
  __device__ __forceinline__ int64_t first(int64_t line) const {
    if (threads.rows) return line * n;
    const uint64_t outer = by_inner.divide(uint64_t(line));
    return int64_t(outer) * n * inner + int64_t(by_inner.modulo(uint64_t(line), outer));
  }
};

/// f(k, i) for the elements i of [part, n) that a thread keeps: the k-th of them.
template <class C, class F>
__device__ __forceinline__ void each_kept(int part, int width, int64_t n, const F& f) {
  for (int k = 0; k < kKept<C>; ++k) {
    const int64_t i = part + k * width;
    if (i < n) f(k, i);
  }
}
/// f(i) for the others.
template <class C, class F>
__device__ __forceinline__ void each_other(int part, int width, int64_t n, const F& f) {
  for (int64_t i = part + int64_t(kKept<C>) * width; i < n; i += width) f(i);
}

/// A thread's part of a line of n elements at x, `step` from one to the next: the line's largest
/// element m and the sum of exp(x - m). `kept` gets exp(x - m) or, if `keep_logs`, x - m. NaN is
/// passed over by m, and met by the sum; if `finite`, an infinite m is taken for 0.
template <class S, class C>
__device__ __forceinline__ void sum_exponentials(const S* x, int64_t step, int64_t n,
                                                 const LineThreads& threads, bool keep_logs,
                                                 bool finite, C (&kept)[kKept<C>], C* shared, C& m,
                                                 C& sum) {
  constexpr C infinity = C(__builtin_inf());
  const int part = threads.part(), width = threads.width;
  m = -infinity;
  each_kept<C>(part, width, n, [&](int k, int64_t i) {
    kept[k] = compute_from<C>(x[i * step]);
    m = Larger()(m, kept[k]);
  });
  each_other<C>(part, width, n, [&](int64_t i) { m = Larger()(m, compute_from<C>(x[i * step])); });
  m = threads.combine(m, Larger(), shared);
  if (finite && !(math::abs(m) < infinity)) m = C(0);
  sum = C(0);
  each_kept<C>(part, width, n, [&](int k, int64_t) {
    const C log = kept[k] - m, e = math::exp(log);
    kept[k] = keep_logs ? log : e;
    sum += e;
  });
  each_other<C>(part, width, n,
                [&](int64_t i) { sum += math::exp(compute_from<C>(x[i * step]) - m); });
  sum = threads.combine(sum, Add(), shared);
}

}  // namespace adjoint::cuda
