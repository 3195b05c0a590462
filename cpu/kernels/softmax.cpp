// SPDX-License-Identifier: MIT
// softmax, log_softmax and logsumexp, a line at a time.
#include "adjoint/op_registry.h"
#include "cpu/lines.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

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
    const auto term = [&](int64_t at, int lanes) {
      V dy = load<C>(grads + at, lanes);
      return kLog ? dy : dy * load<C>(results + at, lanes);
    };
    const auto write = [&](int64_t at, int lanes, V sum) {
      V dy = load<C>(grads + at, lanes), y = load<C>(results + at, lanes);
      store(kLog ? dy - exp(y) * sum : (dy - sum) * y, to + at, lanes);
    };
    const LineShape s(*out.impl(), dim);
    if (s.inner == 1) {
      return for_each_row_line<C>(s, [&](const Row<C>& row, int64_t first, int64_t) {
        V sum(C(0));
        row.each([&](int64_t at, int lanes) { sum += term(first + at, lanes); });
        sum = row.add_lanes(sum);
        row.each([&](int64_t at, int lanes) { write(first + at, lanes, sum); });
      });
    }
    for_each_strip<C>(s, [&](int64_t columns, int64_t first) {
      alignas(64) C sums[kStrip];
      add_rows(s.n, s.inner, columns, sums,
               [&](int64_t at, int lanes) { return term(first + at, lanes); });
      for (int64_t row = 0; row < s.n; ++row) {
        for_each_vector<C>(columns, [&](int64_t i, int lanes) {
          write(first + row * s.inner + i, lanes, V::load(sums + i));
        });
      }
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
