// SPDX-License-Identifier: MIT
// Draws of Philox (core/math/philox.h): a thread makes a block of four and gives them to their
// elements, the same ones as on the CPU.
#pragma once

#include "core/math/philox.h"
#include "core/math/philox_state.h"
#include "cuda/loops.cuh"
#include "cuda/scratch.h"

namespace adjoint::cuda {

/// Of kDraws draws each, what one block holds.
template <int kDraws>
inline constexpr int kElementsOfBlock = 4 / kDraws;

/// The draws of element k of a block: one, or two with the first as the lower half.
template <int kDraws>
__device__ __forceinline__ auto bits_of(const math::PhiloxBlock& block, int k) {
  if constexpr (kDraws == 1) {
    return block.words[k];
  } else {
    return block.words[2 * k] | uint64_t(block.words[2 * k + 1]) << 32;
  }
}

/// Uniform in [0, 1) in steps of 2^-kBits.
template <int kBits>
__device__ __forceinline__ float uniform(uint32_t bits) {
  return float(bits >> (32 - kBits)) * (1.0f / float(1 << kBits));
}
template <int kBits>
__device__ __forceinline__ double uniform(uint64_t bits) {
  return double(int64_t(bits >> (64 - kBits))) * (1.0 / double(int64_t(1) << kBits));
}

/// PhiloxArgs on their way into a kernel.
struct Draws {
  uint64_t seed, offset;
  PhiloxState* live;
  uint64_t advance;
  unsigned* ticket;
  static constexpr auto kernel_pointers = std::tuple(&Draws::live, &Draws::ticket);

  Draws(const PhiloxArgs& numbers, const Stream& stream)
      : seed(numbers.state.seed),
        offset(numbers.state.offset),
        live(numbers.live),
        advance(numbers.advance),
        ticket(numbers.advance != 0 ? cuda::ticket(stream) : nullptr) {}
};

/// Calls f(first, n, block) for the blocks of numel elements, of which n are its own from `first`
/// on. All threads of a launch come here, once.
template <int kDraws, class F>
__device__ __forceinline__ void for_each_block(const Draws& draws, int64_t numel, const F& f) {
  constexpr int each = kElementsOfBlock<kDraws>;
  const uint64_t seed = draws.live ? draws.live->seed : draws.seed;
  const uint64_t offset = draws.live ? draws.live->offset : draws.offset;
  const int64_t step = int64_t(gridDim.x) * blockDim.x * each;
  for (int64_t first = (blockIdx.x * int64_t(blockDim.x) + threadIdx.x) * each; first < numel;
       first += step) {
    f(first, numel - first < each ? int(numel - first) : each,
      math::philox(seed, offset + uint64_t(first / each)));
  }
  if (draws.advance != 0 && is_last_block(draws.ticket) && threadIdx.x == 0) {
    draws.live->offset = offset + draws.advance;
  }
}
template <int kDraws>
LaunchConfig draws_config(int64_t numel, const Stream& stream, const char* file = __builtin_FILE(),
                          int line = __builtin_LINE()) {
  constexpr int each = kElementsOfBlock<kDraws>;
  return launch_config((numel + each - 1) / each, raw(stream), kThreads, file, line);
}

}  // namespace adjoint::cuda
