// SPDX-License-Identifier: MIT
// Vectors of the native width for the matrix product: partial access, transposes and sums.
#pragma once

#include <utility>

#include "cpu/isa.h"
#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace adjoint::cpu::ADJOINT_CPU_ISA::gemm_detail {

template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
  typedef T unaligned __attribute__((vector_size(kVectorBytes), aligned(alignof(T)), may_alias));
  typedef T group __attribute__((vector_size(16), aligned(alignof(T)), may_alias));
};
template <class T>
using Vector = typename VectorOf<T>::type;
template <class T>
inline constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));
/// Elements in 16 bytes, within which x86 shuffles cheaply.
template <class T>
inline constexpr int kGroup = 16 / static_cast<int>(sizeof(T));
template <class T>
using Group = typename VectorOf<T>::group;

template <class T>
ADJOINT_ALWAYS_INLINE Vector<T> load(const T* p) {
  return *reinterpret_cast<const typename VectorOf<T>::unaligned*>(p);
}
template <class T>
ADJOINT_ALWAYS_INLINE void store(T* p, Vector<T> v) {
  *reinterpret_cast<typename VectorOf<T>::unaligned*>(p) = v;
}

/// The first `count` lanes, 0 < count <= kLanes: the others are not touched in memory and read as
/// 0.
#if defined(__AVX512F__)
struct FirstLanes {
  unsigned mask;
  explicit ADJOINT_ALWAYS_INLINE FirstLanes(int64_t count)
      : mask((2u << static_cast<unsigned>(count - 1)) - 1) {}
  ADJOINT_ALWAYS_INLINE Vector<float> load(const float* p) const {
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>(mask), p);
  }
  ADJOINT_ALWAYS_INLINE Vector<double> load(const double* p) const {
    return _mm512_maskz_loadu_pd(static_cast<__mmask8>(mask), p);
  }
  ADJOINT_ALWAYS_INLINE void store(float* p, Vector<float> v) const {
    _mm512_mask_storeu_ps(p, static_cast<__mmask16>(mask), v);
  }
  ADJOINT_ALWAYS_INLINE void store(double* p, Vector<double> v) const {
    _mm512_mask_storeu_pd(p, static_cast<__mmask8>(mask), v);
  }
};
#elif defined(__AVX2__)
struct FirstLanes {
  __m256i mask32, mask64;
  explicit ADJOINT_ALWAYS_INLINE FirstLanes(int64_t count)
      : mask32(_mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)),
                                  _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))),
        mask64(_mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_setr_epi64x(0, 1, 2, 3))) {}
  ADJOINT_ALWAYS_INLINE Vector<float> load(const float* p) const {
    return _mm256_maskload_ps(p, mask32);
  }
  ADJOINT_ALWAYS_INLINE Vector<double> load(const double* p) const {
    return _mm256_maskload_pd(p, mask64);
  }
  ADJOINT_ALWAYS_INLINE void store(float* p, Vector<float> v) const {
    _mm256_maskstore_ps(p, mask32, v);
  }
  ADJOINT_ALWAYS_INLINE void store(double* p, Vector<double> v) const {
    _mm256_maskstore_pd(p, mask64, v);
  }
};
#else
struct FirstLanes {
  int count;
  explicit ADJOINT_ALWAYS_INLINE FirstLanes(int64_t n) : count(static_cast<int>(n)) {}
  template <class T>
  ADJOINT_ALWAYS_INLINE Vector<T> load(const T* p) const {
    Vector<T> v{};
    for (int i = 0; i < count; ++i) v[i] = p[i];
    return v;
  }
  template <class V, class T>
  ADJOINT_ALWAYS_INLINE void store(T* p, V v) const {
    for (int i = 0; i < count; ++i) p[i] = v[i];
  }
};
#endif

// Shuffles of two vectors x and y: `interleave` works inside each group, `exchange` moves whole
// groups.

/// x0 y0 x1 y1 ... of the lower (upper) half of every 16-byte group.
constexpr int interleave_index(int lane, int lanes, int group, bool upper) {
  const int source = lane / group * group + (upper ? group / 2 : 0) + lane % group / 2;
  return lane % 2 == 0 ? source : lanes + source;
}
/// Lanes whose index has the bit `distance` clear (set), gathered from x, then from y.
constexpr int exchange_index(int lane, int lanes, int distance, bool upper) {
  const bool from_y = (lane & distance) != 0;
  const int source = lane - (from_y ? distance : 0) + (upper ? distance : 0);
  return from_y ? lanes + source : source;
}

template <class T, bool kUpper, size_t... I>
ADJOINT_ALWAYS_INLINE Vector<T> interleave(Vector<T> x, Vector<T> y, std::index_sequence<I...>) {
  return __builtin_shufflevector(x, y, interleave_index(I, kLanes<T>, kGroup<T>, kUpper)...);
}
template <class T, bool kUpper>
ADJOINT_ALWAYS_INLINE Vector<T> interleave(Vector<T> x, Vector<T> y) {
  return interleave<T, kUpper>(x, y, std::make_index_sequence<kLanes<T>>{});
}
template <class T, int kDistance, bool kUpper, size_t... I>
ADJOINT_ALWAYS_INLINE Vector<T> exchange(Vector<T> x, Vector<T> y, std::index_sequence<I...>) {
  return __builtin_shufflevector(x, y, exchange_index(I, kLanes<T>, kDistance, kUpper)...);
}
template <class T, int kDistance, bool kUpper>
ADJOINT_ALWAYS_INLINE Vector<T> exchange(Vector<T> x, Vector<T> y) {
  return exchange<T, kDistance, kUpper>(x, y, std::make_index_sequence<kLanes<T>>{});
}

template <class V, size_t... I>
ADJOINT_ALWAYS_INLINE auto join(V x, V y, std::index_sequence<I...>) {
  return __builtin_shufflevector(x, y, I...);
}
/// The lanes of x, then those of y, in a vector twice as wide.
template <class V>
ADJOINT_ALWAYS_INLINE auto join(V x, V y) {
  return join(x, y, std::make_index_sequence<2 * sizeof(V) / sizeof(x[0])>{});
}

/// Vector o of the result has lane i = rows[i][offset + o]: a transposed strip of kGroup columns.
template <class T>
ADJOINT_ALWAYS_INLINE void load_transposed(const T* const* rows, int64_t offset,
                                           Vector<T> (&r)[kGroup<T>]) {
  const auto load_group = [=](int i) __attribute__((always_inline)) {
    return *reinterpret_cast<const Group<T>*>(rows[i] + offset);
  };
#pragma GCC unroll 4
  for (int i = 0; i < kGroup<T>; ++i) {
    if constexpr (kVectorBytes == 16) {
      r[i] = load_group(i);
    } else if constexpr (kVectorBytes == 32) {
      r[i] = join(load_group(i), load_group(i + kGroup<T>));
    } else {
      r[i] = join(join(load_group(i), load_group(i + kGroup<T>)),
                  join(load_group(i + 2 * kGroup<T>), load_group(i + 3 * kGroup<T>)));
    }
  }
  if constexpr (kGroup<T> == 4) {
    const Vector<T> a = interleave<T, false>(r[0], r[2]), b = interleave<T, true>(r[0], r[2]);
    const Vector<T> c = interleave<T, false>(r[1], r[3]), d = interleave<T, true>(r[1], r[3]);
    r[0] = interleave<T, false>(a, c);
    r[1] = interleave<T, true>(a, c);
    r[2] = interleave<T, false>(b, d);
    r[3] = interleave<T, true>(b, d);
  } else {
    const Vector<T> a = r[0], b = r[1];
    r[0] = interleave<T, false>(a, b);
    r[1] = interleave<T, true>(a, b);
  }
}

/// A vector whose lane i is the sum of all lanes of r[i]; r is used up.
template <class T, int kHalf = kLanes<T> / 2>
ADJOINT_ALWAYS_INLINE Vector<T> sum_each(Vector<T>* r) {
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
