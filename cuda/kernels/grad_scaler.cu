// SPDX-License-Identifier: MIT
// A loss scale: many gradients divided by it in one launch, and how it moves on.
#include "core/optim/grad_scaler.h"

#include "core/math/loss_scale.h"
#include "cuda/loops.cuh"
#include "cuda/tensor_list.cuh"

namespace adjoint::cuda {
namespace {

template <class S>
struct ScaledGrads {
  static constexpr int kMax = 128;
  TensorChunks<kMax> chunks;
  S* grad[kMax];
  static constexpr auto kernel_pointers = std::tuple(&ScaledGrads::grad);

  void add(const Tensor& t) {
    grad[chunks.count] = static_cast<S*>(t.impl()->data());
    chunks.add(t.impl()->numel());
  }
};

template <class S, class C>
__global__ void __launch_bounds__(kListThreads)
    unscale_grads(ScaledGrads<S> table, const float* scale, float* found_inf) {
  const int tensor = table.chunks.tensor_of(blockIdx.x);
  S* const grad = table.grad[tensor];
  const Lane lane = lane_of(table.chunks, tensor, grad);
  if (lane.n <= 0) return;
  const float inverse = math::inverse_of_scale(*scale);
  Pack<S, kLane> g = lane.load(grad);
  bool finite = true;
#pragma unroll
  for (int k = 0; k < kLane; ++k) {
    const C x = compute_from<C>(g.v[k]);
    if (k < lane.n) finite = finite && x - x == C(0);
    g.v[k] = stored_from<S>(x * C(inverse));
  }
  if (inverse != 1.0f) lane.store(g, grad);
  if (!finite) atomicExch(found_inf, 1.0f);
}

__global__ void update_scale(const double* settings, int optimizers, float* scale, int32_t* tracker,
                             float* found_inf) {
  bool any = false;
  for (int i = 0; i < optimizers; ++i) {
    any = any || found_inf[i] != 0;
    found_inf[i] = 0;
  }
  math::move_scale_on(*scale, *tracker, settings, any);
}

void unscale_grads_kernel(const Stream& stream, ArrayRef<Tensor> grads, const Tensor& found_inf,
                          const Tensor& scale) {
  dispatch_floating(grads[0].impl()->dtype(), [&]<class S>() {
    for (size_t i = 0; i < grads.size();) {
      ScaledGrads<S> table{};
      for (; i < grads.size() && !table.chunks.is_full(); ++i) table.add(grads[i]);
      launch<unscale_grads<S, compute_t<S>>>(
          {dim3(table.chunks.num_blocks()), dim3(kListThreads), raw(stream)}, table,
          static_cast<const float*>(scale.impl()->data()),
          static_cast<float*>(found_inf.impl()->data()));
    }
  });
}

void update_scale_kernel(const Stream& stream, const Tensor& scale, const Tensor& tracker,
                         const Tensor& settings, const Tensor& found_inf) {
  launch<update_scale>(
      {dim3(1), dim3(1), raw(stream)}, static_cast<const double*>(settings.impl()->data()),
      int(found_inf.impl()->numel()), static_cast<float*>(scale.impl()->data()),
      static_cast<int32_t*>(tracker.impl()->data()), static_cast<float*>(found_inf.impl()->data()));
}

}  // namespace

void register_grad_scaler_kernels(OpRegistry& registry) {
  registry.set_kernel("unscale_grads", kCUDA, unscale_grads_kernel);
  registry.set_kernel("update_scale", kCUDA, update_scale_kernel);
}

}  // namespace adjoint::cuda
