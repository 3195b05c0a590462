// SPDX-License-Identifier: MIT
// The operations that several reductions are made of (see cuda/reduce.cuh).
#pragma once

#include "cuda/reduce.cuh"

namespace adjoint::cuda {

/// What elements stored as S are accumulated in.
template <class S>
struct Accumulator {
  using type = S;
};
template <>
struct Accumulator<Half> {
  using type = float;
};
template <>
struct Accumulator<BFloat16> {
  using type = float;
};
template <>
struct Accumulator<uint8_t> {
  using type = int32_t;
};
template <class S>
using acc_t = typename Accumulator<S>::type;

/// The type in which sums and products of integers wrap.
template <class C>
struct Wrapping {
  using type = C;
};
template <>
struct Wrapping<int64_t> {
  using type = uint64_t;
};
template <class C>
using wrapping_acc_t = typename Wrapping<C>::type;

/// A reduction of values to a value.
template <class S>
struct ValueReduction {
  using C = acc_t<S>;
  static constexpr bool kVectors = sizeof(S) < 8, kIndexed = false;
  static constexpr int kColumnBatch = 8;
  __device__ __forceinline__ C map(S x, int64_t) const { return compute_from<C>(x); }
  __device__ __forceinline__ S result(C total) const { return stored_from<S>(total); }
};
template <class S>
struct Sum : ValueReduction<S> {
  using typename ValueReduction<S>::C;
  __device__ __forceinline__ C identity() const { return C(0); }
  __device__ __forceinline__ C combine(C a, C b) const {
    return C(wrapping_acc_t<C>(a) + wrapping_acc_t<C>(b));
  }
};

/// The smallest number of a type: minus infinity where it has one.
template <class C>
__device__ constexpr C lowest() {
  if constexpr (C(0.5) != C(0)) {
    return C(-__builtin_inf());
  } else {
    return C(uint64_t{1} << (sizeof(C) * 8 - 1));
  }
}

}  // namespace adjoint::cuda
