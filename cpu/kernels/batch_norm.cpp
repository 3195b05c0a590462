// SPDX-License-Identifier: MIT
// batch_norm by channels: spans of [n, c, l], or columns of [n, c].
#include "adjoint/op_registry.h"
#include "core/dispatch/grad_write.h"
#include "cpu/kernels/normalization.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

using namespace normalization;

/// One element a row and channel: channels are columns of [n, c].
template <class T, class S>
void batch_norm_columns(const Tensor& out, const Tensor& mean, const Tensor& rstd,
                        const Tensor& input, const Tensor& weight, const Tensor& bias,
                        const Tensor& running_mean, const Tensor& running_var, bool training,
                        double momentum, double eps) {
  using V = Vec<T>;
  const int64_t n = input.impl()->sizes()[0], c = input.impl()->sizes()[1];
  const S *x = data_of<S>(input), *w = data_of<S>(weight), *b = data_of<S>(bias);
  S* y = data_of<S>(out);
  T *means = data_of<T>(mean), *rstds = data_of<T>(rstd);
  T *now_mean = data_of<T>(running_mean), *now_var = data_of<T>(running_var);
  for_columns<1>(n, c, [&](int64_t begin, int64_t end, double* totals) {
    const int64_t columns = end - begin;
    auto at = [&](int64_t r) { return Span<const S>{x + r * c + begin, columns}; };
    if (training) {
      sum_rows<T, 1>(n, columns, totals, [&](int64_t r, int64_t i, int lanes, V* sums) {
        sums[0] += at(r).template load<T>(i, lanes);
      });
      for (int64_t i = 0; i < columns; ++i) means[begin + i] = T(totals[i] / double(n));
      const Span<const T> centre{means + begin, columns};
      sum_rows<T, 1>(n, columns, totals, [&](int64_t r, int64_t i, int lanes, V* sums) {
        V d = at(r).template load<T>(i, lanes) - centre.template load<T>(i, lanes);
        sums[0] = fma(d, d, sums[0]);
      });
    }
    for (int64_t i = 0; i < columns; ++i) {
      const int64_t k = begin + i;
      if (!training) {
        means[k] = now_mean[k];
        rstds[k] = inverse_root<T>(double(now_var[k]), eps);
        continue;
      }
      rstds[k] = inverse_root<T>(totals[i] / double(n), eps);
      if (!now_mean) continue;
      now_mean[k] = T((1 - momentum) * double(now_mean[k]) + momentum * double(means[k]));
      now_var[k] = T((1 - momentum) * double(now_var[k]) + momentum * (totals[i] / double(n - 1)));
    }
  });
  parallel_for(0, n, max(1, kGrainSize / max(1, c)), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      for_vectors<T>(c, [&](int64_t i, int lanes) {
        auto of = [&](const T* p) { return Span<const T>{p, c}.template load<T>(i, lanes); };
        V h = Span<const S>{x + r * c, c}.template load<T>(i, lanes);
        h = (h - of(means)) * of(rstds);
        if (w) h = h * Span<const S>{w, c}.template load<T>(i, lanes);
        if (b) h = h + Span<const S>{b, c}.template load<T>(i, lanes);
        Span<S>{y + r * c, c}.template store<T>(i, lanes, h, false);
      });
    }
  });
}

template <class T, class S>
void batch_norm_columns_backward(const Tensor& grad_input, const Tensor& grad_weight,
                                 const Tensor& grad_bias, const Tensor& grad, const Tensor& input,
                                 const Tensor& mean, const Tensor& rstd, const Tensor& weight,
                                 bool training, bool add) {
  using V = Vec<T>;
  const int64_t n = input.impl()->sizes()[0], c = input.impl()->sizes()[1];
  const S *x = data_of<S>(input), *g = data_of<S>(grad), *w = data_of<S>(weight);
  S *dx = data_of<S>(grad_input), *dw = data_of<S>(grad_weight), *db = data_of<S>(grad_bias);
  const T *means = data_of<T>(mean), *rstds = data_of<T>(rstd);
  for_columns<5>(n, c, [&](int64_t begin, int64_t end, double* totals) {
    const int64_t columns = end - begin;
    auto of = [&](const T* p, int64_t i, int lanes) {
      return Span<const T>{p + begin, columns}.template load<T>(i, lanes);
    };
    auto normalized = [&](int64_t r, int64_t i, int lanes) {
      V v = Span<const S>{x + r * c + begin, columns}.template load<T>(i, lanes);
      return (v - of(means, i, lanes)) * of(rstds, i, lanes);
    };
    sum_rows<T, 2>(n, columns, totals, [&](int64_t r, int64_t i, int lanes, V* sums) {
      V v = Span<const S>{g + r * c + begin, columns}.template load<T>(i, lanes);
      sums[0] += v;
      sums[1] = fma(v, normalized(r, i, lanes), sums[1]);
    });
    for (int64_t i = 0; i < columns; ++i) {
      if (db) put(db + begin + i, T(totals[i]), add);
      if (dw) put(dw + begin + i, T(totals[columns + i]), add);
    }
    if (!dx) return;
    // What the rows need of each column.
    T* scales = reinterpret_cast<T*>(totals + 2 * columns);
    for (int64_t i = 0; i < columns; ++i) {
      scales[i] = T((w ? double(read<T>(w + begin + i)) : 1.0) * double(rstds[begin + i]));
      scales[columns + i] = training ? T(totals[i] / double(n)) : T(0);
      scales[2 * columns + i] = training ? T(totals[columns + i] / double(n)) : T(0);
    }
    for (int64_t r = 0; r < n; ++r) {
      const Span<S> to{dx + r * c + begin, columns};
      for_vectors<T>(columns, [&](int64_t i, int lanes) {
        auto kept = [&](int64_t k) {
          return Span<const T>{scales + k * columns, columns}.template load<T>(i, lanes);
        };
        V d = Span<const S>{g + r * c + begin, columns}.template load<T>(i, lanes);
        if (training) d = d - kept(1) - normalized(r, i, lanes) * kept(2);
        to.template store<T>(i, lanes, d * kept(0), add);
      });
    }
  });
}

/// The elements of a channel of a dense [n, c, l]: `count` spans.
struct Channels {
  int64_t n, c, l;
  explicit Channels(const TensorImpl& t)
      : n(t.sizes()[0]), c(t.sizes()[1]), l(n * c == 0 ? 0 : t.numel() / (n * c)) {}
  int64_t values() const { return n * l; }
  int64_t count() const { return n; }
  int64_t grain() const { return max(1, kGrainSize / max(1, values())); }
  template <class S>
  Span<S> span(S* data, int64_t channel, int64_t i) const {
    return {data + (i * c + channel) * l, l};
  }
};

template <class T, class S>
void batch_norm(const Tensor& out, const Tensor& mean, const Tensor& rstd, const Tensor& input,
                const Tensor& weight, const Tensor& bias, const Tensor& running_mean,
                const Tensor& running_var, bool training, double momentum, double eps) {
  const Channels channels(*input.impl());
  if (channels.l == 1) {
    return batch_norm_columns<T, S>(out, mean, rstd, input, weight, bias, running_mean, running_var,
                                    training, momentum, eps);
  }
  const S *x = data_of<S>(input), *w = data_of<S>(weight), *b = data_of<S>(bias);
  S* y = data_of<S>(out);
  T *means = data_of<T>(mean), *rstds = data_of<T>(rstd);
  T *now_mean = data_of<T>(running_mean), *now_var = data_of<T>(running_var);
  parallel_for(0, channels.c, channels.grain(), [&](int64_t begin, int64_t end) {
    using V = Vec<T>;
    for (int64_t c = begin; c < end; ++c) {
      if (training) {
        // Sums of whole channels are long: those of the spans are added in double.
        const double n = double(channels.values());
        double total = 0, squares = 0;
        for (int64_t i = 0; i < channels.count(); ++i)
          total += double(sum<T>(channels.span(x, c, i)));
        const T m = T(total / n);
        for (int64_t i = 0; i < channels.count(); ++i) {
          squares += double(sum_of_squares<T>(channels.span(x, c, i), m));
        }
        means[c] = m;
        rstds[c] = inverse_root<T>(squares / n, eps);
        if (now_mean) {
          now_mean[c] = T((1 - momentum) * double(now_mean[c]) + momentum * double(m));
          now_var[c] = T((1 - momentum) * double(now_var[c]) + momentum * (squares / (n - 1)));
        }
      } else {
        means[c] = now_mean[c];
        rstds[c] = inverse_root<T>(double(now_var[c]), eps);
      }
      const V m(means[c]), s(rstds[c]), scale(w ? read<T>(w + c) : T(1)),
          shift(b ? read<T>(b + c) : T(0));
      for (int64_t i = 0; i < channels.count(); ++i) {
        const Span<const S> from = channels.span(x, c, i);
        const Span<S> to = channels.span(y, c, i);
        for_vectors<T>(from.n, [&](int64_t j, int lanes) {
          V h = (from.template load<T>(j, lanes) - m) * s;
          to.template store<T>(j, lanes, h * scale + shift, false);
        });
      }
    }
  });
}

template <class T, class S>
void batch_norm_backward(const Tensor& grad_input, const Tensor& grad_weight,
                         const Tensor& grad_bias, const Tensor& grad, const Tensor& input,
                         const Tensor& mean, const Tensor& rstd, const Tensor& weight,
                         bool training, GradWrite write) {
  const Channels channels(*input.impl());
  if (channels.l == 1) {
    return batch_norm_columns_backward<T, S>(grad_input, grad_weight, grad_bias, grad, input, mean,
                                             rstd, weight, training,
                                             write == GradWrite::Accumulate);
  }
  const S *x = data_of<S>(input), *g = data_of<S>(grad), *w = data_of<S>(weight);
  S *dx = data_of<S>(grad_input), *dw = data_of<S>(grad_weight), *db = data_of<S>(grad_bias);
  const T *means = data_of<T>(mean), *rstds = data_of<T>(rstd);
  const bool add = write == GradWrite::Accumulate;
  parallel_for(0, channels.c, channels.grain(), [&](int64_t begin, int64_t end) {
    using V = Vec<T>;
    for (int64_t c = begin; c < end; ++c) {
      const V m(means[c]), s(rstds[c]);
      double total = 0, products = 0;
      for (int64_t i = 0; i < channels.count(); ++i) {
        const Span<const S> from = channels.span(x, c, i), grads = channels.span(g, c, i);
        V sum_g(T(0)), sum_gh(T(0));
        for_vectors<T>(from.n, [&](int64_t j, int lanes) {
          V v = grads.template load<T>(j, lanes);
          V h = (from.template load<T>(j, lanes) - m) * s;
          sum_g += v;
          sum_gh = fma(v, first_lanes(h, lanes), sum_gh);
        });
        total += double(reduce_add(sum_g));
        products += double(reduce_add(sum_gh));
      }
      if (dw) put(dw + c, T(products), add);
      if (db) put(db + c, T(total), add);
      if (!dx) continue;
      const double n = double(channels.values());
      const V scale(T((w ? double(read<T>(w + c)) : 1.0) * double(rstds[c])));
      const V mean_g(training ? T(total / n) : T(0)), mean_gh(training ? T(products / n) : T(0));
      for (int64_t i = 0; i < channels.count(); ++i) {
        const Span<const S> from = channels.span(x, c, i), grads = channels.span(g, c, i);
        const Span<S> to = channels.span(dx, c, i);
        for_vectors<T>(from.n, [&](int64_t j, int lanes) {
          V d = grads.template load<T>(j, lanes);
          if (training) {
            V h = (from.template load<T>(j, lanes) - m) * s;
            d = d - mean_g - h * mean_gh;
          }
          to.template store<T>(j, lanes, d * scale, add);
        });
      }
    }
  });
}

void batch_norm_kernel(const Stream&, const Tensor& out, const Tensor& mean, const Tensor& rstd,
                       const Tensor& input, const Tensor& weight, const Tensor& bias,
                       const Tensor& running_mean, const Tensor& running_var, bool training,
                       double momentum, double eps) {
  with_dtypes(input.impl()->dtype(), [&](auto t, auto s) {
    batch_norm<decltype(t), decltype(s)>(out, mean, rstd, input, weight, bias, running_mean,
                                         running_var, training, momentum, eps);
  });
}
void batch_norm_backward_kernel(const Stream&, const Tensor& grad_input, const Tensor& grad_weight,
                                const Tensor& grad_bias, const Tensor& grad, const Tensor& input,
                                const Tensor& mean, const Tensor& rstd, const Tensor& weight,
                                bool training, GradWrite write) {
  with_dtypes(input.impl()->dtype(), [&](auto t, auto s) {
    batch_norm_backward<decltype(t), decltype(s)>(grad_input, grad_weight, grad_bias, grad, input,
                                                  mean, rstd, weight, training, write);
  });
}

}  // namespace

void register_batch_norm_kernels(OpRegistry& registry) {
  registry.set_kernel("batch_norm", kCPU, batch_norm_kernel);
  registry.set_kernel("batch_norm_backward", kCPU, batch_norm_backward_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
