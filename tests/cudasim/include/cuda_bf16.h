// SPDX-License-Identifier: MIT
// Stand-in for CUDA's header of this name: bfloat16, converted bit for bit as NVIDIA's does.
#pragma once

#include <vector_types.h>

#include <bit>

#include "cudasim/float16.h"

using __nv_bfloat16 = cudasim::Float16<8, 7>;
using __nv_bfloat16_raw = cudasim::Float16Raw;
using __nv_bfloat162 = cudasim::Float16Pair<__nv_bfloat16>;
using nv_bfloat16 = __nv_bfloat16;
using nv_bfloat162 = __nv_bfloat162;

inline __nv_bfloat16 __float2bfloat16(float x) { return x; }
inline __nv_bfloat16 __float2bfloat16_rn(float x) { return x; }
inline __nv_bfloat16 __float2bfloat16_rz(float x) {
  return __nv_bfloat16::rounded(x, cudasim::Rounding::kTowardZero);
}
inline __nv_bfloat16 __float2bfloat16_rd(float x) {
  return __nv_bfloat16::rounded(x, cudasim::Rounding::kDown);
}
inline __nv_bfloat16 __float2bfloat16_ru(float x) {
  return __nv_bfloat16::rounded(x, cudasim::Rounding::kUp);
}
inline __nv_bfloat16 __double2bfloat16(double x) { return x; }
inline __nv_bfloat16 __short2bfloat16_rn(short x) { return x; }
inline __nv_bfloat16 __ushort2bfloat16_rn(unsigned short x) { return x; }
inline __nv_bfloat16 __int2bfloat16_rn(int x) { return x; }
inline __nv_bfloat16 __uint2bfloat16_rn(unsigned x) { return x; }
inline __nv_bfloat16 __ll2bfloat16_rn(long long x) { return x; }
inline __nv_bfloat16 __ull2bfloat16_rn(unsigned long long x) { return x; }
inline float __bfloat162float(__nv_bfloat16 x) { return x; }
inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 x) {
  return std::bit_cast<unsigned short>(x);
}
inline short __bfloat16_as_short(__nv_bfloat16 x) { return std::bit_cast<short>(x); }
inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short x) {
  return std::bit_cast<__nv_bfloat16>(x);
}
inline __nv_bfloat16 __short_as_bfloat16(short x) { return std::bit_cast<__nv_bfloat16>(x); }

inline __nv_bfloat162 make_bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) { return {x, y}; }
inline __nv_bfloat162 __halves2bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) { return {x, y}; }
inline __nv_bfloat162 __bfloat162bfloat162(__nv_bfloat16 x) { return {x, x}; }
inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y) { return {x, y}; }
inline __nv_bfloat162 __float2bfloat162_rn(float x) { return {x, x}; }
inline __nv_bfloat162 __float22bfloat162_rn(float2 x) { return {x.x, x.y}; }
inline float2 __bfloat1622float2(__nv_bfloat162 x) { return {x.x, x.y}; }
inline __nv_bfloat16 __low2bfloat16(__nv_bfloat162 x) { return x.x; }
inline __nv_bfloat16 __high2bfloat16(__nv_bfloat162 x) { return x.y; }
inline float __low2float(__nv_bfloat162 x) { return x.x; }
inline float __high2float(__nv_bfloat162 x) { return x.y; }
