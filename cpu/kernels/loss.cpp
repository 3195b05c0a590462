// SPDX-License-Identifier: MIT
// Losses of one element each, and their reduction in the same pass.
#include "core/math/loss.h"
#include "adjoint/op_registry.h"
#include "adjoint/ops.h"
#include "cpu/lines.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

/// Elements whose losses are added up in the compute type; sums of them are added as double.
inline constexpr int64_t kBlock = 4096;

/// Calls f(i, lanes) for registers that cover [begin, end).
template <class C, class F>
ADJOINT_ALWAYS_INLINE void for_each_register(int64_t begin, int64_t end, const F& f) {
  constexpr int64_t size = Vec<C>::size;
  int64_t i = begin;
  for (; i + size <= end; i += size) f(i, int(size));
  if (i < end) f(i, int(end - i));
}

template <class C, class F>
ADJOINT_ALWAYS_INLINE double sum_block(int64_t begin, int64_t end, const F& f) {
  using V = Vec<C>;
  constexpr int64_t size = V::size;
  V a(C(0)), b(C(0));
  int64_t i = begin;
  for (; i + 2 * size <= end; i += 2 * size) {
    a += f(i, int(size));
    b += f(i + size, int(size));
  }
  for_each_register<C>(i, end, [&](int64_t at, int lanes) {
    a += where(detail::first_lanes<C>(lanes), f(at, lanes), V(C(0)));
  });
  return double(reduce_add(a + b));
}

/// The losses f(i, lanes) of n elements, or their sum or mean. The order of a sum is a function of
/// n alone.
template <class S, class F>
void reduce_losses(const Tensor& out, int64_t n, Reduction reduction, const F& f) {
  using C = opmath_t<S>;
  S* to = outputs<S>(out);
  if (reduction == Reduction::None) {
    parallel_for(0, n, kBlock, [&](int64_t begin, int64_t end) {
      for_each_register<C>(begin, end,
                           [&](int64_t i, int lanes) { store(f(i, lanes), to + i, lanes); });
    });
    return;
  }
  constexpr int64_t kParts = 64;
  double parts[kParts];
  const int64_t blocks = (n + kBlock - 1) / kBlock, each = (blocks + kParts - 1) / kParts;
  const int64_t count = each == 0 ? 0 : (blocks + each - 1) / each;
  parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      parts[part] = 0;
      for (int64_t block = part * each; block < (part + 1) * each && block < blocks; ++block) {
        int64_t last = (block + 1) * kBlock < n ? (block + 1) * kBlock : n;
        parts[part] += sum_block<C>(block * kBlock, last, f);
      }
    }
  });
  double sum = 0;
  for (int64_t part = 0; part < count; ++part) sum += parts[part];
  Vec<C>(C(reduction == Reduction::Mean ? sum / double(n) : sum)).store(to, 1);
}

/// gradients f(i, lanes) for a loss of 1, times what came back for it.
template <class S, class F>
void scale_gradients(const Tensor& grad_input, const Tensor& grad, Reduction reduction,
                     const F& f) {
  using C = opmath_t<S>;
  using V = Vec<C>;
  const S* g = elements<S>(grad);
  S* to = outputs<S>(grad_input);
  const int64_t n = grad_input.impl()->numel();
  const bool each = reduction == Reduction::None;
  C scale = each ? C(0) : C(V::load(g, 1).v[0]);
  if (reduction == Reduction::Mean) scale /= C(n);
  parallel_for(0, n, kBlock, [&](int64_t begin, int64_t end) {
    for_each_register<C>(begin, end, [&](int64_t i, int lanes) {
      V dy = each ? load<C>(g + i, lanes) : V(scale);
      store(f(i, lanes) * dy, to + i, lanes);
    });
  });
}

void mse_loss_kernel(const Stream&, const Tensor& out, const Tensor& input, const Tensor& target,
                     Reduction reduction) {
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    using C = opmath_t<S>;
    const S *a = elements<S>(input), *b = elements<S>(target);
    reduce_losses<S>(out, input.impl()->numel(), reduction, [=](int64_t i, int lanes) {
      return math::MseLoss{}.forward(load<C>(a + i, lanes), load<C>(b + i, lanes));
    });
  });
}

void mse_loss_backward_kernel(const Stream&, const Tensor& grad_input, const Tensor& grad,
                              const Tensor& input, const Tensor& target, Reduction reduction) {
  dispatch_floating(grad_input.impl()->dtype(), [&]<class S>() {
    using C = opmath_t<S>;
    const S *a = elements<S>(input), *b = elements<S>(target);
    scale_gradients<S>(grad_input, grad, reduction, [=](int64_t i, int lanes) {
      return math::MseLoss{}.backward(load<C>(a + i, lanes), load<C>(b + i, lanes));
    });
  });
}

/// Operands of the binary cross entropy.
template <class S>
struct Binary {
  using C = opmath_t<S>;
  using V = Vec<C>;
  const S *x, *t, *w, *pos;
  Binary(const Tensor& input, const Tensor& target, const Tensor& weight, const Tensor& pos_weight)
      : x(elements<S>(input)),
        t(elements<S>(target)),
        w(weight.defined() ? elements<S>(weight) : nullptr),
        pos(pos_weight.defined() ? elements<S>(pos_weight) : nullptr) {}

  /// The weight of log s(x), where log(1 - s(x)) has 1 - t: written (1 - t) + t * pos_weight.
  ADJOINT_ALWAYS_INLINE V positive(V target, int64_t i, int lanes) const {
    if (!pos) return V(C(1));
    return math::BceWithLogitsLoss{}.positive(target, load<C>(pos + i, lanes));
  }
  ADJOINT_ALWAYS_INLINE V weighted(V value, int64_t i, int lanes) const {
    return w ? value * load<C>(w + i, lanes) : value;
  }
};

void bce_kernel(const Stream&, const Tensor& out, const Tensor& input, const Tensor& target,
                const Tensor& weight, const Tensor& pos_weight, Reduction reduction) {
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    using C = opmath_t<S>;
    using V = Vec<C>;
    const Binary<S> in(input, target, weight, pos_weight);
    reduce_losses<S>(out, input.impl()->numel(), reduction, [=](int64_t i, int lanes) {
      V x = load<C>(in.x + i, lanes), t = load<C>(in.t + i, lanes);
      V value = math::BceWithLogitsLoss{}.forward(x, t, in.positive(t, i, lanes));
      return in.weighted(value, i, lanes);
    });
  });
}

void bce_backward_kernel(const Stream&, const Tensor& grad_input, const Tensor& grad,
                         const Tensor& input, const Tensor& target, const Tensor& weight,
                         const Tensor& pos_weight, Reduction reduction) {
  dispatch_floating(grad_input.impl()->dtype(), [&]<class S>() {
    using C = opmath_t<S>;
    using V = Vec<C>;
    const Binary<S> in(input, target, weight, pos_weight);
    scale_gradients<S>(grad_input, grad, reduction, [=](int64_t i, int lanes) {
      V x = load<C>(in.x + i, lanes), t = load<C>(in.t + i, lanes);
      V slope = math::BceWithLogitsLoss{}.backward(x, t, in.positive(t, i, lanes));
      return in.weighted(slope, i, lanes);
    });
  });
}

}  // namespace

void register_loss_kernels(OpRegistry& registry) {
  registry.set_kernel("mse_loss", kCPU, mse_loss_kernel);
  registry.set_kernel("mse_loss_backward", kCPU, mse_loss_backward_kernel);
  registry.set_kernel("binary_cross_entropy_with_logits", kCPU, bce_kernel);
  registry.set_kernel("binary_cross_entropy_with_logits_backward", kCPU, bce_backward_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
