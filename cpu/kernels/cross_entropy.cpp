// SPDX-License-Identifier: MIT
// Losses on classes.
#include "core/ops/cross_entropy.h"

#include "adjoint/op_registry.h"
#include "cpu/index_error.h"
#include "cpu/lines.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class S>
ADJOINT_ALWAYS_INLINE opmath_t<S> value_at(const S* p) {
  return Vec<opmath_t<S>>::load(p, 1).v[0];
}
template <class S>
ADJOINT_ALWAYS_INLINE void set_value(S* p, opmath_t<S> value) {
  Vec<opmath_t<S>>(value).store(p, 1);
}

/// A ClassLoss with its weights.
template <class S>
struct Coefficients {
  using C = opmath_t<S>;
  const char* op;
  const S* weight;
  int64_t classes;
  int64_t ignore_index;
  C smoothing;  // of each class
  C rest;       // of the sample's own class, beside that

  Coefficients(const char* name, const Tensor& weights, int64_t n, const ClassLoss& loss)
      : op(name),
        weight(weights.defined() ? elements<S>(weights) : nullptr),
        classes(n),
        ignore_index(loss.ignore_index),
        smoothing(C(loss.label_smoothing / double(n))),
        rest(C(1 - loss.label_smoothing)) {}

  bool counts(int64_t target) const {
    if (target == ignore_index) return false;
    if (target < 0 || target >= classes) throw_target_error(op, target, classes);
    return true;
  }
  C weight_of(int64_t c) const { return weight ? value_at(weight + c) : C(1); }
  ADJOINT_ALWAYS_INLINE Vec<C> weights(int64_t c, int lanes) const {
    return weight ? load<C>(weight + c, lanes) : Vec<C>(C(1));
  }
  C sum_of_weights() const {
    C sum = weight ? C(0) : C(classes);
    for (int64_t c = 0; weight && c < classes; ++c) sum += weight_of(c);
    return sum;
  }
};

struct Totals {
  double loss, weight;
};

/// Calls f(i) -> Totals for samples [0, n) and reduces in an order that is a function of n and
/// `grain` alone.
template <class F>
Totals sum_samples(int64_t n, int64_t grain, const F& f) {
  constexpr int64_t kParts = 64;
  Totals parts[kParts];
  int64_t size = (n + kParts - 1) / kParts;
  if (size < grain) size = grain;
  int64_t count = (n + size - 1) / size;
  parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      Totals sum{0, 0};
      int64_t last = (part + 1) * size < n ? (part + 1) * size : n;
      for (int64_t i = part * size; i < last; ++i) {
        Totals sample = f(i);
        sum.loss += sample.loss;
        sum.weight += sample.weight;
      }
      parts[part] = sum;
    }
  });
  Totals all{0, 0};
  for (int64_t part = 0; part < count; ++part) {
    all.loss += parts[part].loss;
    all.weight += parts[part].weight;
  }
  return all;
}

template <class S>
void write_totals(const Tensor& out, const Totals& all, Reduction reduction) {
  using C = opmath_t<S>;
  if (reduction == Reduction::None) return;
  set_value(outputs<S>(out), C(reduction == Reduction::Mean ? all.loss / all.weight : all.loss));
}

/// What the gradient of sample i is multiplied with.
template <class S>
struct GradScale {
  using C = opmath_t<S>;
  const S* grad;
  bool each;
  C scale;
  /// `t` is undefined for 1.
  GradScale(const Tensor& t, C total_weight, Reduction reduction)
      : grad(t.defined() ? elements<S>(t) : nullptr),
        each(reduction == Reduction::None),
        scale(each || !grad ? C(!each) : value_at(grad)) {
    if (reduction == Reduction::Mean) scale /= total_weight;
  }
  C of(int64_t i) const { return each ? value_at(grad + i) : scale; }
};

void nll_loss_kernel(const Stream&, const Tensor& out, const Tensor& total_weight,
                     const Tensor& input, const Tensor& target, const Tensor& weight,
                     const ClassLoss& loss) {
  dispatch_floating(input.impl()->dtype(), [&]<class S>() {
    using C = opmath_t<S>;
    const TensorImpl& t = *input.impl();
    const int64_t dim = t.dim() == 1 ? 0 : 1, classes = t.sizes()[size_t(dim)];
    const int64_t samples = target.impl()->numel();
    int64_t inner = 1;
    for (int64_t d = dim + 1; d < t.dim(); ++d) inner *= t.sizes()[size_t(d)];
    const Coefficients<S> a("nll_loss", weight, classes, loss);
    const int64_t* targets = elements<int64_t>(target);
    const S* in = elements<S>(input);
    S* each = loss.reduction == Reduction::None ? outputs<S>(out) : nullptr;
    Totals all = sum_samples(samples, kCostlyGrain, [&](int64_t i) {
      Totals sample{0, 0};
      if (a.counts(targets[i])) {
        const S* x = in + i / inner * classes * inner + i % inner;
        C w = a.weight_of(targets[i]);
        C value = -w * value_at(x + targets[i] * inner);
        if (a.smoothing != C(0)) {
          C sum = 0;
          for (int64_t c = 0; c < classes; ++c) sum += a.weight_of(c) * value_at(x + c * inner);
          value = a.rest * value - a.smoothing * sum;
        }
        sample = {double(value), double(w)};
      }
      if (each) set_value(each + i, C(sample.loss));
      return sample;
    });
    write_totals<S>(out, all, loss.reduction);
    *outputs<C>(total_weight) = C(all.weight);
  });
}

void nll_loss_backward_kernel(const Stream&, const Tensor& grad_input, const Tensor& grad,
                              const Tensor& target, const Tensor& weight,
                              const Tensor& total_weight, const ClassLoss& loss) {
  dispatch_floating(grad_input.impl()->dtype(), [&]<class S>() {
    using C = opmath_t<S>;
    const TensorImpl& t = *grad_input.impl();
    const int64_t dim = t.dim() == 1 ? 0 : 1, classes = t.sizes()[size_t(dim)];
    const int64_t batch = dim == 0 ? 1 : t.sizes()[0];
    int64_t inner = 1;
    for (int64_t d = dim + 1; d < t.dim(); ++d) inner *= t.sizes()[size_t(d)];
    const Coefficients<S> a("nll_loss", weight, classes, loss);
    const GradScale<S> scale(grad, *elements<C>(total_weight), loss.reduction);
    const int64_t* targets = elements<int64_t>(target);
    S* to = outputs<S>(grad_input);
    const int64_t block = classes * inner;
    parallel_for(0, batch, kCostlyGrain / (block + 1) + 1, [&](int64_t begin, int64_t end) {
      __builtin_memset(to + begin * block, 0, size_t((end - begin) * block) * sizeof(S));
      for (int64_t i = begin * inner; i < end * inner; ++i) {
        if (!a.counts(targets[i])) continue;
        S* gi = to + i / inner * block + i % inner;
        C dy = scale.of(i), own = -dy * a.rest * a.weight_of(targets[i]);
        if (a.smoothing != C(0)) {
          for (int64_t c = 0; c < classes; ++c) {
            C value = -dy * a.smoothing * a.weight_of(c);
            set_value(gi + c * inner, c == targets[i] ? value + own : value);
          }
        } else {
          set_value(gi + targets[i] * inner, own);
        }
      }
    });
  });
}

/// The gradient of rows of logits: of logit c, softmax[c] * sum(a) - a[c], times `dy`.
template <class S>
struct RowGradient {
  using C = opmath_t<S>;
  using V = Vec<C>;
  const Coefficients<S>& a;
  Row<C> row;
  C smoothed;  // of sum(a), the part that all classes have

  RowGradient(const Coefficients<S>& coefficients, Row<C> shape)
      : a(coefficients),
        row(shape),
        smoothed(a.smoothing != C(0) ? a.smoothing * a.sum_of_weights() : C(0)) {}

  /// Of the row x, with its largest element and 1 / sum(exp(x - largest)).
  ADJOINT_ALWAYS_INLINE void write(S* to, const S* x, C largest, C inverse, C dy,
                                   int64_t target) const {
    const C own = a.rest * a.weight_of(target);
    const V m(largest), factor((own + smoothed) * inverse * dy);
    auto gradient = [&](int64_t at, int lanes) {
      V value = exp(load<C>(x + at, lanes) - m) * factor;
      if (a.smoothing != C(0)) value -= a.weights(at, lanes) * V(a.smoothing * dy);
      return value;
    };
    row.each([&](int64_t at, int lanes) { store(gradient(at, lanes), to + at, lanes); });
    // Again for the sample's class: 16 bits of the sum would leave little of the difference.
    set_value(to + target, C(gradient(target, 1).v[0]) - own * dy);
  }
  void write_zeros(S* to) const { __builtin_memset(to, 0, size_t(row.n) * sizeof(S)); }
};

void cross_entropy_kernel(const Stream&, const Tensor& out, const Tensor& stats,
                          const Tensor& grad_input, const Tensor& input, const Tensor& target,
                          const Tensor& weight, const ClassLoss& loss) {
  dispatch_floating(input.impl()->dtype(), [&]<class S>() {
    using C = opmath_t<S>;
    using V = Vec<C>;
    const TensorImpl& t = *input.impl();
    const int64_t classes = t.sizes()[size_t(t.dim() - 1)], samples = target.impl()->numel();
    const Coefficients<S> a("cross_entropy", weight, classes, loss);
    const int64_t* targets = elements<int64_t>(target);
    const S* in = elements<S>(input);
    C* kept = stats.defined() ? outputs<C>(stats) : nullptr;
    S* each = loss.reduction == Reduction::None ? outputs<S>(out) : nullptr;
    const Row<C> row{classes};
    const int64_t grain = kCostlyGrain / (classes + 1) + 1;
    S* gradients = grad_input.defined() ? outputs<S>(grad_input) : nullptr;
    const RowGradient<S> gradient(a, row);
    C dy = C(1);
    if (gradients && loss.reduction == Reduction::Mean) {
      // As it is added up below, bit for bit.
      const Totals all = sum_samples(samples, grain, [&](int64_t i) {
        return Totals{0, a.counts(targets[i]) ? double(a.weight_of(targets[i])) : 0};
      });
      dy /= C(all.weight);
    }
    Totals all = sum_samples(samples, grain, [&](int64_t i) {
      Totals sample{0, 0};
      const S* x = in + i * classes;
      C largest = 0, inverse = 0;
      if (a.counts(targets[i])) {
        const V m = row.max(x);
        V sum(C(0));
        row.each([&](int64_t at, int lanes) {
          sum += row.guard(exp(load<C>(x + at, lanes) - m), lanes, C(0));
        });
        sum = row.add_lanes(sum);
        const V log_sum = log(sum);
        largest = m.v[0];
        inverse = C(1) / C(sum.v[0]);
        C w = a.weight_of(targets[i]);
        C value = w * (C(log_sum.v[0]) - (value_at(x + targets[i]) - largest));
        if (a.smoothing != C(0)) {
          V others(C(0));
          row.each([&](int64_t at, int lanes) {
            V minus_log = log_sum - (load<C>(x + at, lanes) - m);
            others += row.guard(a.weights(at, lanes) * minus_log, lanes, C(0));
          });
          value = a.rest * value + a.smoothing * reduce_add(others);
        }
        sample = {double(value), double(w)};
        if (gradients) gradient.write(gradients + i * classes, x, largest, inverse, dy, targets[i]);
      } else if (gradients) {
        gradient.write_zeros(gradients + i * classes);
      }
      if (kept) {
        kept[2 * i] = largest;
        kept[2 * i + 1] = inverse;
      }
      if (each) set_value(each + i, C(sample.loss));
      return sample;
    });
    write_totals<S>(out, all, loss.reduction);
    if (kept) kept[2 * samples] = C(all.weight);
  });
}

void cross_entropy_backward_kernel(const Stream&, const Tensor& grad_input, const Tensor& grad,
                                   const Tensor& input, const Tensor& target, const Tensor& weight,
                                   const Tensor& stats, const ClassLoss& loss) {
  dispatch_floating(input.impl()->dtype(), [&]<class S>() {
    using C = opmath_t<S>;
    const TensorImpl& t = *input.impl();
    const int64_t classes = t.sizes()[size_t(t.dim() - 1)], samples = target.impl()->numel();
    const Coefficients<S> a("cross_entropy", weight, classes, loss);
    const int64_t* targets = elements<int64_t>(target);
    const S* in = elements<S>(input);
    const C* kept = elements<C>(stats);
    S* to = outputs<S>(grad_input);
    const GradScale<S> scale(grad, kept[2 * samples], loss.reduction);
    const RowGradient<S> gradient(a, Row<C>{classes});
    parallel_for(0, samples, kCostlyGrain / (classes + 1) + 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        if (a.counts(targets[i])) {
          gradient.write(to + i * classes, in + i * classes, kept[2 * i], kept[2 * i + 1],
                         scale.of(i), targets[i]);
        } else {
          gradient.write_zeros(to + i * classes);
        }
      }
    });
  });
}

}  // namespace

void register_cross_entropy_kernels(OpRegistry& registry) {
  registry.set_kernel("nll_loss", kCPU, nll_loss_kernel);
  registry.set_kernel("nll_loss_backward", kCPU, nll_loss_backward_kernel);
  registry.set_kernel("cross_entropy", kCPU, cross_entropy_kernel);
  registry.set_kernel("cross_entropy_backward", kCPU, cross_entropy_backward_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
