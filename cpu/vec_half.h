// SPDX-License-Identifier: MIT
// Half and BFloat16 to float and back, a register at a time: round to nearest even, NaN stays NaN,
// too large values become infinity.
#pragma once

#include "cpu/vec_memory.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

inline constexpr int kFloatLanes = kVectorBytes / 4;
using HalfRegister = Register<uint16_t, kFloatLanes>;
using FloatRegister = Register<float, kFloatLanes>;
using BitsRegister = Register<uint32_t, kFloatLanes>;

ADJOINT_ALWAYS_INLINE BitsRegister select_bits(Register<int32_t, kFloatLanes> mask, BitsRegister a,
                                               BitsRegister b) {
  return ((BitsRegister)mask & a) | (~(BitsRegister)mask & b);
}

ADJOINT_ALWAYS_INLINE FloatRegister float_from_bfloat16(HalfRegister h) {
  return (FloatRegister)(zero_extend<uint32_t, uint16_t, kFloatLanes>(h) << 16);
}

ADJOINT_ALWAYS_INLINE HalfRegister bfloat16_from_float(FloatRegister f) {
  BitsRegister bits = (BitsRegister)f;
  BitsRegister rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  BitsRegister nan = (bits >> 16) | 0x40u;
  return narrow<uint16_t, uint32_t, kFloatLanes>(select_bits(f != f, nan, rounded));
}

ADJOINT_ALWAYS_INLINE FloatRegister float_from_half(HalfRegister h) {
#if defined(__AVX512F__)
  return (FloatRegister)_mm512_cvtph_ps((__m256i)h);
#elif defined(__F16C__) && defined(__AVX2__)
  return (FloatRegister)_mm256_cvtph_ps((__m128i)h);
#else
  BitsRegister bits = __builtin_convertvector(h, BitsRegister);
  BitsRegister magnitude = bits & 0x7fffu;
  // Subnormals as integers times 2^-24, which holds also where the processor flushes subnormals.
  FloatRegister subnormal =
      __builtin_convertvector((Register<int32_t, kFloatLanes>)magnitude, FloatRegister) * 0x1p-24f;
  BitsRegister normal = (magnitude << 13) + (112u << 23);
  BitsRegister special = (magnitude << 13) | 0x7f800000u;
  BitsRegister r = select_bits(magnitude < 0x400u, (BitsRegister)subnormal, normal);
  r = select_bits(magnitude > 0x7bffu, special, r);
  return (FloatRegister)(r | ((bits & 0x8000u) << 16));
#endif
}

ADJOINT_ALWAYS_INLINE HalfRegister half_from_float(FloatRegister f) {
#if defined(__AVX512F__)
  return (HalfRegister)_mm512_cvtps_ph((__m512)f, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#elif defined(__F16C__) && defined(__AVX2__)
  return (HalfRegister)_mm256_cvtps_ph((__m256)f, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  BitsRegister bits = (BitsRegister)f;
  BitsRegister magnitude = bits & 0x7fffffffu;
  // Below 2^-14 the float adder rounds at the right bit: 0.5f has the spacing 2^-24.
  BitsRegister subnormal = (BitsRegister)((FloatRegister)magnitude + 0.5f) - 0x3f000000u;
  BitsRegister normal = (magnitude + 0xfffu + ((magnitude >> 13) & 1u) - (112u << 23)) >> 13;
  BitsRegister r = select_bits(magnitude < 0x38800000u, subnormal, normal);
  r = select_bits(magnitude >= 0x477ff000u, BitsRegister{} + 0x7c00u, r);
  BitsRegister nan = ((magnitude >> 13) & 0x3ffu) | 0x7e00u;
  r = select_bits(magnitude > 0x7f800000u, nan, r);
  return narrow<uint16_t, uint32_t, kFloatLanes>(r | ((bits >> 16) & 0x8000u));
#endif
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
