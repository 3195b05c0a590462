// SPDX-License-Identifier: MIT
// softmax, log_softmax and logsumexp, a line at a time.
//
// A line is a row, whose elements lie side by side, or else as many neighbouring columns as fill a
// register. Both run the same formulas; only for a row are the lanes folded into one.
#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "cpu/parallel.h"
#include "cpu/reduce.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

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

/// f(line, offset of its first element, offset of its result) for every line along `dim`.
template <class C, class F>
void for_each_line(const Tensor& shaped, int64_t dim, const F& f) {
  const TensorImpl& t = *shaped.impl();
  int64_t outer = 1, n = 1, inner = 1;
  for (int64_t d = 0; d < t.dim(); ++d) {
    (d < dim ? outer : d == dim ? n : inner) *= t.sizes()[size_t(d)];
  }
  if (inner == 1) {
    parallel_for(0, outer, kCostlyGrain / (n + 1) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o) f(Row<C>{n}, o * n, o);
    });
    return;
  }
  constexpr int64_t size = Vec<C>::size;
  int64_t blocks = (inner + size - 1) / size;
  parallel_for(0, outer * blocks, kCostlyGrain / (size * (n + 1)) + 1,
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   int64_t o = i / blocks, first = i % blocks * size;
                   int lanes = inner - first < size ? int(inner - first) : int(size);
                   f(Columns<C>{lanes, n, inner}, o * n * inner + first, o * inner + first);
                 }
               });
}

template <class S>
const S* elements(const Tensor& t) {
  return static_cast<const S*>(t.impl()->data());
}
template <class S>
S* outputs(const Tensor& t) {
  return static_cast<S*>(t.impl()->data());
}

template <class S, class Line>
ADJOINT_ALWAYS_INLINE void softmax_line(const Line& line, const S* in, S* out) {
  using C = opmath_t<S>;
  using V = Vec<C>;
  // 16 bits are too few to keep the exponentials in: they are computed again.
  constexpr bool keep = __is_same(S, C);
  const V m = line.max(in);
  V sum(C(0));
  line.each([&](int64_t at, int lanes) {
    V e = exp(load<C>(in + at, lanes) - m);
    if constexpr (keep) store(e, out + at, lanes);
    sum += line.guard(e, lanes, C(0));
  });
  const V scale = V(C(1)) / line.add_lanes(sum);
  line.each([&](int64_t at, int lanes) {
    V e = keep ? load<C>(out + at, lanes) : exp(load<C>(in + at, lanes) - m);
    store(e * scale, out + at, lanes);
  });
}

template <class S, class Line>
ADJOINT_ALWAYS_INLINE void log_softmax_line(const Line& line, const S* in, S* out) {
  using C = opmath_t<S>;
  using V = Vec<C>;
  const V m = line.max(in);
  V sum(C(0));
  line.each([&](int64_t at, int lanes) {
    sum += line.guard(exp(load<C>(in + at, lanes) - m), lanes, C(0));
  });
  const V log_sum = log(line.add_lanes(sum));
  line.each([&](int64_t at, int lanes) {
    store((load<C>(in + at, lanes) - m) - log_sum, out + at, lanes);
  });
}

void softmax_kernel(const Stream&, const Tensor& out, const Tensor& self, int64_t dim) {
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    const S* in = elements<S>(self);
    S* to = outputs<S>(out);
    for_each_line<opmath_t<S>>(
        self, dim, [&](auto line, int64_t at, int64_t) { softmax_line(line, in + at, to + at); });
  });
}

void log_softmax_kernel(const Stream&, const Tensor& out, const Tensor& self, int64_t dim) {
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    const S* in = elements<S>(self);
    S* to = outputs<S>(out);
    for_each_line<opmath_t<S>>(self, dim, [&](auto line, int64_t at, int64_t) {
      log_softmax_line(line, in + at, to + at);
    });
  });
}

/// (grad - sum(grad y)) y, or grad - exp(y) sum(grad) for log_softmax. Lanes behind a row's end are
/// loaded as zeros, and add nothing.
template <bool kLog>
void softmax_backward_kernel(const Stream&, const Tensor& grad_input, const Tensor& grad,
                             const Tensor& out, int64_t dim) {
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    using C = opmath_t<S>;
    using V = Vec<C>;
    const S *grads = elements<S>(grad), *results = elements<S>(out);
    S* to = outputs<S>(grad_input);
    for_each_line<C>(out, dim, [&](auto line, int64_t first, int64_t) {
      const S *g = grads + first, *y = results + first;
      V sum(C(0));
      line.each([&](int64_t at, int lanes) {
        V dy = load<C>(g + at, lanes);
        sum += kLog ? dy : dy * load<C>(y + at, lanes);
      });
      sum = line.add_lanes(sum);
      line.each([&](int64_t at, int lanes) {
        V dy = load<C>(g + at, lanes), result = load<C>(y + at, lanes);
        store(kLog ? dy - exp(result) * sum : (dy - sum) * result, to + first + at, lanes);
      });
    });
  });
}

void logsumexp_kernel(const Stream&, const Tensor& out, const Tensor& self, int64_t dim) {
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    using C = opmath_t<S>;
    using V = Vec<C>;
    const S* from = elements<S>(self);
    S* to = outputs<S>(out);
    for_each_line<C>(self, dim, [&](auto line, int64_t first, int64_t result) {
      const S* in = from + first;
      V m = line.max(in);
      m = where(abs(m) < V(C(__builtin_inf())), m, V(C(0)));
      V sum(C(0));
      line.each([&](int64_t at, int lanes) {
        sum += line.guard(exp(load<C>(in + at, lanes) - m), lanes, C(0));
      });
      store(m + log(line.add_lanes(sum)), to + result, line.lanes);
    });
  });
}

void logsumexp_backward_kernel(const Stream&, const Tensor& grad_input, const Tensor& grad,
                               const Tensor& self, const Tensor& out, int64_t dim) {
  dispatch_floating(self.impl()->dtype(), [&]<class S>() {
    using C = opmath_t<S>;
    using V = Vec<C>;
    const S *grads = elements<S>(grad), *from = elements<S>(self), *results = elements<S>(out);
    S* to = outputs<S>(grad_input);
    for_each_line<C>(self, dim, [&](auto line, int64_t first, int64_t result) {
      // The lanes of a row's one result: adding zeros spreads it.
      V dy = line.add_lanes(load<C>(grads + result, line.lanes));
      V lse = line.add_lanes(load<C>(results + result, line.lanes));
      line.each([&](int64_t at, int lanes) {
        store(dy * exp(load<C>(from + first + at, lanes) - lse), to + first + at, lanes);
      });
    });
  });
}

}  // namespace

void register_softmax_kernels(OpRegistry& registry) {
  registry.set_kernel("softmax", kCPU, softmax_kernel);
  registry.set_kernel("log_softmax", kCPU, log_softmax_kernel);
  registry.set_kernel("softmax_backward", kCPU, softmax_backward_kernel<false>);
  registry.set_kernel("log_softmax_backward", kCPU, softmax_backward_kernel<true>);
  registry.set_kernel("logsumexp", kCPU, logsumexp_kernel);
  registry.set_kernel("logsumexp_backward", kCPU, logsumexp_backward_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
