// SPDX-License-Identifier: MIT
// softmax, log_softmax and logsumexp: one pass over memory for lines that fit in registers.
#include "adjoint/op_registry.h"
#include "core/math/scalar.h"
#include "cuda/dispatch.h"
#include "cuda/lines.cuh"

namespace adjoint::cuda {
namespace {

template <class S>
__global__ void __launch_bounds__(kLineThreads, 1)
    softmax_lines(const S* in, S* out, const Lines lines, bool log) {
  using C = math::opmath_t<S>;
  SHARED_ARRAY(C, shared, kLineThreads);
  const int64_t line = lines.line();
  const bool inside = line < lines.count;
  const int64_t first = inside ? lines.first(line) : 0;
  C kept[kKept<C>], m, sum;
  sum_exponentials(in + first, lines.inner, inside ? lines.n : 0, lines.threads, log, false, kept,
                   shared, m, sum);
  if (!inside) return;
  const C last = log ? math::log(sum) : C(1) / sum;
  const int part = lines.threads.part(), width = lines.threads.width;
  S* y = out + first;
  each_kept<C>(part, width, lines.n, [&](int k, int64_t i) {
    y[i * lines.inner] = stored_from<S>(log ? kept[k] - last : kept[k] * last);
  });
  each_other<C>(part, width, lines.n, [&](int64_t i) {
    const C x = compute_from<C>(in[first + i * lines.inner]) - m;
    y[i * lines.inner] = stored_from<S>(log ? x - last : math::exp(x) * last);
  });
}

/// (grad - sum(grad y)) y, or grad - exp(y) sum(grad) for log_softmax.
template <class S>
__global__ void __launch_bounds__(kLineThreads, 1)
    softmax_backward_lines(const S* grad, const S* result, S* grad_input, const Lines lines,
                           bool log) {
  using C = math::opmath_t<S>;
  SHARED_ARRAY(C, shared, kLineThreads);
  const int64_t line = lines.line();
  const bool inside = line < lines.count;
  const int64_t first = inside ? lines.first(line) : 0, n = inside ? lines.n : 0;
  const int part = lines.threads.part(), width = lines.threads.width;
  const S *g = grad + first, *y = result + first;
  C gs[kKept<C>], ys[kKept<C>], sum(0);
  each_kept<C>(part, width, n, [&](int k, int64_t i) {
    gs[k] = compute_from<C>(g[i * lines.inner]);
    ys[k] = compute_from<C>(y[i * lines.inner]);
    sum += log ? gs[k] : gs[k] * ys[k];
  });
  each_other<C>(part, width, n, [&](int64_t i) {
    const C dy = compute_from<C>(g[i * lines.inner]);
    sum += log ? dy : dy * compute_from<C>(y[i * lines.inner]);
  });
  sum = lines.threads.combine(sum, Add(), shared);
  auto store = [&](int64_t i, C dy, C value) {
    grad_input[first + i * lines.inner] =
        stored_from<S>(log ? dy - math::exp(value) * sum : (dy - sum) * value);
  };
  each_kept<C>(part, width, n, [&](int k, int64_t i) { store(i, gs[k], ys[k]); });
  each_other<C>(part, width, n, [&](int64_t i) {
    store(i, compute_from<C>(g[i * lines.inner]), compute_from<C>(y[i * lines.inner]));
  });
}

template <class S>
__global__ void __launch_bounds__(kLineThreads, 1)
    logsumexp_lines(const S* in, S* out, const Lines lines) {
  using C = math::opmath_t<S>;
  SHARED_ARRAY(C, shared, kLineThreads);
  const int64_t line = lines.line();
  const bool inside = line < lines.count;
  C kept[kKept<C>], m, sum;
  sum_exponentials(in + (inside ? lines.first(line) : 0), lines.inner, inside ? lines.n : 0,
                   lines.threads, false, true, kept, shared, m, sum);
  if (inside && lines.threads.part() == 0) out[line] = stored_from<S>(m + math::log(sum));
}

template <class S>
__global__ void __launch_bounds__(kLineThreads, 1)
    logsumexp_backward_lines(const S* grad, const S* in, const S* result, S* grad_input,
                             const Lines lines) {
  using C = math::opmath_t<S>;
  const int64_t line = lines.line();
  if (line >= lines.count) return;
  const int64_t first = lines.first(line);
  const C dy = compute_from<C>(grad[line]), lse = compute_from<C>(result[line]);
  for (int64_t i = lines.threads.part(); i < lines.n; i += lines.threads.width) {
    const int64_t at = first + i * lines.inner;
    grad_input[at] = stored_from<S>(dy * math::exp(compute_from<C>(in[at]) - lse));
  }
}

template <bool kLog>
void softmax_kernel(const Stream& stream, const Tensor& out, const Tensor& self, int64_t dim) {
  const Lines lines = Lines::along(self, dim);
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    launch<softmax_lines<S>>(lines.launch_config(stream), elements<S>(self), outputs<S>(out), lines,
                             kLog);
  });
}
template <bool kLog>
void softmax_backward_kernel(const Stream& stream, const Tensor& grad_input, const Tensor& grad,
                             const Tensor& out, int64_t dim) {
  const Lines lines = Lines::along(out, dim);
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    launch<softmax_backward_lines<S>>(lines.launch_config(stream), elements<S>(grad),
                                      elements<S>(out), outputs<S>(grad_input), lines, kLog);
  });
}
void logsumexp_kernel(const Stream& stream, const Tensor& out, const Tensor& self, int64_t dim) {
  const Lines lines = Lines::along(self, dim);
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    launch<logsumexp_lines<S>>(lines.launch_config(stream), elements<S>(self), outputs<S>(out),
                               lines);
  });
}
void logsumexp_backward_kernel(const Stream& stream, const Tensor& grad_input, const Tensor& grad,
                               const Tensor& self, const Tensor& out, int64_t dim) {
  const Lines lines = Lines::along(self, dim);
  dispatch_floating(self.impl()->dtype(), [&]<class S>() {
    launch<logsumexp_backward_lines<S>>(lines.launch_config(stream), elements<S>(grad),
                                        elements<S>(self), elements<S>(out), outputs<S>(grad_input),
                                        lines);
  });
}

}  // namespace

void register_softmax_kernels(OpRegistry& registry) {
  registry.set_kernel("softmax", kCUDA, softmax_kernel<false>);
  registry.set_kernel("log_softmax", kCUDA, softmax_kernel<true>);
  registry.set_kernel("softmax_backward", kCUDA, softmax_backward_kernel<false>);
  registry.set_kernel("log_softmax_backward", kCUDA, softmax_backward_kernel<true>);
  registry.set_kernel("logsumexp", kCUDA, logsumexp_kernel);
  registry.set_kernel("logsumexp_backward", kCUDA, logsumexp_backward_kernel);
}

}  // namespace adjoint::cuda
