// SPDX-License-Identifier: MIT
// Shuffles across vectors for the matrix product: transposed loads, and the sums of many vectors.
#pragma once

#include <utility>

#include "cpu/vec.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA::gemm_detail {

template <class T>
inline constexpr int kLanes = Vec<T>::size;
/// Elements in 16 bytes, within which x86 shuffles cheaply.
template <class T>
inline constexpr int kGroup = 16 / static_cast<int>(sizeof(T));
template <class T>
using Group = Register<T, kGroup<T>>;

/// x0 y0 x1 y1 ... of the lower (upper) half of every group.
constexpr int interleave_index(int lane, int lanes, int group, bool upper) {
  const int source = lane / group * group + (upper ? group / 2 : 0) + lane % group / 2;
  return lane % 2 == 0 ? source : lanes + source;
}
template <class T, bool kUpper, size_t... I>
ADJOINT_ALWAYS_INLINE Vec<T> interleave(Vec<T> x, Vec<T> y, std::index_sequence<I...>) {
  return Vec<T>(
      __builtin_shufflevector(x.v, y.v, interleave_index(I, kLanes<T>, kGroup<T>, kUpper)...));
}
template <class T, bool kUpper>
ADJOINT_ALWAYS_INLINE Vec<T> interleave(Vec<T> x, Vec<T> y) {
  return interleave<T, kUpper>(x, y, std::make_index_sequence<kLanes<T>>{});
}

/// Lanes whose index has the bit `distance` clear (set): those of x, and in their places those of
/// y.
constexpr int exchange_index(int lane, int lanes, int distance, bool upper) {
  const bool from_y = (lane & distance) != 0;
  const int source = lane - (from_y ? distance : 0) + (upper ? distance : 0);
  return from_y ? lanes + source : source;
}
template <class T, int kDistance, bool kUpper, size_t... I>
ADJOINT_ALWAYS_INLINE Vec<T> exchange(Vec<T> x, Vec<T> y, std::index_sequence<I...>) {
  return Vec<T>(
      __builtin_shufflevector(x.v, y.v, exchange_index(I, kLanes<T>, kDistance, kUpper)...));
}
template <class T, int kDistance, bool kUpper>
ADJOINT_ALWAYS_INLINE Vec<T> exchange(Vec<T> x, Vec<T> y) {
  return exchange<T, kDistance, kUpper>(x, y, std::make_index_sequence<kLanes<T>>{});
}

/// The lanes of x, then those of y, in a register twice as wide.
template <class R, size_t... I>
ADJOINT_ALWAYS_INLINE auto join(R x, R y, std::index_sequence<I...>) {
  return __builtin_shufflevector(x, y, I...);
}
template <class R>
ADJOINT_ALWAYS_INLINE auto join(R x, R y) {
#if defined(__AVX__)
  // One instruction that reads y from memory, where GCC takes a shuffle between registers.
  if constexpr (sizeof(x) == 16) {
    using Wide = decltype(join(x, y, std::make_index_sequence<2 * sizeof(x) / sizeof(x[0])>{}));
    return (Wide)_mm256_insertf128_ps(_mm256_castps128_ps256((__m128)x), (__m128)y, 1);
  } else
#endif
  {
    return join(x, y, std::make_index_sequence<2 * sizeof(x) / sizeof(x[0])>{});
  }
}

/// Vector o of the result has lane i = row(i)[o], for o < kGroup: a transposed strip.
template <class T, class Row>
ADJOINT_ALWAYS_INLINE void load_transposed(const Row& row, Vec<T> (&r)[kGroup<T>]) {
  constexpr int kSize = kGroup<T>;
  const auto group = [=](int i) __attribute__((always_inline)) {
    return load_lanes<T, kSize>(row(i));
  };
#pragma GCC unroll 4
  for (int i = 0; i < kSize; ++i) {
    if constexpr (kVectorBytes == 16) {
      r[i] = group(i);
    } else if constexpr (kVectorBytes == 32) {
      r[i] = join(group(i), group(i + kSize));
    } else {
      r[i] =
          join(join(group(i), group(i + kSize)), join(group(i + 2 * kSize), group(i + 3 * kSize)));
    }
  }
  if constexpr (kSize == 4) {
    const Vec<T> a = interleave<T, false>(r[0], r[2]), b = interleave<T, true>(r[0], r[2]);
    const Vec<T> c = interleave<T, false>(r[1], r[3]), d = interleave<T, true>(r[1], r[3]);
    r[0] = interleave<T, false>(a, c);
    r[1] = interleave<T, true>(a, c);
    r[2] = interleave<T, false>(b, d);
    r[3] = interleave<T, true>(b, d);
  } else {
    const Vec<T> a = r[0], b = r[1];
    r[0] = interleave<T, false>(a, b);
    r[1] = interleave<T, true>(a, b);
  }
}

/// A vector whose lane i is the sum of all lanes of r[i]; r is used up.
template <class T, int kHalf = kLanes<T> / 2>
ADJOINT_ALWAYS_INLINE Vec<T> sum_each(Vec<T>* r) {
  if constexpr (kHalf == 0) {
    return r[0];
  } else {
#pragma GCC unroll 16
    for (int i = 0; i < kHalf; ++i) {
      if constexpr (kHalf >= kGroup<T>) {
        r[i] = exchange<T, kHalf, false>(r[i], r[i + kHalf]) +
               exchange<T, kHalf, true>(r[i], r[i + kHalf]);
      } else {
        r[i] = interleave<T, false>(r[i], r[i + kHalf]) + interleave<T, true>(r[i], r[i + kHalf]);
      }
    }
    return sum_each<T, kHalf / 2>(r);
  }
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA::gemm_detail
