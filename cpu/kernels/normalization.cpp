// SPDX-License-Identifier: MIT
// layer_norm by rows and batch_norm by channels. Rows, channels and columns of the weight's
// gradient are each computed by one thread, so results are the same for any number of threads.
#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "core/dispatch/grad_write.h"
#include "cpu/parallel.h"
#include "cpu/scratch.h"
#include "cpu/vec.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

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
/// K sums for each column of [rows, columns]: f(row, column, lanes, sums) adds to them. Blocks of
/// rows are walked column by column; their sums are added up in double, in totals[k][column].
template <class T, int K, class F>
void sum_rows(int64_t rows, int64_t columns, double* totals, const F& f) {
  using V = Vec<T>;
  constexpr int64_t kBlock = 32;
  for (int64_t i = 0; i < K * columns; ++i) totals[i] = 0;
  for (int64_t first = 0; first < rows; first += kBlock) {
    const int64_t last = first + kBlock < rows ? first + kBlock : rows;
    auto walk = [&]<int Width>(int64_t column, int lanes) __attribute__((always_inline)) {
      V sums[Width][K];
      for (auto& vector : sums) {
        for (V& sum : vector) sum = V(T(0));
      }
      for (int64_t r = first; r < last; ++r) {
        for (int w = 0; w < Width; ++w) f(r, column + w * V::size, lanes, sums[w]);
      }
      for (int w = 0; w < Width; ++w) {
        for (int k = 0; k < K; ++k) {
          double* to = totals + k * columns + column + w * V::size;
          for (int lane = 0; lane < lanes; ++lane) to[lane] += double(sums[w][k].v[lane]);
        }
      }
    };
    int64_t i = 0;
    for (; i + 4 * V::size <= columns; i += 4 * V::size) walk.template operator()<4>(i, V::size);
    for_vectors<T>(columns - i,
                   [&](int64_t at, int lanes) { walk.template operator()<1>(i + at, lanes); });
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

// ---- layer_norm ------------------------------------------------------------------------------

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

// ---- batch_norm ------------------------------------------------------------------------------

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

// ---- by dtype ----------------------------------------------------------------------------------

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

void register_normalization_kernels(OpRegistry& registry) {
  registry.set_kernel("layer_norm", kCPU, layer_norm_kernel);
  registry.set_kernel("layer_norm_backward", kCPU, layer_norm_backward_kernel);
  registry.set_kernel("batch_norm", kCPU, batch_norm_kernel);
  registry.set_kernel("batch_norm_backward", kCPU, batch_norm_backward_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
