// SPDX-License-Identifier: MIT
// Draws of Philox (core/math/philox.h) in batches, for kernels that fill tensors with them.
#pragma once

#include "core/math/philox.h"
#include "core/math/philox_state.h"
#include "cpu/parallel.h"
#include "cpu/vec.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

/// Draws are made so many at a time.
inline constexpr int kDrawBatch = 64;

/// The product of the lower halves of 64-bit lanes.
template <class L>
ADJOINT_ALWAYS_INLINE L multiply_words(L a, uint64_t b) {
#if defined(__AVX512F__)
  return (L)_mm512_mul_epu32((__m512i)a, _mm512_set1_epi64(int64_t(b)));
#elif defined(__AVX2__)
  return (L)_mm256_mul_epu32((__m256i)a, _mm256_set1_epi64x(int64_t(b)));
#else
  return a * b;
#endif
}

/// Lanes of a and b by turns: those of the first half for kHalf 0, of the second for 1.
template <int kHalf, class R, int... I>
ADJOINT_ALWAYS_INLINE R interleave(R a, R b, std::integer_sequence<int, I...>) {
  constexpr int n = sizeof...(I);
  return __builtin_shufflevector(a, b, (I / 2 + kHalf * (n / 2) + (I % 2) * n)...);
}
/// The even (0) or odd (1) lanes of a and then of b.
template <int kOdd, class R, int... I>
ADJOINT_ALWAYS_INLINE R every_other(R a, R b, std::integer_sequence<int, I...>) {
  return __builtin_shufflevector(a, b, (2 * I + kOdd)...);
}

ADJOINT_ALWAYS_INLINE void draw_batch(const PhiloxState& state, int64_t batch, uint32_t* draws) {
  constexpr int n = kVectorBytes / 8;
  using L = Register<uint64_t, n>;
  constexpr std::make_integer_sequence<int, n> lanes;
  L lane;
  for (int i = 0; i < n; ++i) lane[i] = uint64_t(i);
  uint64_t block = state.offset + uint64_t(batch) * (kDrawBatch / 4);
  for (int i = 0; i < kDrawBatch; i += 4 * n, block += n) {
    L counter = lane + block;
    L x0 = counter & 0xffffffffu, x1 = counter >> 32, x2 = {}, x3 = {};
    math::philox_rounds(x0, x1, x2, x3, state.seed,
                        [](L a, uint64_t b) { return multiply_words(a, b); });
    L lower = x0 | x1 << 32, upper = x2 | x3 << 32;
    L first = interleave<0>(lower, upper, lanes), second = interleave<1>(lower, upper, lanes);
    __builtin_memcpy(draws + i, &first, sizeof first);
    __builtin_memcpy(draws + i + 2 * n, &second, sizeof second);
  }
}

/// Calls f(first, n, draws) for pieces of numel elements, each of which takes kDraws draws.
template <int kDraws, class F>
void for_each_batch(const PhiloxState& state, int64_t numel, const F& f) {
  constexpr int64_t size = kDrawBatch / kDraws;
  parallel_for(0, (numel + size - 1) / size, 64, [&](int64_t begin, int64_t end) {
    alignas(64) uint32_t draws[kDrawBatch];
    for (int64_t batch = begin; batch < end; ++batch) {
      draw_batch(state, batch, draws);
      int64_t first = batch * size;
      f(first, numel - first < size ? int(numel - first) : int(size), draws);
    }
  });
}

/// Uniform in [0, 1) in steps of 2^-kBits.
template <class C, int kBits>
ADJOINT_ALWAYS_INLINE Vec<C> uniform_lanes(Register<uint32_t, Vec<C>::size> bits) requires(
    __is_same(C, float)) {
  auto steps = (Vec<int32_t>::Reg)(bits >> (32 - kBits));
  return convert<float>(Vec<int32_t>(steps)) * Vec<float>(1.0f / float(1 << kBits));
}
template <class C, int kBits>
ADJOINT_ALWAYS_INLINE Vec<C> uniform_lanes(Register<uint64_t, Vec<C>::size> bits) requires(
    __is_same(C, double)) {
  auto steps = (Vec<int64_t>::Reg)(bits >> (64 - kBits));
  return convert<double>(Vec<int64_t>(steps)) * Vec<double>(1.0 / double(int64_t(1) << kBits));
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
