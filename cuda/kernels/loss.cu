// SPDX-License-Identifier: MIT
// Losses of one element each, and their reduction in the same launch.
#include <tuple>

#include "adjoint/op_registry.h"
#include "adjoint/ops.h"
#include "core/math/scalar.h"
#include "cuda/block_reduce.cuh"
#include "cuda/dispatch.h"
#include "cuda/elements.h"
#include "cuda/scratch.h"
#include "cuda/stream.h"

namespace adjoint::cuda {

/// Dense operands; weights may be null.
template <class S>
struct LossOperands {
  const S *input, *target, *weight, *pos_weight;
  static constexpr auto kernel_pointers =
      std::tuple(&LossOperands::input, &LossOperands::target, &LossOperands::weight,
                 &LossOperands::pos_weight);
};

namespace {

constexpr int kLossThreads = 256;
/// Elements of a thread that are under way at once.
constexpr int kBatch = 4;
constexpr int64_t kMaxBlocks = 512;

template <class S>
struct SquaredError {
  using C = math::opmath_t<S>;
  static __device__ __forceinline__ C difference(const LossOperands<S>& a, int64_t i) {
    return compute_from<C>(a.input[i]) - compute_from<C>(a.target[i]);
  }
  static __device__ __forceinline__ C forward(const LossOperands<S>& a, int64_t i) {
    const C d = difference(a, i);
    return d * d;
  }
  static __device__ __forceinline__ C backward(const LossOperands<S>& a, int64_t i) {
    const C d = difference(a, i);
    return d + d;
  }
};

/// The binary cross entropy of a logit x and a target t.
template <class S>
struct BinaryCrossEntropy {
  using C = math::opmath_t<S>;
  /// The weight of log s(x), where log(1 - s(x)) has 1 - t: written (1 - t) + t * pos_weight.
  static __device__ __forceinline__ C positive(const LossOperands<S>& a, C t, int64_t i) {
    return a.pos_weight ? (compute_from<C>(a.pos_weight[i]) - C(1)) * t + C(1) : C(1);
  }
  static __device__ __forceinline__ C weighted(const LossOperands<S>& a, C value, int64_t i) {
    return a.weight ? value * compute_from<C>(a.weight[i]) : value;
  }
  static __device__ __forceinline__ C forward(const LossOperands<S>& a, int64_t i) {
    const C x = compute_from<C>(a.input[i]), t = compute_from<C>(a.target[i]);
    const C minus_log = math::log1p(math::exp(-math::abs(x))) + math::maximum(-x, C(0));
    return weighted(a, (C(1) - t) * x + positive(a, t, i) * minus_log, i);
  }
  static __device__ __forceinline__ C backward(const LossOperands<S>& a, int64_t i) {
    const C x = compute_from<C>(a.input[i]), t = compute_from<C>(a.target[i]);
    return weighted(a, (C(1) - t) - positive(a, t, i) / (C(1) + math::exp(x)), i);
  }
};

template <class S, template <class> class Loss>
__global__ void __launch_bounds__(kLossThreads)
    loss_elements(const LossOperands<S> a, S* out, double* partials, unsigned* ticket, int64_t n,
                  Reduction reduction) {
  using C = math::opmath_t<S>;
  SHARED_ARRAY(double, shared, kLossThreads / kWarp);
  const int64_t step = int64_t(gridDim.x) * blockDim.x;
  double sum = 0;
  for (int64_t i = int64_t(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += kBatch * step) {
    C batch[kBatch];
    for (int b = 0; b < kBatch; ++b) {
      const int64_t k = i + b * step;
      batch[b] = k < n ? Loss<S>::forward(a, k) : C(0);
      if (reduction == Reduction::None && k < n) out[k] = stored_from<S>(batch[b]);
    }
    sum += double((batch[0] + batch[1]) + (batch[2] + batch[3]));
  }
  if (reduction == Reduction::None) return;
  sum = combine_threads(sum, int(blockDim.x), Add(), shared);
  if (gridDim.x > 1 && !combine_blocks(sum, 0.0, Add(), partials, ticket, shared)) return;
  if (threadIdx.x == 0) {
    *out = stored_from<S>(C(reduction == Reduction::Mean ? sum / double(n) : sum));
  }
}

template <class S, template <class> class Loss>
__global__ void __launch_bounds__(kLossThreads)
    loss_backward_elements(const S* grad, const LossOperands<S> a, S* grad_input, int64_t n,
                           Reduction reduction) {
  using C = math::opmath_t<S>;
  const bool each = reduction == Reduction::None;
  C scale = each ? C(0) : compute_from<C>(*grad);
  if (reduction == Reduction::Mean) scale /= C(n);
  const int64_t step = int64_t(gridDim.x) * blockDim.x;
  for (int64_t i = int64_t(blockIdx.x) * blockDim.x + threadIdx.x; i < n; i += step) {
    const C dy = each ? compute_from<C>(grad[i]) : scale;
    grad_input[i] = stored_from<S>(Loss<S>::backward(a, i) * dy);
  }
}

unsigned blocks_for(int64_t n, int64_t each, int64_t most) {
  const int64_t blocks = (n + kLossThreads * each - 1) / (kLossThreads * each);
  return unsigned(blocks < 1 ? 1 : blocks < most ? blocks : most);
}

template <template <class> class Loss>
void run_forward(const Stream& stream, const Tensor& out, const Tensor& input, const Tensor& target,
                 const Tensor& weight, const Tensor& pos_weight, Reduction reduction) {
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    const int64_t n = input.impl()->numel();
    const bool each = reduction == Reduction::None;
    const unsigned blocks = blocks_for(n, kBatch, each ? int64_t{1} << 20 : kMaxBlocks);
    Scratch partials(stream, each ? 0 : blocks * sizeof(double));
    const LossOperands<S> a = {elements<S>(input), elements<S>(target), elements<S>(weight),
                               elements<S>(pos_weight)};
    launch<loss_elements<S, Loss>>({blocks, kLossThreads, raw(stream)}, a, outputs<S>(out),
                                   partials.as<double>(), ticket(stream), n, reduction);
  });
}
template <template <class> class Loss>
void run_backward(const Stream& stream, const Tensor& grad_input, const Tensor& grad,
                  const Tensor& input, const Tensor& target, const Tensor& weight,
                  const Tensor& pos_weight, Reduction reduction) {
  dispatch_floating(grad_input.impl()->dtype(), [&]<class S>() {
    const int64_t n = grad_input.impl()->numel();
    const LossOperands<S> a = {elements<S>(input), elements<S>(target), elements<S>(weight),
                               elements<S>(pos_weight)};
    launch<loss_backward_elements<S, Loss>>({blocks_for(n, 1, 1 << 14), kLossThreads, raw(stream)},
                                            elements<S>(grad), a, outputs<S>(grad_input), n,
                                            reduction);
  });
}

void mse_loss_kernel(const Stream& stream, const Tensor& out, const Tensor& input,
                     const Tensor& target, Reduction reduction) {
  run_forward<SquaredError>(stream, out, input, target, Tensor(), Tensor(), reduction);
}
void mse_loss_backward_kernel(const Stream& stream, const Tensor& grad_input, const Tensor& grad,
                              const Tensor& input, const Tensor& target, Reduction reduction) {
  run_backward<SquaredError>(stream, grad_input, grad, input, target, Tensor(), Tensor(),
                             reduction);
}
void bce_kernel(const Stream& stream, const Tensor& out, const Tensor& input, const Tensor& target,
                const Tensor& weight, const Tensor& pos_weight, Reduction reduction) {
  run_forward<BinaryCrossEntropy>(stream, out, input, target, weight, pos_weight, reduction);
}
void bce_backward_kernel(const Stream& stream, const Tensor& grad_input, const Tensor& grad,
                         const Tensor& input, const Tensor& target, const Tensor& weight,
                         const Tensor& pos_weight, Reduction reduction) {
  run_backward<BinaryCrossEntropy>(stream, grad_input, grad, input, target, weight, pos_weight,
                                   reduction);
}

}  // namespace

void register_loss_kernels(OpRegistry& registry) {
  registry.set_kernel("mse_loss", kCUDA, mse_loss_kernel);
  registry.set_kernel("mse_loss_backward", kCUDA, mse_loss_backward_kernel);
  registry.set_kernel("binary_cross_entropy_with_logits", kCUDA, bce_kernel);
  registry.set_kernel("binary_cross_entropy_with_logits_backward", kCUDA, bce_backward_kernel);
}

}  // namespace adjoint::cuda
