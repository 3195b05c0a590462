// SPDX-License-Identifier: MIT
// Scans along a dimension. Where lines lie across memory, as many neighbouring ones as fill a
// register are walked at once.
#include "core/math/scan.h"

#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "cpu/loops.h"
#include "cpu/parallel.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

/// Elements are accumulated wider than they are stored.
template <class S>
struct Accumulated {
  using type = opmath_t<S>;
};
template <>
struct Accumulated<float> {
  using type = double;
};

template <class S>
inline constexpr bool is_half = __is_same(S, Half) || __is_same(S, BFloat16);

constexpr int kLanes = Vec<float>::size;

template <class C, class S>
ADJOINT_ALWAYS_INLINE void read(C* to, const S* from, int n) {
  if constexpr (is_half<S>) {
    n == kLanes ? Vec<float>::load(from).store(to) : Vec<float>::load(from, n).store(to, n);
  } else {
    for (int k = 0; k < n; ++k) to[k] = C(from[k]);
  }
}
template <class C, class S>
ADJOINT_ALWAYS_INLINE void write(const C* from, S* to, int n) {
  if constexpr (is_half<S>) {
    n == kLanes ? Vec<float>::load(from).store(to) : Vec<float>::load(from, n).store(to, n);
  } else {
    for (int k = 0; k < n; ++k) to[k] = S(from[k]);
  }
}

/// The lines of a dense tensor.
struct Lines {
  int64_t outer = 1, n, inner = 1;
  bool reverse;

  Lines(const Tensor& t, int64_t dim, bool from_the_end)
      : n(t.impl()->sizes()[size_t(dim)]), reverse(from_the_end) {
    for (int64_t d = 0; d < t.impl()->dim(); ++d) {
      if (d < dim) outer *= t.impl()->sizes()[size_t(d)];
      if (d > dim) inner *= t.impl()->sizes()[size_t(d)];
    }
  }
  /// f(offset of the first element in the walk's direction, step, lanes): lanes neighbouring lines.
  template <class F>
  void each(const F& f) const {
    const int64_t blocks = (inner + kLanes - 1) / kLanes, work = n * kLanes;
    parallel_for(0, outer * blocks, kGrainSize / (work + 1) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i % blocks * kLanes;
        const int64_t lanes = inner - first < kLanes ? inner - first : kLanes;
        const int64_t start = i / blocks * n * inner + first;
        f(reverse ? start + (n - 1) * inner : start, reverse ? -inner : inner, int(lanes));
      }
    });
  }
};

/// Lines that are rows: several at once, as each element of one waits for the element before it.
template <int Rows, class S, class Step>
ADJOINT_ALWAYS_INLINE void scan_rows(const S* in, S* to, int64_t n, bool reverse,
                                     const Step& step) {
  using C = typename Accumulated<S>::type;
  const int64_t along = reverse ? -1 : 1;
  int64_t at = reverse ? n - 1 : 0;
  C so_far[Rows];
  for (int r = 0; r < Rows; ++r) {
    so_far[r] = C(in[r * n + at]);
    to[r * n + at] = in[r * n + at];
  }
  for (int64_t i = 1; i < n; ++i) {
    at += along;
    for (int r = 0; r < Rows; ++r) {
      so_far[r] = step(so_far[r], C(in[r * n + at]));
      to[r * n + at] = S(so_far[r]);
    }
  }
}

template <class S, class Step>
void scan_typed(const Tensor& out, const Tensor& self, const Lines& lines, const Step& step) {
  using C = typename Accumulated<S>::type;
  const S* const in = static_cast<const S*>(self.impl()->data());
  S* const to = static_cast<S*>(out.impl()->data());
  if constexpr (!is_half<S>) {
    if (lines.inner == 1) {
      constexpr int kRows = 2;  // more rows, at a stride of a power of two, meet in one cache set
      const int64_t n = lines.n;
      parallel_for(0, lines.outer, kGrainSize / (n + 1) / kRows * kRows + kRows,
                   [&](int64_t begin, int64_t end) {
                     int64_t r = begin;
                     for (; r + kRows <= end; r += kRows) {
                       scan_rows<kRows>(in + r * n, to + r * n, n, lines.reverse, step);
                     }
                     for (; r < end; ++r) {
                       scan_rows<1>(in + r * n, to + r * n, n, lines.reverse, step);
                     }
                   });
      return;
    }
  }
  lines.each([&](int64_t at, int64_t along, int lanes) {
    C so_far[kLanes], x[kLanes];
    read(so_far, in + at, lanes);
    write(so_far, to + at, lanes);
    for (int64_t i = 1; i < lines.n; ++i) {
      at += along;
      read(x, in + at, lanes);
      for (int k = 0; k < lanes; ++k) so_far[k] = step(so_far[k], x[k]);
      write(so_far, to + at, lanes);
    }
  });
}

template <class Step>
void sum_kernel(const Stream&, const Tensor& out, const Tensor& self, int64_t dim, bool reverse) {
  dispatch<float, double, int64_t, Half, BFloat16>(out.impl()->dtype(), [&]<class S>() {
    scan_typed<S>(out, self, Lines(out, dim, reverse), Step{});
  });
}

void logcumsumexp_kernel(const Stream&, const Tensor& out, const Tensor& self, int64_t dim,
                         bool reverse) {
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    scan_typed<S>(out, self, Lines(out, dim, reverse), math::RunningLogSum{});
  });
}

template <class S>
void recurrence_typed(const Tensor& out, const Tensor& x, const Tensor& a, const Lines& lines) {
  using C = typename Accumulated<S>::type;
  const S* const in = static_cast<const S*>(x.impl()->data());
  const S* const factors = static_cast<const S*>(a.impl()->data());
  S* const to = static_cast<S*>(out.impl()->data());
  lines.each([&](int64_t at, int64_t along, int lanes) {
    C so_far[kLanes], next[kLanes], factor[kLanes];
    read(so_far, in + at, lanes);
    write(so_far, to + at, lanes);
    for (int64_t i = 1; i < lines.n; ++i) {
      at += along;
      read(next, in + at, lanes);
      read(factor, factors + at, lanes);
      for (int k = 0; k < lanes; ++k) so_far[k] = next[k] + factor[k] * so_far[k];
      write(so_far, to + at, lanes);
    }
  });
}

void recurrence_kernel(const Stream&, const Tensor& out, const Tensor& x, const Tensor& a,
                       int64_t dim, bool reverse) {
  dispatch_floating(out.impl()->dtype(),
                    [&]<class S>() { recurrence_typed<S>(out, x, a, Lines(out, dim, reverse)); });
}

template <class S, class Overtakes>
void extremum_typed(const Tensor& values, const Tensor& indices, const Tensor& self,
                    const Lines& lines, const Overtakes& overtakes) {
  using C = opmath_t<S>;
  const S* const in = static_cast<const S*>(self.impl()->data());
  S* const to = static_cast<S*>(values.impl()->data());
  int64_t* const places = static_cast<int64_t*>(indices.impl()->data());
  lines.each([&](int64_t at, int64_t along, int lanes) {
    C best[kLanes], x[kLanes];
    int64_t place[kLanes] = {};
    read(best, in + at, lanes);
    for (int64_t i = 0; i < lines.n; ++i, at += along) {
      read(x, in + at, lanes);
      for (int k = 0; k < lanes; ++k) {
        if (!overtakes(x[k], best[k])) continue;
        best[k] = x[k];
        place[k] = i;
      }
      write(best, to + at, lanes);
      write(place, places + at, lanes);
    }
  });
}

template <bool largest>
void extremum_kernel(const Stream&, const Tensor& values, const Tensor& indices, const Tensor& self,
                     int64_t dim) {
  dispatch_all(self.impl()->dtype(), [&]<class S>() {
    extremum_typed<S>(values, indices, self, Lines(self, dim, false), math::Overtakes<largest>{});
  });
}

}  // namespace

void register_scan_kernels(OpRegistry& registry) {
  registry.set_kernel("cumsum", kCPU, sum_kernel<math::RunningSum>);
  registry.set_kernel("cumprod", kCPU, sum_kernel<math::RunningProduct>);
  registry.set_kernel("logcumsumexp", kCPU, logcumsumexp_kernel);
  registry.set_kernel("linear_recurrence", kCPU, recurrence_kernel);
  registry.set_kernel("cummax", kCPU, extremum_kernel<true>);
  registry.set_kernel("cummin", kCPU, extremum_kernel<false>);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
