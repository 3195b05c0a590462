// SPDX-License-Identifier: MIT
// Several elements moved by one load or store.
#pragma once

#include <cstdint>
#include <type_traits>

#include "cuda/portable.cuh"

namespace adjoint::cuda {

/// S as it is loaded and stored: a bool in memory may have any bits.
template <class S>
using Stored = std::conditional_t<std::is_same_v<S, bool>, uint8_t, S>;

/// A load or store moves at most so many bytes.
template <class S, int N>
inline constexpr size_t kPackAlignment = sizeof(S) * N < 16 ? sizeof(S) * N : 16;

/// N elements, a power of two of them, that lie side by side at an aligned address.
template <class S, int N>
struct alignas(kPackAlignment<S, N>) Pack {
  Stored<S> v[N];

  static __device__ __forceinline__ Pack load(const S* p) {
    return *reinterpret_cast<const Pack*>(p);
  }
  /// The first n; the others hold the first one.
  static __device__ __forceinline__ Pack load(const S* p, int n) {
    Pack pack;
    const auto* from = reinterpret_cast<const Stored<S>*>(p);
#pragma unroll
    for (int k = 0; k < N; ++k) pack.v[k] = from[k < n ? k : 0];
    return pack;
  }
  __device__ __forceinline__ void store(S* p) const { *reinterpret_cast<Pack*>(p) = *this; }
  __device__ __forceinline__ void store(S* p, int n) const {
    auto* to = reinterpret_cast<Stored<S>*>(p);
#pragma unroll
    for (int k = 0; k < N; ++k) {
      if (k < n) to[k] = v[k];
    }
  }
};

/// Whether packs of N elements can be moved to and from the memory that begins at p.
template <int N, class S>
__host__ __device__ __forceinline__ bool is_aligned(const S* p) {
  return uintptr_t(p) % kPackAlignment<S, N> == 0;
}

}  // namespace adjoint::cuda
