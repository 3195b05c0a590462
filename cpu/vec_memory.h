// SPDX-License-Identifier: MIT
// Moving N elements between memory and a (sub)register: whole, first n lanes, strided.
#pragma once

#include <utility>

#include "adjoint/half.h"
#include "cpu/isa.h"

#if defined(__x86_64__)
// GCC 12 takes the deliberately undefined operand of its own AVX-512 intrinsics for a mistake.
#pragma GCC diagnostic push
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#pragma GCC diagnostic pop
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace adjoint::cpu::ADJOINT_CPU_ISA {

/// The arithmetic type that stands for the stored type S in a register.
template <class S>
struct LaneOf {
  using type = S;
};
template <>
struct LaneOf<bool> {
  using type = uint8_t;
};
template <>
struct LaneOf<Half> {
  using type = uint16_t;
};
template <>
struct LaneOf<BFloat16> {
  using type = uint16_t;
};
template <class S>
using lane_t = typename LaneOf<S>::type;

/// A GNU vector of N lanes of the arithmetic type L.
template <class L, int N>
struct RegisterOf {
  typedef L type __attribute__((vector_size(N * sizeof(L))));
};
template <class L, int N>
using Register = typename RegisterOf<L, N>::type;

template <int Bytes>
struct IntOf;
template <>
struct IntOf<1> {
  using type = int8_t;
};
template <>
struct IntOf<2> {
  using type = int16_t;
};
template <>
struct IntOf<4> {
  using type = int32_t;
};
template <>
struct IntOf<8> {
  using type = int64_t;
};

template <class S, int N>
ADJOINT_ALWAYS_INLINE Register<lane_t<S>, N> load_lanes(const S* p) {
  Register<lane_t<S>, N> r;
  __builtin_memcpy(&r, p, sizeof r);
  return r;
}

template <class S, int N>
ADJOINT_ALWAYS_INLINE void store_lanes(S* p, Register<lane_t<S>, N> r) {
  __builtin_memcpy(p, &r, sizeof r);
}

#if defined(__AVX512F__)
/// n one bits from below; n up to the width of the mask.
ADJOINT_ALWAYS_INLINE uint64_t first_bits(int n) { return _bzhi_u64(~uint64_t(0), unsigned(n)); }
#elif defined(__AVX2__)
ADJOINT_ALWAYS_INLINE __m256i first_lanes_4(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
ADJOINT_ALWAYS_INLINE __m256i first_lanes_8(int n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}
#endif

/// The first n <= N lanes come from memory, the others are zero; nothing behind them is read.
template <class S, int N>
ADJOINT_ALWAYS_INLINE Register<lane_t<S>, N> load_lanes(const S* p, int n) {
  using R = Register<lane_t<S>, N>;
#if defined(__AVX512F__)
  if constexpr (sizeof(R) == 64 && sizeof(S) == 8) {
    return (R)_mm512_maskz_loadu_epi64(__mmask8(first_bits(n)), p);
  } else if constexpr (sizeof(R) == 64 && sizeof(S) == 4) {
    return (R)_mm512_maskz_loadu_epi32(__mmask16(first_bits(n)), p);
  } else if constexpr (sizeof(R) == 64) {
    return (R)_mm512_maskz_loadu_epi8(first_bits(n * int(sizeof(S))), p);
  } else if constexpr (sizeof(R) == 32) {
    return (R)_mm256_maskz_loadu_epi8(__mmask32(first_bits(n * int(sizeof(S)))), p);
  } else if constexpr (sizeof(R) == 16) {
    return (R)_mm_maskz_loadu_epi8(__mmask16(first_bits(n * int(sizeof(S)))), p);
  }
#elif defined(__AVX2__)
  if constexpr (sizeof(R) == 32 && sizeof(S) == 8) {
    return (R)_mm256_maskload_epi64((const long long*)p, first_lanes_8(n));
  } else if constexpr (sizeof(R) == 32 && sizeof(S) == 4) {
    return (R)_mm256_maskload_epi32((const int*)p, first_lanes_4(n));
  }
#endif
  R r = {};
  __builtin_memcpy(&r, p, size_t(n) * sizeof(S));
  return r;
}

template <class S, int N>
ADJOINT_ALWAYS_INLINE void store_lanes(S* p, Register<lane_t<S>, N> r, int n) {
#if defined(__AVX512F__)
  if constexpr (sizeof r == 64 && sizeof(S) == 8) {
    return _mm512_mask_storeu_epi64(p, __mmask8(first_bits(n)), (__m512i)r);
  } else if constexpr (sizeof r == 64 && sizeof(S) == 4) {
    return _mm512_mask_storeu_epi32(p, __mmask16(first_bits(n)), (__m512i)r);
  } else if constexpr (sizeof r == 64) {
    return _mm512_mask_storeu_epi8(p, first_bits(n * int(sizeof(S))), (__m512i)r);
  } else if constexpr (sizeof r == 32) {
    return _mm256_mask_storeu_epi8(p, __mmask32(first_bits(n * int(sizeof(S)))), (__m256i)r);
  } else if constexpr (sizeof r == 16) {
    return _mm_mask_storeu_epi8(p, __mmask16(first_bits(n * int(sizeof(S)))), (__m128i)r);
  }
#elif defined(__AVX2__)
  // By pieces: masked stores to memory are slow on several processors.
  if constexpr (sizeof r == 32 && sizeof(S) >= 4) {
    auto* to = reinterpret_cast<char*>(p);
    const int bytes = n * int(sizeof(S));
    __m128i low = _mm256_castsi256_si128((__m256i)r);
    if (bytes & 32) __builtin_memcpy(to, &r, 32);
    if (bytes & 16) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), low);
      low = _mm256_extracti128_si256((__m256i)r, 1);
      to += 16;
    }
    if (bytes & 8) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to), low);
      low = _mm_unpackhi_epi64(low, low);
      to += 8;
    }
    if (bytes & 4) {
      const int last = _mm_cvtsi128_si32(low);
      __builtin_memcpy(to, &last, 4);
    }
    return;
  }
#endif
  __builtin_memcpy(p, &r, size_t(n) * sizeof(S));
}

/// Unsigned lanes widened to twice to eight times their size, which GCC 12 does lane by lane.
template <class To, class From, int N>
ADJOINT_ALWAYS_INLINE Register<To, N> zero_extend(Register<From, N> lanes) {
  using R [[maybe_unused]] = Register<To, N>;
#if defined(__AVX512F__)
  if constexpr (sizeof(R) == 64 && sizeof(To) == 4) {
    if constexpr (sizeof(From) == 2) return (R)_mm512_cvtepu16_epi32((__m256i)lanes);
    if constexpr (sizeof(From) == 1) return (R)_mm512_cvtepu8_epi32((__m128i)lanes);
  } else if constexpr (sizeof(R) == 64 && sizeof(To) == 8 && sizeof(From) == 1) {
    return (R)_mm512_cvtepu8_epi64(_mm_cvtsi64_si128((int64_t)lanes));
  }
#elif defined(__AVX2__)
  if constexpr (sizeof(R) == 32 && sizeof(To) == 4) {
    if constexpr (sizeof(From) == 2) return (R)_mm256_cvtepu16_epi32((__m128i)lanes);
    if constexpr (sizeof(From) == 1) {
      return (R)_mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)lanes));
    }
  } else if constexpr (sizeof(R) == 32 && sizeof(To) == 8 && sizeof(From) == 1) {
    return (R)_mm256_cvtepu8_epi64(_mm_cvtsi32_si128((int32_t)lanes));
  }
#endif
  return __builtin_convertvector(lanes, Register<To, N>);
}

/// Lanes cut down to their low bits: to half or less of their size, which GCC 12 does by detours.
/// Lanes wider than `To` hold numbers that fit.
template <class To, class From, int N>
ADJOINT_ALWAYS_INLINE Register<To, N> narrow(Register<From, N> lanes) {
  using R [[maybe_unused]] = Register<To, N>;
#if defined(__AVX512F__)
  if constexpr (sizeof lanes == 64 && sizeof(From) == 4) {
    if constexpr (sizeof(To) == 2) return (R)_mm512_cvtepi32_epi16((__m512i)lanes);
    if constexpr (sizeof(To) == 1) return (R)_mm512_cvtepi32_epi8((__m512i)lanes);
  } else if constexpr (sizeof lanes == 64 && sizeof(From) == 8 && sizeof(To) == 1) {
    return (R)_mm_cvtsi128_si64(_mm512_cvtepi64_epi8((__m512i)lanes));
  }
#elif defined(__AVX2__)
  if constexpr (sizeof lanes == 32 && sizeof(From) == 4 && sizeof(To) <= 2) {
    const __m128i words = _mm_packus_epi32(_mm256_castsi256_si128((__m256i)lanes),
                                           _mm256_extracti128_si256((__m256i)lanes, 1));
    if constexpr (sizeof(To) == 2) return (R)words;
    if constexpr (sizeof(To) == 1) return (R)_mm_cvtsi128_si64(_mm_packus_epi16(words, words));
  }
#endif
  return __builtin_convertvector(lanes, Register<To, N>);
}

/// N elements, every second one: the even lanes of the first half, and the odd ones of a second
/// half that ends with the last element.
template <class S, int N, int... I>
ADJOINT_ALWAYS_INLINE Register<lane_t<S>, N> every_second(const S* p,
                                                          std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(load_lanes<S, N>(p), load_lanes<S, N>(p + N - 1),
                                 (I < N / 2 ? 2 * I : 2 * I + 1)...);
}

/// As load_lanes, with `stride` bytes (any, also 0 and negative) between neighbouring elements.
template <class S, int N>
ADJOINT_ALWAYS_INLINE Register<lane_t<S>, N> load_lanes_strided(const S* p, int64_t stride, int n) {
  using L = lane_t<S>;
  if constexpr (N >= 4) {
    if (stride == 2 * int64_t(sizeof(L)) && n == N) {
      return every_second<S, N>(p, std::make_integer_sequence<int, N>());
    }
  }
  alignas(sizeof(Register<L, N>)) L lanes[N] = {};
  const char* from = reinterpret_cast<const char*>(p);
  for (int i = 0; i < n; ++i) __builtin_memcpy(&lanes[i], from + i * stride, sizeof(L));
  Register<L, N> r;
  __builtin_memcpy(&r, lanes, sizeof r);
  return r;
}

template <class S, int N>
ADJOINT_ALWAYS_INLINE void store_lanes_strided(S* p, int64_t stride, Register<lane_t<S>, N> r,
                                               int n) {
  using L = lane_t<S>;
  alignas(sizeof r) L lanes[N];
  __builtin_memcpy(lanes, &r, sizeof r);
  char* to = reinterpret_cast<char*>(p);
  for (int i = 0; i < n; ++i) __builtin_memcpy(to + i * stride, &lanes[i], sizeof(L));
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
