// SPDX-License-Identifier: MIT
// layer_norm by rows.
#include "adjoint/op_registry.h"
#include "core/dispatch/grad_write.h"
#include "cpu/kernels/normalization.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

using namespace normalization;

template <class T, class S>
void layer_norm(const Tensor& out, const Tensor& mean, const Tensor& rstd, const Tensor& input,
                const Tensor& weight, const Tensor& bias, double eps) {
  const int64_t rows = mean.impl()->numel(), n = input.impl()->numel() / rows;
  const S* x = data_of<S>(input);
  const S *w = data_of<S>(weight), *b = data_of<S>(bias);
  S* y = data_of<S>(out);
  T *means = data_of<T>(mean), *rstds = data_of<T>(rstd);
  parallel_for(0, rows, max(1, kGrainSize / n), [&](int64_t begin, int64_t end) {
    using V = Vec<T>;
    for (int64_t r = begin; r < end; ++r) {
      const Span<const S> row{x + r * n, n};
      const Span<S> to{y + r * n, n};
      const T m = sum<T>(row) / T(n);
      const T s = inverse_root<T>(double(sum_of_squares<T>(row, m)) / double(n), eps);
      means[r] = m;
      rstds[r] = s;
      for_vectors<T>(n, [&](int64_t i, int lanes) {
        V h = (row.template load<T>(i, lanes) - V(m)) * V(s);
        if (w) h = h * Span<const S>{w, n}.template load<T>(i, lanes);
        if (b) h = h + Span<const S>{b, n}.template load<T>(i, lanes);
        to.template store<T>(i, lanes, h, false);
      });
    }
  });
}

template <class T, class S>
void layer_norm_backward(const Tensor& grad_input, const Tensor& grad_weight,
                         const Tensor& grad_bias, const Tensor& grad, const Tensor& input,
                         const Tensor& mean, const Tensor& rstd, const Tensor& weight,
                         GradWrite write) {
  using V = Vec<T>;
  const Tensor& any = grad_weight.defined() ? grad_weight : grad_bias;
  const int64_t rows = mean.impl()->numel();
  const int64_t n = rows != 0       ? input.impl()->numel() / rows
                    : any.defined() ? any.impl()->numel()
                                    : 0;
  const S *x = data_of<S>(input), *g = data_of<S>(grad), *w = data_of<S>(weight);
  S *dx = data_of<S>(grad_input), *dw = data_of<S>(grad_weight), *db = data_of<S>(grad_bias);
  const T *means = data_of<T>(mean), *rstds = data_of<T>(rstd);
  const bool add = write == GradWrite::Accumulate;
  if (n == 0) return;
  if (dx) {
    parallel_for(0, rows, max(1, kGrainSize / n), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const Span<const S> row{x + r * n, n}, from{g + r * n, n}, scale{w, n};
        const Span<S> to{dx + r * n, n};
        const V m(means[r]), s(rstds[r]);
        auto scaled = [&](int64_t i, int lanes) {
          V v = from.template load<T>(i, lanes);
          return w ? v * scale.template load<T>(i, lanes) : v;
        };
        V sum_g(T(0)), sum_gh(T(0));
        for_vectors<T>(n, [&](int64_t i, int lanes) {
          V v = scaled(i, lanes), h = (row.template load<T>(i, lanes) - m) * s;
          sum_g += v;
          sum_gh = fma(v, first_lanes(h, lanes), sum_gh);
        });
        const V mean_g(reduce_add(sum_g) / T(n)), mean_gh(reduce_add(sum_gh) / T(n));
        for_vectors<T>(n, [&](int64_t i, int lanes) {
          V h = (row.template load<T>(i, lanes) - m) * s;
          to.template store<T>(i, lanes, s * (scaled(i, lanes) - mean_g - h * mean_gh), add);
        });
      }
    });
  }
  if (!dw && !db) return;
  for_columns<2>(rows, n, [&](int64_t begin, int64_t end, double* totals) {
    const int64_t columns = end - begin;
    sum_rows<T, 2>(rows, columns, totals, [&](int64_t r, int64_t i, int lanes, V* sums) {
      const int64_t at = r * n + begin;
      V value = Span<const S>{g + at, columns}.template load<T>(i, lanes);
      V h = (Span<const S>{x + at, columns}.template load<T>(i, lanes) - V(means[r])) * V(rstds[r]);
      sums[0] += value;
      sums[1] = fma(value, h, sums[1]);
    });
    for (int64_t i = 0; i < columns; ++i) {
      if (db) put(db + begin + i, T(totals[i]), add);
      if (dw) put(dw + begin + i, T(totals[columns + i]), add);
    }
  });
}

void layer_norm_kernel(const Stream&, const Tensor& out, const Tensor& mean, const Tensor& rstd,
                       const Tensor& input, const Tensor& weight, const Tensor& bias, double eps) {
  with_dtypes(input.impl()->dtype(), [&](auto t, auto s) {
    layer_norm<decltype(t), decltype(s)>(out, mean, rstd, input, weight, bias, eps);
  });
}
void layer_norm_backward_kernel(const Stream&, const Tensor& grad_input, const Tensor& grad_weight,
                                const Tensor& grad_bias, const Tensor& grad, const Tensor& input,
                                const Tensor& mean, const Tensor& rstd, const Tensor& weight,
                                GradWrite write) {
  with_dtypes(input.impl()->dtype(), [&](auto t, auto s) {
    layer_norm_backward<decltype(t), decltype(s)>(grad_input, grad_weight, grad_bias, grad, input,
                                                  mean, rstd, weight, write);
  });
}

}  // namespace

void register_layer_norm_kernels(OpRegistry& registry) {
  registry.set_kernel("layer_norm", kCPU, layer_norm_kernel);
  registry.set_kernel("layer_norm_backward", kCPU, layer_norm_backward_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
