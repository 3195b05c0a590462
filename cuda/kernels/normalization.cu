// SPDX-License-Identifier: MIT
// layer_norm by rows and batch_norm by channels, each direction in one launch. See
// core/ops/normalization.cpp for the formulas.
#include "adjoint/op_registry.h"
#include "core/dispatch/grad_write.h"
#include "core/math/scalar.h"
#include "cuda/dispatch.h"
#include "cuda/lines.cuh"
#include "cuda/scratch.h"

namespace adjoint::cuda {
namespace {

template <class S, class C>
__device__ __forceinline__ void put(S* p, C value, bool add) {
  *p = stored_from<S>(add ? compute_from<C>(*p) + value : value);
}
/// A parameter that may be undefined.
template <class C, class S>
__device__ __forceinline__ C value_or(const S* p, int64_t i, C otherwise) {
  return p ? compute_from<C>(p[i]) : otherwise;
}
/// The sums of g and of g h.
template <class C>
struct GradSums {
  static constexpr std::tuple<> kernel_pointers{};
  C g, gh;
};
struct AddGradSums {
  template <class C>
  __device__ __forceinline__ GradSums<C> operator()(GradSums<C> a, GradSums<C> b) const {
    return {a.g + b.g, a.gh + b.gh};
  }
};

// ---- layer_norm --------------------------------------------------------------------------------

template <class S>
__global__ void __launch_bounds__(kLineThreads, 1)
    layer_norm_rows(const S* in, const S* weight, const S* bias, S* out, math::opmath_t<S>* means,
                    math::opmath_t<S>* rstds, int64_t rows, int64_t length, LineThreads threads,
                    math::opmath_t<S> eps) {
  using C = math::opmath_t<S>;
  SHARED_ARRAY(C, shared, kLineThreads);
  threads.rows = true;  // which leaves the code for columns out
  const int part = threads.part(), width = threads.width;
  const int64_t row = int64_t(blockIdx.x) * threads.per_block + threads.line(),
                n = row < rows ? length : 0;
  const S* x = in + row * length;
  C kept[kKept<C>], sum(0), squares(0);
  each_kept<C>(part, width, n, [&](int k, int64_t i) {
    kept[k] = compute_from<C>(x[i]);
    sum += kept[k];
  });
  each_other<C>(part, width, n, [&](int64_t i) { sum += compute_from<C>(x[i]); });
  const C mean = threads.combine(sum, Add(), shared) / C(length);
  each_kept<C>(part, width, n, [&](int k, int64_t) {
    kept[k] -= mean;
    squares += kept[k] * kept[k];
  });
  each_other<C>(part, width, n, [&](int64_t i) {
    const C d = compute_from<C>(x[i]) - mean;
    squares += d * d;
  });
  squares = threads.combine(squares, Add(), shared);
  const C rstd = C(1) / math::sqrt(squares / C(length) + eps);
  auto store = [&](int64_t i, C centred) {
    const C h = centred * rstd;
    out[row * length + i] = stored_from<S>(h * value_or(weight, i, C(1)) + value_or(bias, i, C(0)));
  };
  each_kept<C>(part, width, n, [&](int k, int64_t i) { store(i, kept[k]); });
  each_other<C>(part, width, n, [&](int64_t i) { store(i, compute_from<C>(x[i]) - mean); });
  if (row < rows && part == 0) {
    means[row] = mean;
    rstds[row] = rstd;
  }
}

/// How the blocks of layer_norm's backward divide the work: the first have rows of the input's
/// gradient, the others columns of the weight's and the bias's, and parts of the rows.
struct LayerNormBlocks {
  static constexpr std::tuple<> kernel_pointers{};
  int64_t rows, n, part;
  unsigned row_blocks, column_groups, splits;
};

template <class S>
__device__ __forceinline__ void layer_norm_row_gradient(
    const S* grad, const S* in, const math::opmath_t<S>* means, const math::opmath_t<S>* rstds,
    const S* weight, S* grad_input, const LayerNormBlocks& blocks, LineThreads threads, bool add,
    GradSums<math::opmath_t<S>>* shared) {
  using C = math::opmath_t<S>;
  threads.rows = true;
  const int part = threads.part(), width = threads.width;
  const int64_t row = int64_t(blockIdx.x) * threads.per_block + threads.line();
  const bool inside = row < blocks.rows;
  const int64_t n = inside ? blocks.n : 0;
  const C mean = inside ? means[row] : C(0), rstd = inside ? rstds[row] : C(0);
  const S *x = in + row * blocks.n, *g = grad + row * blocks.n;
  auto scaled = [&](int64_t i) { return compute_from<C>(g[i]) * value_or(weight, i, C(1)); };
  auto normal = [&](int64_t i) { return (compute_from<C>(x[i]) - mean) * rstd; };
  C gs[kKept<C>], hs[kKept<C>];
  GradSums<C> sums{C(0), C(0)};
  each_kept<C>(part, width, n, [&](int k, int64_t i) {
    gs[k] = scaled(i);
    hs[k] = normal(i);
    sums = AddGradSums()(sums, {gs[k], gs[k] * hs[k]});
  });
  each_other<C>(part, width, n, [&](int64_t i) {
    const C dy = scaled(i);
    sums = AddGradSums()(sums, {dy, dy * normal(i)});
  });
  sums = threads.combine(sums, AddGradSums(), shared);
  const C mean_g = sums.g / C(blocks.n), mean_gh = sums.gh / C(blocks.n);
  S* dx = grad_input + row * blocks.n;
  each_kept<C>(part, width, n, [&](int k, int64_t i) {
    put(dx + i, rstd * (gs[k] - mean_g - hs[k] * mean_gh), add);
  });
  each_other<C>(part, width, n, [&](int64_t i) {
    put(dx + i, rstd * (scaled(i) - mean_g - normal(i) * mean_gh), add);
  });
}

template <class S>
__global__ void __launch_bounds__(kLineThreads, 1)
    layer_norm_backward_blocks(const S* grad, const S* in, const math::opmath_t<S>* means,
                               const math::opmath_t<S>* rstds, const S* weight, S* grad_input,
                               S* grad_weight, S* grad_bias, GradSums<math::opmath_t<S>>* partials,
                               unsigned* ticket, const LayerNormBlocks blocks,
                               const LineThreads threads, bool add) {
  using C = math::opmath_t<S>;
  SHARED_ARRAY(GradSums<C>, shared, kLineThreads);
  auto write = [&](int64_t column, GradSums<C> sums) {
    if (grad_weight) put(grad_weight + column, sums.gh, add);
    if (grad_bias) put(grad_bias + column, sums.g, add);
  };
  if (blockIdx.x < blocks.row_blocks) {
    layer_norm_row_gradient(grad, in, means, rstds, weight, grad_input, blocks, threads, add,
                            shared);
  } else {
    const unsigned block = blockIdx.x - blocks.row_blocks, split = block / blocks.column_groups;
    const int64_t column = int64_t(block % blocks.column_groups) * kWarp + threadIdx.x % kWarp;
    const int64_t begin = split * blocks.part,
                  end = begin + blocks.part < blocks.rows ? begin + blocks.part : blocks.rows;
    GradSums<C> sums{C(0), C(0)};
    if (column < blocks.n) {
      for (int64_t r = begin + threadIdx.x / kWarp; r < end; r += blockDim.x / kWarp) {
        const C dy = compute_from<C>(grad[r * blocks.n + column]),
                h = (compute_from<C>(in[r * blocks.n + column]) - means[r]) * rstds[r];
        sums = AddGradSums()(sums, {dy, dy * h});
      }
    }
    sums = combine_columns(sums, kWarp, AddGradSums(), shared);
    if (column < blocks.n && threadIdx.x < kWarp) {
      if (blocks.splits == 1) {
        write(column, sums);
      } else {
        partials[split * blocks.n + column] = sums;
      }
    }
  }
  if (blocks.splits == 1 || !is_last_block(ticket)) return;
  for (int64_t column = threadIdx.x; column < blocks.n; column += blockDim.x) {
    GradSums<C> sums{C(0), C(0)};
    for (unsigned s = 0; s < blocks.splits; ++s) {
      sums = AddGradSums()(sums, partials[s * blocks.n + column]);
    }
    write(column, sums);
  }
}

void layer_norm_kernel(const Stream& stream, const Tensor& out, const Tensor& mean,
                       const Tensor& rstd, const Tensor& input, const Tensor& weight,
                       const Tensor& bias, double eps) {
  dispatch_floating(input.impl()->dtype(), [&]<class S>() {
    using C = math::opmath_t<S>;
    const int64_t rows = mean.impl()->numel(), n = input.impl()->numel() / rows;
    const LineThreads threads(true, rows, n);
    launch<layer_norm_rows<S>>({threads.blocks(rows), unsigned(threads.threads), raw(stream)},
                               elements<S>(input), elements<S>(weight), elements<S>(bias),
                               outputs<S>(out), outputs<C>(mean), outputs<C>(rstd), rows, n,
                               threads, C(eps));
  });
}

void layer_norm_backward_kernel(const Stream& stream, const Tensor& grad_input,
                                const Tensor& grad_weight, const Tensor& grad_bias,
                                const Tensor& grad, const Tensor& input, const Tensor& mean,
                                const Tensor& rstd, const Tensor& weight, GradWrite write) {
  dispatch_floating(input.impl()->dtype(), [&]<class S>() {
    using C = math::opmath_t<S>;
    constexpr int64_t kManyBlocks = 512, kRowsOfThread = 16;
    const Tensor& any = grad_weight.defined() ? grad_weight : grad_bias;
    LayerNormBlocks blocks{};
    blocks.rows = mean.impl()->numel();
    blocks.n = blocks.rows != 0 ? input.impl()->numel() / blocks.rows
               : any.defined()  ? any.impl()->numel()
                                : 0;
    if (blocks.n == 0) return;
    LineThreads threads(true, blocks.rows, blocks.n);
    if (grad_input.defined()) blocks.row_blocks = threads.blocks(blocks.rows);
    blocks.splits = 1;
    if (any.defined()) {
      // As many threads as a column's rows can use, where no row of the input asks for less.
      if (blocks.row_blocks == 0) threads.threads = 256;
      blocks.column_groups = unsigned((blocks.n + kWarp - 1) / kWarp);
      const int64_t least = threads.threads / kWarp * kRowsOfThread;
      int64_t splits = kManyBlocks / blocks.column_groups;
      if (splits > blocks.rows / least) splits = blocks.rows / least;
      if (splits < 1) splits = 1;
      blocks.part = (blocks.rows + splits - 1) / splits;
      if (blocks.part != 0) blocks.splits = unsigned((blocks.rows + blocks.part - 1) / blocks.part);
    }
    const unsigned grid = blocks.row_blocks + blocks.column_groups * blocks.splits;
    if (grid == 0) return;
    const bool split = blocks.splits > 1;
    Scratch partials(stream, split ? blocks.splits * size_t(blocks.n) * sizeof(GradSums<C>) : 0);
    launch<layer_norm_backward_blocks<S>>(
        {grid, unsigned(threads.threads), raw(stream)}, elements<S>(grad), elements<S>(input),
        elements<C>(mean), elements<C>(rstd), elements<S>(weight), outputs<S>(grad_input),
        outputs<S>(grad_weight), outputs<S>(grad_bias), partials.as<GradSums<C>>(),
        split ? ticket(stream) : nullptr, blocks, threads, write == GradWrite::Accumulate);
  });
}

// ---- batch_norm --------------------------------------------------------------------------------

/// The values of the channels of a dense [n, c, l].
struct Channels {
  static constexpr std::tuple<> kernel_pointers{};
  int64_t count, values, l;
  FastDivider64 by_l;
  LineThreads threads;

  Channels(int64_t n, int64_t c, int64_t l)
      : count(c),
        values(n * l),
        l(l),
        by_l(uint64_t(l > 0 ? l : 1)),
        threads(l != 1, count, values) {}
  static Channels of(const TensorImpl& t) {
    const int64_t n = t.sizes()[0], c = t.sizes()[1];
    return {n, c, n * c == 0 ? 0 : t.numel() / (n * c)};
  }
  LaunchConfig launch_config(const Stream& stream, const char* file = __builtin_FILE(),
                             int line = __builtin_LINE()) const {
    return {threads.blocks(count), unsigned(threads.threads), raw(stream), 0, file, line};
  }
  __device__ __forceinline__ int64_t channel() const {
    return int64_t(blockIdx.x) * threads.per_block + threads.line();
  }
  __device__ __forceinline__ int64_t offset(int64_t channel, int64_t i) const {
    const uint64_t image = by_l.divide(uint64_t(i));
    return (int64_t(image) * count + channel) * l + int64_t(by_l.modulo(uint64_t(i), image));
  }
};

template <class S>
__global__ void __launch_bounds__(kLineThreads, 1)
    batch_norm_channels(const S* in, const S* weight, const S* bias, S* out,
                        math::opmath_t<S>* means, math::opmath_t<S>* rstds,
                        math::opmath_t<S>* running_mean, math::opmath_t<S>* running_var,
                        const Channels channels, bool training, double momentum,
                        math::opmath_t<S> eps) {
  using C = math::opmath_t<S>;
  SHARED_ARRAY(C, shared, kLineThreads);
  const LineThreads& threads = channels.threads;
  const int part = threads.part(), width = threads.width;
  const int64_t channel = channels.channel();
  const bool inside = channel < channels.count;
  const int64_t n = inside ? channels.values : 0;
  auto value = [&](int64_t i) { return compute_from<C>(in[channels.offset(channel, i)]); };
  C kept[kKept<C>], mean(0), rstd(0);
  each_kept<C>(part, width, n, [&](int k, int64_t i) { kept[k] = value(i); });
  if (training) {
    const C count = C(channels.values);
    C sum(0), squares(0);
    each_kept<C>(part, width, n, [&](int k, int64_t) { sum += kept[k]; });
    each_other<C>(part, width, n, [&](int64_t i) { sum += value(i); });
    mean = threads.combine(sum, Add(), shared) / count;
    each_kept<C>(part, width, n,
                 [&](int k, int64_t) { squares += (kept[k] - mean) * (kept[k] - mean); });
    each_other<C>(part, width, n, [&](int64_t i) {
      const C d = value(i) - mean;
      squares += d * d;
    });
    squares = threads.combine(squares, Add(), shared);
    rstd = C(1) / math::sqrt(squares / count + eps);
    if (inside && part == 0 && running_mean) {
      const C keep = C(1 - momentum), move = C(momentum);
      running_mean[channel] = keep * running_mean[channel] + move * mean;
      running_var[channel] = keep * running_var[channel] + move * (squares / (count - C(1)));
    }
  } else if (inside) {
    mean = running_mean[channel];
    rstd = C(1) / math::sqrt(running_var[channel] + eps);
  }
  if (!inside) return;
  if (part == 0) {
    means[channel] = mean;
    rstds[channel] = rstd;
  }
  const C scale = value_or(weight, channel, C(1)), shift = value_or(bias, channel, C(0));
  auto store = [&](int64_t i, C x) {
    out[channels.offset(channel, i)] = stored_from<S>((x - mean) * rstd * scale + shift);
  };
  each_kept<C>(part, width, n, [&](int k, int64_t i) { store(i, kept[k]); });
  each_other<C>(part, width, n, [&](int64_t i) { store(i, value(i)); });
}

template <class S>
__global__ void __launch_bounds__(kLineThreads, 1)
    batch_norm_backward_channels(const S* grad, const S* in, const math::opmath_t<S>* means,
                                 const math::opmath_t<S>* rstds, const S* weight, S* grad_input,
                                 S* grad_weight, S* grad_bias, const Channels channels,
                                 bool training, bool add) {
  using C = math::opmath_t<S>;
  SHARED_ARRAY(GradSums<C>, shared, kLineThreads);
  const LineThreads& threads = channels.threads;
  const int part = threads.part(), width = threads.width;
  const int64_t channel = channels.channel();
  const bool inside = channel < channels.count;
  const int64_t n = inside ? channels.values : 0;
  const C mean = inside ? means[channel] : C(0), rstd = inside ? rstds[channel] : C(0);
  auto gradient = [&](int64_t at) { return compute_from<C>(grad[at]); };
  auto normal = [&](int64_t at) { return (compute_from<C>(in[at]) - mean) * rstd; };
  C gs[kKept<C>], hs[kKept<C>];
  GradSums<C> sums{C(0), C(0)};
  each_kept<C>(part, width, n, [&](int k, int64_t i) {
    const int64_t at = channels.offset(channel, i);
    gs[k] = gradient(at);
    hs[k] = normal(at);
    sums = AddGradSums()(sums, {gs[k], gs[k] * hs[k]});
  });
  each_other<C>(part, width, n, [&](int64_t i) {
    const int64_t at = channels.offset(channel, i);
    const C dy = gradient(at);
    sums = AddGradSums()(sums, {dy, dy * normal(at)});
  });
  sums = threads.combine(sums, AddGradSums(), shared);
  if (!inside) return;
  if (part == 0) {
    if (grad_weight) put(grad_weight + channel, sums.gh, add);
    if (grad_bias) put(grad_bias + channel, sums.g, add);
  }
  if (!grad_input) return;
  const C scale = value_or(weight, channel, C(1)) * rstd, count = C(channels.values),
          mean_g = training ? sums.g / count : C(0), mean_gh = training ? sums.gh / count : C(0);
  auto store = [&](int64_t at, C dy, C h) {
    put(grad_input + at, (training ? dy - mean_g - h * mean_gh : dy) * scale, add);
  };
  each_kept<C>(part, width, n,
               [&](int k, int64_t i) { store(channels.offset(channel, i), gs[k], hs[k]); });
  each_other<C>(part, width, n, [&](int64_t i) {
    const int64_t at = channels.offset(channel, i);
    store(at, gradient(at), normal(at));
  });
}

void batch_norm_kernel(const Stream& stream, const Tensor& out, const Tensor& mean,
                       const Tensor& rstd, const Tensor& input, const Tensor& weight,
                       const Tensor& bias, const Tensor& running_mean, const Tensor& running_var,
                       bool training, double momentum, double eps) {
  dispatch_floating(input.impl()->dtype(), [&]<class S>() {
    using C = math::opmath_t<S>;
    const Channels channels = Channels::of(*input.impl());
    if (channels.count == 0) return;
    launch<batch_norm_channels<S>>(channels.launch_config(stream), elements<S>(input),
                                   elements<S>(weight), elements<S>(bias), outputs<S>(out),
                                   outputs<C>(mean), outputs<C>(rstd), outputs<C>(running_mean),
                                   outputs<C>(running_var), channels, training, momentum, C(eps));
  });
}

void batch_norm_backward_kernel(const Stream& stream, const Tensor& grad_input,
                                const Tensor& grad_weight, const Tensor& grad_bias,
                                const Tensor& grad, const Tensor& input, const Tensor& mean,
                                const Tensor& rstd, const Tensor& weight, bool training,
                                GradWrite write) {
  dispatch_floating(input.impl()->dtype(), [&]<class S>() {
    using C = math::opmath_t<S>;
    const Channels channels = Channels::of(*input.impl());
    if (channels.count == 0) return;
    launch<batch_norm_backward_channels<S>>(
        channels.launch_config(stream), elements<S>(grad), elements<S>(input), elements<C>(mean),
        elements<C>(rstd), elements<S>(weight), outputs<S>(grad_input), outputs<S>(grad_weight),
        outputs<S>(grad_bias), channels, training, write == GradWrite::Accumulate);
  });
}

}  // namespace

void register_normalization_kernels(OpRegistry& registry) {
  registry.set_kernel("layer_norm", kCUDA, layer_norm_kernel);
  registry.set_kernel("layer_norm_backward", kCUDA, layer_norm_backward_kernel);
  registry.set_kernel("batch_norm", kCUDA, batch_norm_kernel);
  registry.set_kernel("batch_norm_backward", kCUDA, batch_norm_backward_kernel);
}

}  // namespace adjoint::cuda
