// SPDX-License-Identifier: MIT
// Losses of one element each, and their reduction in the same pass.
#include "core/math/loss.h"

#include "adjoint/op_registry.h"
#include "adjoint/ops.h"
#include "cuda/block_reduce.cuh"
#include "cuda/loops.cuh"
#include "cuda/scratch.h"

namespace adjoint::cuda {
namespace {

inline constexpr int kLane = 4, kLossThreads = 256;
inline constexpr int64_t kMaxLossBlocks = 1024;

template <class Loss>
struct Value : Loss {
  template <class C>
  __device__ __forceinline__ C operator()(C x, C t, C positive) const {
    if constexpr (requires { this->forward(x, t, positive); }) {
      return this->forward(x, t, positive);
    } else {
      return this->forward(x, t);
    }
  }
};
template <class Loss>
struct Slope : Loss {
  template <class C>
  __device__ __forceinline__ C operator()(C x, C t, C positive) const {
    if constexpr (requires { this->backward(x, t, positive); }) {
      return this->backward(x, t, positive);
    } else {
      return this->backward(x, t);
    }
  }
};

/// Calls use(first, n, packs, values) for this thread's elements: n of them from `first` on.
template <class S, class Formula, class Use>
__device__ __forceinline__ void for_each_loss(int64_t numel, bool aligned, const S* input,
                                              const S* target, const S* weight, const S* pos_weight,
                                              const Formula& formula, const Use& use) {
  using C = compute_t<S>;
  constexpr bool weighted = requires(C c) { formula.positive(c, c); };
  const int64_t step = int64_t(gridDim.x) * blockDim.x * kLane;
  for (int64_t first = (blockIdx.x * int64_t(blockDim.x) + threadIdx.x) * kLane; first < numel;
       first += step) {
    const int n = numel - first < kLane ? int(numel - first) : kLane;
    const bool packs = aligned && n == kLane;
    auto load = [&](const S* p) {
      return packs ? Pack<S, kLane>::load(p + first) : Pack<S, kLane>::load(p + first, n);
    };
    const Pack<S, kLane> x = load(input), t = load(target);
    Pack<S, kLane> w = {}, p = {};
    if (weighted && weight) w = load(weight);
    if (weighted && pos_weight) p = load(pos_weight);
    C values[kLane];
#pragma unroll
    for (int k = 0; k < kLane; ++k) {
      const C tk = compute_from<C>(t.v[k]);
      C positive = 1;
      if constexpr (weighted) {
        if (pos_weight) positive = formula.positive(tk, compute_from<C>(p.v[k]));
      }
      values[k] = formula(compute_from<C>(x.v[k]), tk, positive);
      if (weighted && weight) values[k] *= compute_from<C>(w.v[k]);
    }
    use(first, n, packs, values);
  }
}

template <class S, class C>
__device__ __forceinline__ void store(const C (&values)[kLane], S* to, int n, bool packs) {
  Pack<S, kLane> out;
#pragma unroll
  for (int k = 0; k < kLane; ++k) out.v[k] = stored_from<S>(values[k]);
  packs ? out.store(to) : out.store(to, n);
}

template <class S, class Loss>
__global__ void __launch_bounds__(kLossThreads)
    each_loss(int64_t numel, bool aligned, S* out, const S* input, const S* target, const S* weight,
              const S* pos_weight) {
  for_each_loss(numel, aligned, input, target, weight, pos_weight, Value<Loss>{},
                [&](int64_t first, int n, bool packs, const auto& values) {
                  store(values, out + first, n, packs);
                });
}

template <class S, class Loss>
__global__ void __launch_bounds__(kLossThreads)
    reduced_loss(int64_t numel, bool aligned, double divisor, S* out, double* partials,
                 unsigned* ticket, const S* input, const S* target, const S* weight,
                 const S* pos_weight) {
  using C = compute_t<S>;
  SHARED_ARRAY(double, shared, kLossThreads / kWarp);
  C sum = 0;
  for_each_loss(numel, aligned, input, target, weight, pos_weight, Value<Loss>{},
                [&](int64_t, int n, bool, const auto& values) {
#pragma unroll
                  for (int k = 0; k < kLane; ++k) {
                    if (k < n) sum += values[k];
                  }
                });
  double total = combine_threads(double(sum), kLossThreads, Add{}, shared);
  if (combine_blocks(total, 0.0, Add{}, partials, ticket, shared) && threadIdx.x == 0) {
    *out = stored_from<S>(C(total / divisor));
  }
}

/// `grad` is one number for all elements, or one for each.
template <class S, class Loss>
__global__ void __launch_bounds__(kLossThreads)
    loss_gradient(int64_t numel, bool aligned, bool each, compute_t<S> divisor, S* grad_input,
                  const S* grad, const S* input, const S* target, const S* weight,
                  const S* pos_weight) {
  using C = compute_t<S>;
  const C scale = compute_from<C>(*grad) / divisor;
  for_each_loss(numel, aligned, input, target, weight, pos_weight, Slope<Loss>{},
                [&](int64_t first, int n, bool packs, const auto& slopes) {
                  C values[kLane];
#pragma unroll
                  for (int k = 0; k < kLane; ++k) {
                    C dy = each && k < n ? compute_from<C>(grad[first + k]) : scale;
                    values[k] = slopes[k] * dy;
                  }
                  store(values, grad_input + first, n, packs);
                });
}

template <class S>
S* data_of(const Tensor& t) {
  return t.defined() ? static_cast<S*>(t.impl()->data()) : nullptr;
}
template <class... T>
bool all_aligned(const T*... p) {
  return (is_aligned<kLane>(p) && ...);
}
LaunchConfig loss_config(int64_t numel, const Stream& stream, const char* file = __builtin_FILE(),
                         int line = __builtin_LINE()) {
  constexpr int64_t each = int64_t(kLane) * kLossThreads;
  int64_t blocks = numel == 0 ? 1 : (numel + each - 1) / each;
  if (blocks > kMaxLossBlocks) blocks = kMaxLossBlocks;
  return {dim3(unsigned(blocks)), dim3(kLossThreads), raw(stream), 0, file, line};
}

template <class Loss>
void loss(const Stream& stream, const Tensor& out, const Tensor& input, const Tensor& target,
          const Tensor& weight, const Tensor& pos_weight, Reduction reduction) {
  const int64_t numel = input.impl()->numel();
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    S* to = data_of<S>(out);
    const S *x = data_of<S>(input), *t = data_of<S>(target);
    const S *w = data_of<S>(weight), *p = data_of<S>(pos_weight);
    LaunchConfig where = loss_config(numel, stream);
    if (reduction == Reduction::None) {
      launch<each_loss<S, Loss>>(where, numel, all_aligned(to, x, t, w, p), to, x, t, w, p);
      return;
    }
    Scratch partials(stream, where.grid.x * sizeof(double));
    double divisor = reduction == Reduction::Mean ? double(numel) : 1.0;
    launch<reduced_loss<S, Loss>>(where, numel, all_aligned(x, t, w, p), divisor, to,
                                  partials.as<double>(), ticket(stream), x, t, w, p);
  });
}

template <class Loss>
void loss_backward(const Stream& stream, const Tensor& grad_input, const Tensor& grad,
                   const Tensor& input, const Tensor& target, const Tensor& weight,
                   const Tensor& pos_weight, Reduction reduction) {
  const int64_t numel = grad_input.impl()->numel();
  dispatch_floating(grad_input.impl()->dtype(), [&]<class S>() {
    using C = compute_t<S>;
    S* to = data_of<S>(grad_input);
    const S *g = data_of<S>(grad), *x = data_of<S>(input), *t = data_of<S>(target);
    const S *w = data_of<S>(weight), *p = data_of<S>(pos_weight);
    C divisor = reduction == Reduction::Mean ? C(numel) : C(1);
    launch<loss_gradient<S, Loss>>(loss_config(numel, stream), numel, all_aligned(to, x, t, w, p),
                                   reduction == Reduction::None, divisor, to, g, x, t, w, p);
  });
}

void mse_loss_kernel(const Stream& stream, const Tensor& out, const Tensor& input,
                     const Tensor& target, Reduction reduction) {
  loss<math::MseLoss>(stream, out, input, target, {}, {}, reduction);
}
void mse_loss_backward_kernel(const Stream& stream, const Tensor& grad_input, const Tensor& grad,
                              const Tensor& input, const Tensor& target, Reduction reduction) {
  loss_backward<math::MseLoss>(stream, grad_input, grad, input, target, {}, {}, reduction);
}

}  // namespace

void register_loss_kernels(OpRegistry& registry) {
  registry.set_kernel("mse_loss", kCUDA, mse_loss_kernel);
  registry.set_kernel("mse_loss_backward", kCUDA, mse_loss_backward_kernel);
  registry.set_kernel("binary_cross_entropy_with_logits", kCUDA, loss<math::BceWithLogitsLoss>);
  registry.set_kernel("binary_cross_entropy_with_logits_backward", kCUDA,
                      loss_backward<math::BceWithLogitsLoss>);
}

}  // namespace adjoint::cuda
