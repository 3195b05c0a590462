// SPDX-License-Identifier: MIT
// Kernels over many tensors at once: which elements a block, and a thread, has.
#pragma once

#include "cuda/pack.cuh"
#include "cuda/portable.cuh"

namespace adjoint::cuda {

/// Elements of a thread, and of a block, which never has elements of two parameters.
inline constexpr int kLane = 4, kListThreads = 256, kChunk = kLane * kListThreads;

/// Which elements of at most kMax tensors, a power of two, a block has. Lists of tensors are kernel
/// arguments, of which 4 KiB are the limit.
template <int kMax>
struct TensorChunks {
  static constexpr std::tuple<> kernel_pointers{};
  int64_t numel[kMax];
  uint32_t first_block[kMax + 1];
  int count = 0;

  bool is_full() const { return count == kMax; }
  uint32_t num_blocks() const { return first_block[count]; }
  void add(int64_t n) {
    numel[count] = n;
    first_block[count + 1] = first_block[count] + uint32_t((n + kChunk - 1) / kChunk);
    ++count;
  }
  __device__ __forceinline__ int tensor_of(uint32_t block) const {
    int tensor = 0;
#pragma unroll
    for (int step = kMax / 2; step > 0; step /= 2) {
      if (tensor + step < count && first_block[tensor + step] <= block) tensor += step;
    }
    return tensor;
  }
};

/// This thread's elements: the first n <= kLane of an operand, and whether all operands may be
/// moved in packs.
struct Lane {
  int64_t first;
  int n;
  bool packs;

  template <class S>
  __device__ __forceinline__ Pack<S, kLane> load(const S* p) const {
    return packs ? Pack<S, kLane>::load(p + first) : Pack<S, kLane>::load(p + first, n);
  }
  template <class S>
  __device__ __forceinline__ void store(const Pack<S, kLane>& pack, S* p) const {
    packs ? pack.store(p + first) : pack.store(p + first, n);
  }
};
template <int kMax, class... S>
__device__ __forceinline__ Lane lane_of(const TensorChunks<kMax>& chunks, int tensor,
                                        const S*... operands) {
  Lane lane;
  lane.first = int64_t(blockIdx.x - chunks.first_block[tensor]) * kChunk + threadIdx.x * kLane;
  const int64_t rest = chunks.numel[tensor] - lane.first;
  lane.n = rest < kLane ? int(rest) : kLane;
  lane.packs = lane.n == kLane && (is_aligned<kLane>(operands) && ...);
  return lane;
}

}  // namespace adjoint::cuda
