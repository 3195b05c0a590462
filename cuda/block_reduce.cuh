// SPDX-License-Identifier: MIT
// Combining what the threads of a warp, of a block and of a launch have. The order is fixed: a
// function of the shape of the launch alone.
#pragma once

#include <cstdint>

#include "cuda/portable.cuh"

namespace adjoint::cuda {

inline constexpr unsigned kAllLanes = 0xffffffffu;
inline constexpr int kWarp = 32;

/// The x of the lane whose number differs in the bits of `distance`. T is a number, or a struct of
/// them.
template <class T>
__device__ __forceinline__ T shuffle_xor(T x, int distance) {
  constexpr int kWords = int((sizeof(T) + 3) / 4);
  unsigned words[kWords] = {};
  __builtin_memcpy(words, &x, sizeof(T));
  for (int i = 0; i < kWords; ++i) words[i] = __shfl_xor_sync(kAllLanes, words[i], distance);
  __builtin_memcpy(&x, words, sizeof(T));
  return x;
}

/// Over `width` neighbouring lanes, a power of two; all lanes of the warp come here, and all get
/// the result.
template <class T, class Combine>
__device__ __forceinline__ T combine_lanes(T x, int width, const Combine& combine) {
  for (int distance = width / 2; distance > 0; distance /= 2) {
    x = combine(x, shuffle_xor(x, distance));
  }
  return x;
}

/// Over `width` neighbouring threads, a power of two, of a one-dimensional block of whole warps;
/// all threads of the block come here, and all get the result. `shared` has room for a T of each
/// warp.
template <class T, class Combine>
__device__ __forceinline__ T combine_threads(T x, int width, const Combine& combine, T* shared) {
  x = combine_lanes(x, width < kWarp ? width : kWarp, combine);
  if (width <= kWarp) return x;
  const int warp = int(threadIdx.x) / kWarp, lane = int(threadIdx.x) % kWarp, warps = width / kWarp;
  __syncthreads();  // `shared` may still be read
  if (lane == 0) shared[warp] = x;
  __syncthreads();
  x = shared[warp / warps * warps + lane % warps];
  return combine_lanes(x, warps, combine);
}

/// Over threads whose numbers agree modulo `columns`, a power of two, of a one-dimensional block of
/// a power of two of threads; all threads of the block come here, and all get the result. `shared`
/// has room for a T of each thread.
template <class T, class Combine>
__device__ __forceinline__ T combine_columns(T x, int columns, const Combine& combine, T* shared) {
  const int thread = int(threadIdx.x);
  __syncthreads();  // `shared` may still be read
  for (int half = int(blockDim.x) / 2; half >= columns; half /= 2) {
    if (thread >= half && thread < 2 * half) shared[thread] = x;
    __syncthreads();
    if (thread < half) x = combine(x, shared[thread + half]);
  }
  if (thread < columns) shared[thread] = x;
  __syncthreads();
  return shared[thread % columns];
}

/// Over the blocks of a launch, each of which has an x in its first thread: true in the block that
/// comes last, where all threads get the result. `partials` has room for a T of each block; a block
/// has a power of two of threads.
template <class T, class Combine>
__device__ __forceinline__ bool combine_blocks(T& x, T identity, const Combine& combine,
                                               T* partials, unsigned* ticket, T* shared) {
  if (threadIdx.x == 0) partials[blockIdx.x] = x;
  if (!is_last_block(ticket)) return false;
  x = identity;
  for (unsigned b = threadIdx.x; b < gridDim.x; b += blockDim.x) x = combine(x, partials[b]);
  x = combine_threads(x, int(blockDim.x), combine, shared);
  return true;
}

struct Add {
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return a + b;
  }
};
/// The larger one; a NaN in `b` is passed over, as one in both is not.
struct Larger {
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return b > a ? b : a;
  }
};

}  // namespace adjoint::cuda
