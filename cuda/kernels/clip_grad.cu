// SPDX-License-Identifier: MIT
// The norm of many gradients in one launch, and their scaling in another, which reads the norm on
// the device.
#include "core/nn/clip_grad.h"

#include "cuda/block_reduce.cuh"
#include "cuda/dispatch.h"
#include "cuda/loops.cuh"
#include "cuda/scratch.h"
#include "cuda/tensor_list.cuh"

namespace adjoint::cuda {
namespace {

inline constexpr int kGradsPerLaunch = 128;

template <class S>
struct GradTable {
  TensorChunks<kGradsPerLaunch> chunks;
  const S* grad[kGradsPerLaunch];
  static constexpr auto kernel_pointers = std::tuple(&GradTable::grad);

  void add(const Tensor& t) {
    grad[chunks.count] = static_cast<const S*>(t.impl()->data());
    chunks.add(t.impl()->numel());
  }
};
template <class S>
struct ScaledTable {
  TensorChunks<kGradsPerLaunch> chunks;
  S* grad[kGradsPerLaunch];
  static constexpr auto kernel_pointers = std::tuple(&ScaledTable::grad);

  void add(const Tensor& t) {
    grad[chunks.count] = static_cast<S*>(t.impl()->data());
    chunks.add(t.impl()->numel());
  }
};

struct CombineNorms {
  static constexpr std::tuple<> kernel_pointers{};
  GradNorm norm;
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return norm == GradNorm::Largest ? math::maximum(a, b) : a + b;
  }
};

/// Of the launches of one norm, launch `number` leaves its part in parts[number], and the last one
/// makes the result of all.
template <class S, class C>
__global__ void __launch_bounds__(kListThreads)
    grad_norm(GradTable<S> table, CombineNorms combine, int number, bool is_last, double* parts,
              double* partials, unsigned* ticket, S* total) {
  const int tensor = table.chunks.tensor_of(blockIdx.x);
  const S* const grad = table.grad[tensor];
  const Lane lane = lane_of(table.chunks, tensor, grad);
  C size = C(0);
  if (lane.n > 0) {
    const Pack<S, kLane> g = lane.load(grad);
#pragma unroll
    for (int k = 0; k < kLane; ++k) {
      if (k >= lane.n) break;
      const C x = compute_from<C>(g.v[k]);
      size = combine(size, combine.norm == GradNorm::Euclidean ? x * x : math::abs(x));
    }
  }
  SHARED_ARRAY(double, shared, kListThreads / kWarp);
  double sum = combine_threads(double(size), kListThreads, combine, shared);
  if (!combine_blocks(sum, 0.0, combine, partials, ticket, shared)) return;
  if (threadIdx.x != 0) return;
  if (!is_last) {
    parts[number] = sum;
    return;
  }
  double all = 0;
  for (int i = 0; i < number; ++i) all = combine(all, parts[i]);
  all = combine(all, sum);
  *total = stored_from<S>(C(combine.norm == GradNorm::Euclidean ? math::sqrt(all) : all));
}

template <class S, class C>
__global__ void __launch_bounds__(kListThreads)
    clip_to_norm(ScaledTable<S> table, C max_norm, const S* total) {
  const C factor = max_norm / (compute_from<C>(*total) + C(1e-6));
  if (factor >= C(1)) return;
  const int tensor = table.chunks.tensor_of(blockIdx.x);
  S* const grad = table.grad[tensor];
  const Lane lane = lane_of(table.chunks, tensor, grad);
  if (lane.n <= 0) return;
  Pack<S, kLane> g = lane.load(grad);
#pragma unroll
  for (int k = 0; k < kLane; ++k) g.v[k] = stored_from<S>(compute_from<C>(g.v[k]) * factor);
  lane.store(g, grad);
}

/// f(table, number) for each launch.
template <class Table, class F>
void for_each_launch(ArrayRef<Tensor> grads, const F& f) {
  int number = 0;
  for (size_t i = 0; i < grads.size(); ++number) {
    Table table{};
    for (; i < grads.size() && !table.chunks.is_full(); ++i) table.add(grads[i]);
    f(table, number);
  }
}

void grad_norm_kernel(const Stream& stream, const Tensor& total, ArrayRef<Tensor> grads,
                      GradNorm norm) {
  size_t most_blocks = 0;
  int launches = 0;
  dispatch_floating(total.impl()->dtype(), [&]<class S>() {
    for_each_launch<GradTable<S>>(grads, [&](const GradTable<S>& table, int) {
      ++launches;
      const size_t blocks = table.chunks.num_blocks();
      most_blocks = blocks > most_blocks ? blocks : most_blocks;
    });
    const Scratch partials(stream, most_blocks * sizeof(double));
    const Scratch parts(stream, size_t(launches) * sizeof(double));
    for_each_launch<GradTable<S>>(grads, [&](const GradTable<S>& table, int number) {
      launch<grad_norm<S, compute_t<S>>>(
          {dim3(table.chunks.num_blocks()), dim3(kListThreads), raw(stream)}, table,
          CombineNorms{norm}, number, number + 1 == launches, parts.as<double>(),
          partials.as<double>(), ticket(stream), static_cast<S*>(total.impl()->data()));
    });
  });
}

void clip_to_norm_kernel(const Stream& stream, ArrayRef<Tensor> grads, const Tensor& total,
                         double max_norm) {
  dispatch_floating(total.impl()->dtype(), [&]<class S>() {
    using C = compute_t<S>;
    for_each_launch<ScaledTable<S>>(grads, [&](const ScaledTable<S>& table, int) {
      launch<clip_to_norm<S, C>>({dim3(table.chunks.num_blocks()), dim3(kListThreads), raw(stream)},
                                 table, C(max_norm), static_cast<const S*>(total.impl()->data()));
    });
  });
}

}  // namespace

void register_clip_grad_kernels(OpRegistry& registry) {
  registry.set_kernel("grad_norm", kCUDA, grad_norm_kernel);
  registry.set_kernel("clip_to_norm", kCUDA, clip_to_norm_kernel);
}

}  // namespace adjoint::cuda
