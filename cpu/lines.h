// SPDX-License-Identifier: MIT
// Lines of a dense tensor along a dimension, for kernels that pass over each several times.
//
// A line is a row, whose elements lie side by side, or else as many neighbouring columns as fill a
// register. Both run the same formulas; only for a row are the lanes folded into one.
#pragma once

#include "adjoint/tensor.h"
#include "cpu/parallel.h"
#include "cpu/reduce.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

template <class C, class S>
ADJOINT_ALWAYS_INLINE Vec<C> load(const S* p, int lanes) {
  return lanes == Vec<C>::size ? Vec<C>::load(p) : Vec<C>::load(p, lanes);
}
template <class C, class S>
ADJOINT_ALWAYS_INLINE void store(Vec<C> v, S* p, int lanes) {
  lanes == Vec<C>::size ? v.store(p) : v.store(p, lanes);
}
/// The larger one; a NaN in `a` is passed over.
template <class C>
ADJOINT_ALWAYS_INLINE Vec<C> larger(Vec<C> a, Vec<C> b) {
  return where(a > b, a, b);
}

template <class C>
struct Row {
  using V = Vec<C>;
  static constexpr int lanes = 1;  // of a result
  int64_t n;

  /// f(offset, lanes) for all elements.
  template <class F>
  ADJOINT_ALWAYS_INLINE void each(const F& f) const {
    int64_t i = 0;
    for (; i + V::size <= n; i += V::size) f(i, V::size);
    if (i < n) f(i, int(n - i));
  }
  /// Lanes behind the end hold `other`.
  ADJOINT_ALWAYS_INLINE V guard(V v, int count, C other) const {
    return count == V::size ? v : where(detail::first_lanes<C>(count), v, V(other));
  }
  template <class S>
  ADJOINT_ALWAYS_INLINE V max(const S* p) const {
    constexpr C lowest = C(-__builtin_inf());
    V chain[4] = {V(lowest), V(lowest), V(lowest), V(lowest)};
    int64_t i = 0;
    for (; i + 4 * V::size <= n; i += 4 * V::size) {
      for (int c = 0; c < 4; ++c) chain[c] = larger(V::load(p + i + c * V::size), chain[c]);
    }
    for (; i + V::size <= n; i += V::size) chain[0] = larger(V::load(p + i), chain[0]);
    if (i < n) chain[1] = larger(guard(V::load(p + i, int(n - i)), int(n - i), lowest), chain[1]);
    V all = larger(larger(chain[0], chain[1]), larger(chain[2], chain[3]));
    return V(reduce_lanes(all, [](V a, V b) { return larger(a, b); }));
  }
  ADJOINT_ALWAYS_INLINE V add_lanes(V v) const { return V(reduce_add(v)); }
};

template <class C>
struct Columns {
  using V = Vec<C>;
  int lanes;
  int64_t n;
  int64_t step;

  template <class F>
  ADJOINT_ALWAYS_INLINE void each(const F& f) const {
    for (int64_t i = 0; i < n; ++i) f(i * step, lanes);
  }
  ADJOINT_ALWAYS_INLINE V guard(V v, int, C) const { return v; }
  template <class S>
  ADJOINT_ALWAYS_INLINE V max(const S* p) const {
    V m(C(-__builtin_inf()));
    each([&](int64_t at, int count) { m = larger(load<C>(p + at, count), m); });
    return m;
  }
  ADJOINT_ALWAYS_INLINE V add_lanes(V v) const { return v; }
};

/// A dense tensor as [outer, n, inner], of lines of n.
struct LineShape {
  int64_t outer = 1, n = 1, inner = 1;
  LineShape(const TensorImpl& t, int64_t dim) {
    for (int64_t d = 0; d < t.dim(); ++d) {
      (d < dim ? outer : d == dim ? n : inner) *= t.sizes()[size_t(d)];
    }
  }
};

/// f(row, offset of its first element, offset of its result): for lines that are rows.
template <class C, class F>
void for_each_row_line(const LineShape& s, const F& f) {
  parallel_for(0, s.outer, kCostlyGrain / (s.n + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) f(Row<C>{s.n}, o * s.n, o);
  });
}

/// f(line, offset of its first element, offset of its result) for every line along `dim`.
template <class C, class F>
void for_each_line(const Tensor& shaped, int64_t dim, const F& f) {
  const LineShape s(*shaped.impl(), dim);
  const int64_t n = s.n, inner = s.inner;
  if (inner == 1) return for_each_row_line<C>(s, f);
  constexpr int64_t size = Vec<C>::size;
  int64_t blocks = (inner + size - 1) / size;
  parallel_for(0, s.outer * blocks, kCostlyGrain / (size * (n + 1)) + 1,
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   int64_t o = i / blocks, first = i % blocks * size;
                   int lanes = inner - first < size ? int(inner - first) : int(size);
                   f(Columns<C>{lanes, n, inner}, o * n * inner + first, o * inner + first);
                 }
               });
}

// Note [Strips of columns]
// A line of columns is one register wide. Walking down a matrix it reads a line of memory of every
// row, which the prefetchers do not follow, and where rows are a power of two apart these all fall
// into a few sets of the caches, so that a second pass finds nothing there. Strips of many columns
// are walked row by row instead, with what each column sums up in the nearest cache; a column's
// terms come in the same order. The gradient of softmax along the columns of 2048 x 2048 floats
// takes 5 ms so, and 15 ms by lines.
inline constexpr int64_t kStrip = 1024;

/// f(number of columns, offset of the first one's first element) for strips of all columns.
template <class C, class F>
void for_each_strip(const LineShape& s, const F& f) {
  constexpr int64_t size = Vec<C>::size;
  const int64_t blocks = (s.inner + size - 1) / size;
  parallel_for(0, s.outer * blocks, kCostlyGrain / (size * (s.n + 1)) + 1,
               [&](int64_t begin, int64_t end) {
                 while (begin < end) {
                   const int64_t o = begin / blocks, block = begin % blocks;
                   int64_t last = block + (end - begin);
                   last = last < blocks ? last : blocks;
                   last = last < block + kStrip / size ? last : block + kStrip / size;
                   const int64_t columns = (last < blocks ? last * size : s.inner) - block * size;
                   f(columns, o * s.n * s.inner + block * size);
                   begin += last - block;
                 }
               });
}

/// f(offset in a row, lanes) for a row of so many columns.
template <class C, class F>
ADJOINT_ALWAYS_INLINE void for_each_vector(int64_t columns, const F& f) {
  Row<C>{columns}.each(f);
}

/// The sum of each column of a strip of n rows, `step` apart: of term(offset, lanes).
template <class C, class F>
ADJOINT_ALWAYS_INLINE void add_rows(int64_t n, int64_t step, int64_t columns, C* sums,
                                    const F& term) {
  constexpr int64_t kTogether = 4;
  for (int64_t row = 0; row < n; row += kTogether) {
    const int64_t rows = n - row < kTogether ? n - row : kTogether;
    for_each_vector<C>(columns, [&](int64_t i, int lanes) {
      Vec<C> sum = row == 0 ? Vec<C>(C(0)) : Vec<C>::load(sums + i);
      if (rows == kTogether) {
        for (int64_t r = 0; r < kTogether; ++r) sum += term((row + r) * step + i, lanes);
      } else {
        for (int64_t r = 0; r < rows; ++r) sum += term((row + r) * step + i, lanes);
      }
      sum.store(sums + i);
    });
  }
}

template <class S>
const S* elements(const Tensor& t) {
  return static_cast<const S*>(t.impl()->data());
}
template <class S>
S* outputs(const Tensor& t) {
  return static_cast<S*>(t.impl()->data());
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
