// SPDX-License-Identifier: MIT
// Losses on classes: a sample's loss and the sum over samples in one launch.
#include "core/ops/cross_entropy.h"

#include "adjoint/op_registry.h"
#include "cuda/dispatch.h"
#include "cuda/index_errors.cuh"
#include "cuda/lines.cuh"
#include "cuda/scratch.h"

namespace adjoint::cuda {
namespace {

constexpr int kSampleThreads = 256;
constexpr unsigned kMaxBlocks = 512;

struct Totals {
  static constexpr std::tuple<> kernel_pointers{};
  double loss, weight;
};
struct AddTotals {
  __device__ __forceinline__ Totals operator()(Totals a, Totals b) const {
    return {a.loss + b.loss, a.weight + b.weight};
  }
};

/// A ClassLoss, as kernels take it.
template <class C>
struct Coefficients {
  static constexpr std::tuple<> kernel_pointers{};
  int64_t classes, ignore_index;
  C smoothing;  // of each class
  C rest;       // of the sample's own class, beside that
  Reduction reduction;
  IndexOp op;

  Coefficients(IndexOp op, int64_t n, const ClassLoss& loss)
      : classes(n),
        ignore_index(loss.ignore_index),
        smoothing(C(loss.label_smoothing / double(n))),
        rest(C(1 - loss.label_smoothing)),
        reduction(loss.reduction),
        op(op) {}

  /// Whether a sample of class `target` counts; it is a class then.
  __device__ __forceinline__ bool counts(int64_t& target, IndexErrorSlot* slot) const {
    if (target == ignore_index) return false;
    target = checked_index(target, classes, kClassTarget, op, slot);
    return classes > 0;
  }
  /// The same of a target that was checked before.
  __device__ __forceinline__ bool counts(int64_t target) const {
    return target != ignore_index && target >= 0 && target < classes;
  }
};

template <class S>
__device__ __forceinline__ math::opmath_t<S> weight_of(const S* weight, int64_t c) {
  using C = math::opmath_t<S>;
  return weight ? compute_from<C>(weight[c]) : C(1);
}

IndexOp nll_loss_name() {
  static const IndexOp op = name_index_op("nll_loss");
  return op;
}
IndexOp cross_entropy_name() {
  static const IndexOp op = name_index_op("cross_entropy");
  return op;
}

/// Adds up what all threads of the launch have. `shared` has room for a Totals of each warp.
template <class S, class C>
__device__ __forceinline__ void write_totals(Totals all, S* out, C* total_weight,
                                             Reduction reduction, Totals* partials,
                                             unsigned* ticket, Totals* shared) {
  all = combine_threads(all, int(blockDim.x), AddTotals(), shared);
  if (gridDim.x > 1 && !combine_blocks(all, Totals{0, 0}, AddTotals(), partials, ticket, shared))
    return;
  if (threadIdx.x != 0) return;
  if (reduction != Reduction::None) {
    *out = stored_from<S>(C(reduction == Reduction::Mean ? all.loss / all.weight : all.loss));
  }
  if (total_weight) *total_weight = C(all.weight);
}

/// What the gradient of sample i is multiplied with.
template <class S, class C>
__device__ __forceinline__ C grad_scale(const S* grad, const C* total_weight, Reduction reduction,
                                        int64_t i) {
  if (reduction == Reduction::None) return compute_from<C>(grad[i]);
  const C scale = grad ? compute_from<C>(*grad) : C(1);
  return reduction == Reduction::Mean ? scale / *total_weight : scale;
}

// ---- nll_loss ----------------------------------------------------------------------------------

/// input is [samples / inner, classes, inner].
template <class S>
__global__ void __launch_bounds__(kSampleThreads)
    nll_loss_samples(const S* in, const int64_t* targets, const S* weight, S* out,
                     math::opmath_t<S>* total_weight, Totals* partials, unsigned* ticket,
                     IndexErrorSlot* slot, int64_t samples, FastDivider64 inner,
                     Coefficients<math::opmath_t<S>> a) {
  using C = math::opmath_t<S>;
  SHARED_ARRAY(Totals, shared, kSampleThreads / kWarp);
  const int64_t step = int64_t(inner.divisor);
  Totals all{0, 0};
  for (int64_t i = int64_t(blockIdx.x) * blockDim.x + threadIdx.x; i < samples;
       i += int64_t(gridDim.x) * blockDim.x) {
    int64_t target = targets[i];
    C value(0);
    if (a.counts(target, slot)) {
      const int64_t image = int64_t(inner.divide(uint64_t(i)));
      const S* x = in + (image * a.classes - image) * step + i;
      const C w = weight_of(weight, target);
      value = -w * compute_from<C>(x[target * step]);
      if (a.smoothing != C(0)) {
        C sum(0);
        for (int64_t c = 0; c < a.classes; ++c) {
          sum += weight_of(weight, c) * compute_from<C>(x[c * step]);
        }
        value = a.rest * value - a.smoothing * sum;
      }
      all = AddTotals()(all, {double(value), double(w)});
    }
    if (a.reduction == Reduction::None) out[i] = stored_from<S>(value);
  }
  write_totals(all, out, total_weight, a.reduction, partials, ticket, shared);
}

/// A thread for each element of the gradient.
template <class S>
__global__ void __launch_bounds__(kSampleThreads)
    nll_loss_backward_elements(const S* grad, const int64_t* targets, const S* weight,
                               const math::opmath_t<S>* total_weight, S* grad_input, int64_t numel,
                               FastDivider64 inner, FastDivider64 classes,
                               Coefficients<math::opmath_t<S>> a) {
  using C = math::opmath_t<S>;
  for (int64_t e = int64_t(blockIdx.x) * blockDim.x + threadIdx.x; e < numel;
       e += int64_t(gridDim.x) * blockDim.x) {
    const uint64_t line = inner.divide(uint64_t(e)), image = classes.divide(line);
    const int64_t c = int64_t(classes.modulo(line, image)),
                  i = int64_t(image * inner.divisor + inner.modulo(uint64_t(e), line));
    const int64_t target = targets[i];
    C value(0);
    if (a.counts(target) && (a.smoothing != C(0) || c == target)) {
      const C dy = grad_scale<S, C>(grad, total_weight, a.reduction, i), w = weight_of(weight, c);
      if (a.smoothing != C(0)) value = -dy * a.smoothing * w;
      if (c == target) value += -dy * a.rest * w;
    }
    grad_input[e] = stored_from<S>(value);
  }
}

/// [batch, classes, inner] of the losses' input.
struct ClassSizes {
  int64_t classes, inner = 1;
  explicit ClassSizes(const TensorImpl& t) {
    const int64_t dim = t.dim() == 1 ? 0 : 1;
    classes = t.sizes()[size_t(dim)];
    for (int64_t d = dim + 1; d < t.dim(); ++d) inner *= t.sizes()[size_t(d)];
  }
};
FastDivider64 divider(int64_t d) { return FastDivider64(uint64_t(d > 0 ? d : 1)); }
unsigned blocks_for(int64_t work, int64_t most) {
  const int64_t blocks = (work + kSampleThreads - 1) / kSampleThreads;
  return unsigned(blocks < 1 ? 1 : blocks < most ? blocks : most);
}

void nll_loss_kernel(const Stream& stream, const Tensor& out, const Tensor& total_weight,
                     const Tensor& input, const Tensor& target, const Tensor& weight,
                     const ClassLoss& loss) {
  dispatch_floating(input.impl()->dtype(), [&]<class S>() {
    using C = math::opmath_t<S>;
    const ClassSizes sizes(*input.impl());
    const int64_t samples = target.impl()->numel();
    const unsigned blocks = blocks_for(samples, kMaxBlocks);
    Scratch partials(stream, blocks * sizeof(Totals));
    launch<nll_loss_samples<S>>({blocks, kSampleThreads, raw(stream)}, elements<S>(input),
                                elements<int64_t>(target), elements<S>(weight), outputs<S>(out),
                                outputs<C>(total_weight), partials.as<Totals>(), ticket(stream),
                                index_error_slot(stream), samples, divider(sizes.inner),
                                Coefficients<C>(nll_loss_name(), sizes.classes, loss));
  });
}

void nll_loss_backward_kernel(const Stream& stream, const Tensor& grad_input, const Tensor& grad,
                              const Tensor& target, const Tensor& weight,
                              const Tensor& total_weight, const ClassLoss& loss) {
  dispatch_floating(grad_input.impl()->dtype(), [&]<class S>() {
    using C = math::opmath_t<S>;
    const ClassSizes sizes(*grad_input.impl());
    const int64_t numel = grad_input.impl()->numel();
    launch<nll_loss_backward_elements<S>>(
        {blocks_for(numel, 1 << 14), kSampleThreads, raw(stream)}, elements<S>(grad),
        elements<int64_t>(target), elements<S>(weight), elements<C>(total_weight),
        outputs<S>(grad_input), numel, divider(sizes.inner), divider(sizes.classes),
        Coefficients<C>(nll_loss_name(), sizes.classes, loss));
  });
}

// ---- cross_entropy -----------------------------------------------------------------------------

/// Of sum(a), the part that all classes have.
template <class S, class C>
__device__ __forceinline__ C sum_of_smoothing(const Coefficients<C>& a, const S* weight,
                                              C* shared) {
  if (a.smoothing == C(0) || !weight) return a.smoothing * C(a.classes);
  C sum(0);
  for (int64_t c = threadIdx.x; c < a.classes; c += blockDim.x) sum += weight_of(weight, c);
  return a.smoothing * combine_threads(sum, int(blockDim.x), Add(), shared);
}

/// The gradient of a logit with difference `log` to the row's largest: softmax * sum(a) - a, times
/// `dy`. `own` is what the sample's class has beside the others, `factor` sum(a) / sum(exp(logs)) *
/// dy.
template <class S, class C>
__device__ __forceinline__ C logit_gradient(C log, C factor, C own, C dy, bool is_target,
                                            const Coefficients<C>& a, const S* weight, int64_t c) {
  C value = math::exp(log) * factor;
  if (a.smoothing != C(0)) value -= weight_of(weight, c) * (a.smoothing * dy);
  if (is_target) value -= own * dy;
  return value;
}

template <class S>
__global__ void __launch_bounds__(kLineThreads, 1)
    cross_entropy_rows(const S* in, const int64_t* targets, const S* weight, S* out,
                       math::opmath_t<S>* stats, S* grad_input, Totals* partials, unsigned* ticket,
                       IndexErrorSlot* slot, int64_t samples, LineThreads threads,
                       Coefficients<math::opmath_t<S>> a) {
  threads.rows = true;  // which leaves the code for columns out
  using C = math::opmath_t<S>;
  SHARED_ARRAY(C, shared, kLineThreads);
  SHARED_ARRAY(Totals, shared_totals, kLineThreads / kWarp);
  const int part = threads.part(), width = threads.width;
  C smoothed(0), dy(1);
  if (grad_input) {
    smoothed = sum_of_smoothing(a, weight, shared);
    if (a.reduction == Reduction::Mean) {
      Totals sum{0, 0};
      for (int64_t i = threadIdx.x; i < samples; i += blockDim.x) {
        const int64_t target = targets[i];
        if (a.counts(target)) sum.weight += double(weight_of(weight, target));
      }
      dy /= C(combine_threads(sum, int(blockDim.x), AddTotals(), shared_totals).weight);
    }
  }
  Totals all{0, 0};
  for (int64_t base = int64_t(blockIdx.x) * threads.per_block; base < samples;
       base += int64_t(gridDim.x) * threads.per_block) {
    const int64_t i = base + threads.line(), n = i < samples ? a.classes : 0;
    const S* x = in + i * a.classes;
    C kept[kKept<C>], m, sum;
    sum_exponentials(x, 1, n, threads, true, false, kept, shared, m, sum);
    const C log_sum = math::log(sum);
    C others(0);
    if (a.smoothing != C(0)) {
      each_kept<C>(part, width, n,
                   [&](int k, int64_t c) { others += weight_of(weight, c) * (log_sum - kept[k]); });
      each_other<C>(part, width, n, [&](int64_t c) {
        others += weight_of(weight, c) * (log_sum - (compute_from<C>(x[c]) - m));
      });
      others = threads.combine(others, Add(), shared);
    }
    if (grad_input && i < samples) {
      const int64_t target = targets[i];
      const bool counts = a.counts(target);
      const C own = counts ? a.rest * weight_of(weight, target) : C(0),
              factor = (own + smoothed) * (C(1) / sum) * dy;
      auto write = [&](int64_t c, C log) {
        const C value = logit_gradient(log, factor, own, dy, c == target, a, weight, c);
        grad_input[i * a.classes + c] = stored_from<S>(counts ? value : C(0));
      };
      each_kept<C>(part, width, n, [&](int k, int64_t c) { write(c, kept[k]); });
      each_other<C>(part, width, n, [&](int64_t c) { write(c, compute_from<C>(x[c]) - m); });
    }
    if (i >= samples || part != 0) continue;
    int64_t target = targets[i];
    const bool counts = a.counts(target, slot);
    C value(0);
    if (counts) {
      const C w = weight_of(weight, target);
      value = w * (log_sum - (compute_from<C>(x[target]) - m));
      if (a.smoothing != C(0)) value = a.rest * value + a.smoothing * others;
      all = AddTotals()(all, {double(value), double(w)});
    }
    if (stats) {
      stats[2 * i] = counts ? m : C(0);
      stats[2 * i + 1] = counts ? C(1) / sum : C(0);
    }
    if (a.reduction == Reduction::None) out[i] = stored_from<S>(value);
  }
  write_totals(all, out, stats ? stats + 2 * samples : nullptr, a.reduction, partials, ticket,
               shared_totals);
}

template <class S>
__global__ void __launch_bounds__(kLineThreads, 1)
    cross_entropy_backward_rows(const S* grad, const S* in, const int64_t* targets, const S* weight,
                                const math::opmath_t<S>* stats, S* grad_input, int64_t samples,
                                LineThreads threads, Coefficients<math::opmath_t<S>> a) {
  using C = math::opmath_t<S>;
  SHARED_ARRAY(C, shared, kLineThreads / kWarp);
  const C smoothed = sum_of_smoothing(a, weight, shared);
  const int64_t i = int64_t(blockIdx.x) * threads.per_block + threads.line();
  if (i >= samples) return;
  const int64_t target = targets[i];
  const bool counts = a.counts(target);
  const C dy = grad_scale<S, C>(grad, stats + 2 * samples, a.reduction, i),
          own = counts ? a.rest * weight_of(weight, target) : C(0), m = stats[2 * i],
          factor = (own + smoothed) * stats[2 * i + 1] * dy;
  for (int64_t c = threads.part(); c < a.classes; c += threads.width) {
    const C log = compute_from<C>(in[i * a.classes + c]) - m,
            value = logit_gradient(log, factor, own, dy, c == target, a, weight, c);
    grad_input[i * a.classes + c] = stored_from<S>(counts ? value : C(0));
  }
}

void cross_entropy_kernel(const Stream& stream, const Tensor& out, const Tensor& stats,
                          const Tensor& grad_input, const Tensor& input, const Tensor& target,
                          const Tensor& weight, const ClassLoss& loss) {
  dispatch_floating(input.impl()->dtype(), [&]<class S>() {
    using C = math::opmath_t<S>;
    const TensorImpl& t = *input.impl();
    const int64_t classes = t.sizes()[size_t(t.dim() - 1)], samples = target.impl()->numel();
    const LineThreads threads(true, samples, classes);
    unsigned blocks = threads.blocks(samples);
    blocks = blocks < 1 ? 1 : blocks < kMaxBlocks ? blocks : kMaxBlocks;
    Scratch partials(stream, blocks * sizeof(Totals));
    launch<cross_entropy_rows<S>>(
        {blocks, unsigned(threads.threads), raw(stream)}, elements<S>(input),
        elements<int64_t>(target), elements<S>(weight), outputs<S>(out), outputs<C>(stats),
        outputs<S>(grad_input), partials.as<Totals>(), ticket(stream), index_error_slot(stream),
        samples, threads, Coefficients<C>(cross_entropy_name(), classes, loss));
  });
}

void cross_entropy_backward_kernel(const Stream& stream, const Tensor& grad_input,
                                   const Tensor& grad, const Tensor& input, const Tensor& target,
                                   const Tensor& weight, const Tensor& stats,
                                   const ClassLoss& loss) {
  dispatch_floating(input.impl()->dtype(), [&]<class S>() {
    using C = math::opmath_t<S>;
    const TensorImpl& t = *input.impl();
    const int64_t classes = t.sizes()[size_t(t.dim() - 1)], samples = target.impl()->numel();
    const LineThreads threads(true, samples, classes);
    launch<cross_entropy_backward_rows<S>>(
        {threads.blocks(samples), unsigned(threads.threads), raw(stream)}, elements<S>(grad),
        elements<S>(input), elements<int64_t>(target), elements<S>(weight), elements<C>(stats),
        outputs<S>(grad_input), samples, threads,
        Coefficients<C>(cross_entropy_name(), classes, loss));
  });
}

}  // namespace

void register_cross_entropy_kernels(OpRegistry& registry) {
  registry.set_kernel("nll_loss", kCUDA, nll_loss_kernel);
  registry.set_kernel("nll_loss_backward", kCUDA, nll_loss_backward_kernel);
  registry.set_kernel("cross_entropy", kCUDA, cross_entropy_kernel);
  registry.set_kernel("cross_entropy_backward", kCUDA, cross_entropy_backward_kernel);
}

}  // namespace adjoint::cuda
