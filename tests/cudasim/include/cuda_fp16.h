// SPDX-License-Identifier: MIT
// Stand-in for CUDA's header of this name: IEEE binary16, converted bit for bit as NVIDIA's does.
#pragma once

#include <vector_types.h>

#include <bit>

#include "cudasim/float16.h"

using __half = cudasim::Float16<5, 10>;
using __half_raw = cudasim::Float16Raw;
using __half2 = cudasim::Float16Pair<__half>;
using half = __half;
using half2 = __half2;

inline __half __float2half(float x) { return x; }
inline __half __float2half_rn(float x) { return x; }
inline __half __float2half_rz(float x) {
  return __half::rounded(x, cudasim::Rounding::kTowardZero);
}
inline __half __float2half_rd(float x) { return __half::rounded(x, cudasim::Rounding::kDown); }
inline __half __float2half_ru(float x) { return __half::rounded(x, cudasim::Rounding::kUp); }
inline __half __double2half(double x) { return x; }
inline __half __short2half_rn(short x) { return x; }
inline __half __ushort2half_rn(unsigned short x) { return x; }
inline __half __int2half_rn(int x) { return x; }
inline __half __uint2half_rn(unsigned x) { return x; }
inline __half __ll2half_rn(long long x) { return x; }
inline __half __ull2half_rn(unsigned long long x) { return x; }
inline float __half2float(__half x) { return x; }
inline unsigned short __half_as_ushort(__half x) { return std::bit_cast<unsigned short>(x); }
inline short __half_as_short(__half x) { return std::bit_cast<short>(x); }
inline __half __ushort_as_half(unsigned short x) { return std::bit_cast<__half>(x); }
inline __half __short_as_half(short x) { return std::bit_cast<__half>(x); }

inline __half2 make_half2(__half x, __half y) { return {x, y}; }
inline __half2 __halves2half2(__half x, __half y) { return {x, y}; }
inline __half2 __half2half2(__half x) { return {x, x}; }
inline __half2 __floats2half2_rn(float x, float y) { return {x, y}; }
inline __half2 __float2half2_rn(float x) { return {x, x}; }
inline __half2 __float22half2_rn(float2 x) { return {x.x, x.y}; }
inline float2 __half22float2(__half2 x) { return {x.x, x.y}; }
inline __half __low2half(__half2 x) { return x.x; }
inline __half __high2half(__half2 x) { return x.y; }
inline float __low2float(__half2 x) { return x.x; }
inline float __high2float(__half2 x) { return x.y; }
