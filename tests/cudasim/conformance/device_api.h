// SPDX-License-Identifier: MIT
// What device code and launches are written with.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <bit>
#include <cstdint>

#include "statements.h"

// ---- Vectors
#define VECTOR2(name, T, align)                                                 \
  static_assert(sizeof(name##2) == 2 * sizeof(T) && alignof(name##2) == align); \
  FIELD(name##2, y, T);                                                         \
  CALL(name##2, make_##name##2(1, 2))
#define VECTOR4(name, T, align)                                                 \
  static_assert(sizeof(name##4) == 4 * sizeof(T) && alignof(name##4) == align); \
  FIELD(name##4, w, T);                                                         \
  CALL(name##4, make_##name##4(1, 2, 3, 4))
VECTOR2(char, signed char, 2);
VECTOR4(char, signed char, 4);
VECTOR2(uchar, unsigned char, 2);
VECTOR4(uchar, unsigned char, 4);
VECTOR2(short, short, 4);
VECTOR4(short, short, 8);
VECTOR2(ushort, unsigned short, 4);
VECTOR4(ushort, unsigned short, 8);
VECTOR2(int, int, 8);
VECTOR4(int, int, 16);
VECTOR2(uint, unsigned, 8);
VECTOR4(uint, unsigned, 16);
VECTOR2(float, float, 8);
VECTOR4(float, float, 16);
VECTOR2(longlong, long long, 16);
VECTOR2(ulonglong, unsigned long long, 16);
VECTOR2(double, double, 16);
static_assert(dim3(2).x == 2 && dim3(2).y == 1 && dim3(2, 3).z == 1);

// ---- 16-bit floating point
#define FLOAT16(T)                                                                     \
  static_assert(sizeof(T) == 2 && alignof(T) == 2 && std::is_trivially_copyable_v<T>); \
  CALL(bool, std::declval<T>() == std::declval<T>());                                  \
  CALL(bool, std::declval<T>() < std::declval<T>());                                   \
  CALL(bool, __hisnan(std::declval<T>()));                                             \
  CALL(float, float(std::declval<T>()));                                               \
  CALL(T, std::declval<T>() + std::declval<T>());                                      \
  CALL(T, -std::declval<T>());                                                         \
  CALL(T, __habs(std::declval<T>()));                                                  \
  CALL(T, T(1.5f));                                                                    \
  CALL(T, T(1.5));                                                                     \
  CALL(T, T(1));                                                                       \
  CALL(T, std::bit_cast<T>(uint16_t()))
FLOAT16(__half);
FLOAT16(__nv_bfloat16);
FIELD(__half_raw, x, unsigned short);
FIELD(__nv_bfloat16_raw, x, unsigned short);
FIELD(__half2, x, __half);
FIELD(__nv_bfloat162, y, __nv_bfloat16);
static_assert(sizeof(__half2) == 4 && alignof(__half2) == 4);
static_assert(sizeof(__nv_bfloat162) == 4 && alignof(__nv_bfloat162) == 4);
CALL(__half, __float2half(1.0f));
CALL(__half, __float2half_rn(1.0f));
CALL(__half, __float2half_rz(1.0f));
CALL(__half, __double2half(1.0));
CALL(__half, __int2half_rn(1));
CALL(__half, __ll2half_rn(1));
CALL(__half, __ushort_as_half(1));
CALL(unsigned short, __half_as_ushort(__half()));
CALL(float, __half2float(__half()));
CALL(__half2, __floats2half2_rn(1.0f, 2.0f));
CALL(__half2, __float22half2_rn(float2()));
CALL(__half2, __halves2half2(__half(), __half()));
CALL(__half2, __half2half2(__half()));
CALL(__half2, make_half2(__half(), __half()));
CALL(float2, __half22float2(__half2()));
CALL(float, __low2float(__half2()));
CALL(__half, __high2half(__half2()));
CALL(__nv_bfloat16, __float2bfloat16(1.0f));
CALL(__nv_bfloat16, __float2bfloat16_rn(1.0f));
CALL(__nv_bfloat16, __float2bfloat16_rz(1.0f));
CALL(__nv_bfloat16, __double2bfloat16(1.0));
CALL(__nv_bfloat16, __int2bfloat16_rn(1));
CALL(__nv_bfloat16, __ll2bfloat16_rn(1));
CALL(__nv_bfloat16, __ushort_as_bfloat16(1));
CALL(unsigned short, __bfloat16_as_ushort(__nv_bfloat16()));
CALL(float, __bfloat162float(__nv_bfloat16()));
CALL(__nv_bfloat162, __floats2bfloat162_rn(1.0f, 2.0f));
CALL(__nv_bfloat162, __float22bfloat162_rn(float2()));
CALL(__nv_bfloat162, __halves2bfloat162(__nv_bfloat16(), __nv_bfloat16()));
CALL(__nv_bfloat162, __bfloat162bfloat162(__nv_bfloat16()));
CALL(__nv_bfloat162, make_bfloat162(__nv_bfloat16(), __nv_bfloat16()));
CALL(float2, __bfloat1622float2(__nv_bfloat162()));
CALL(float, __low2float(__nv_bfloat162()));
CALL(__nv_bfloat16, __high2bfloat16(__nv_bfloat162()));

// ---- Kernels
struct Parameters {
  const float* in;
  float* out;
  int sizes[8];
};
template <class T>
__global__ void __launch_bounds__(256)
    kernel(const __grid_constant__ Parameters p, T* out, int64_t n) {
  static_assert(std::is_same_v<decltype(threadIdx.x), unsigned> &&
                std::is_same_v<std::remove_cv_t<decltype(warpSize)>, int>);
  __syncthreads();
  __syncwarp();
  __syncwarp(0xffu);
  __threadfence();
  const unsigned all = 0xffffffffu;
  T x = T(blockIdx.x * blockDim.x + threadIdx.x + gridDim.x);
  x = __shfl_sync(all, x, 1) + __shfl_up_sync(all, x, 1) + __shfl_down_sync(all, x, 1, 16);
  x += __shfl_xor_sync(all, x, 1);
  x += T(__ballot_sync(all, x > T(0))) + T(__any_sync(all, 1)) + T(__all_sync(all, 1));
  x += T(__syncthreads_count(1) + __syncthreads_and(1) + __syncthreads_or(0));
  x += T(__reduce_add_sync(all, unsigned(x)) + __reduce_max_sync(all, int(x)));
  x += T(__match_any_sync(all, unsigned(x)));
  CALL(unsigned, __ballot_sync(all, 1));
  CALL(int, __any_sync(all, 1));
  CALL(int, __syncthreads_count(1));
  *out = n > 0 ? x : T(p.in[p.sizes[0]]);
}

__global__ void atomics(int* i, unsigned* u, unsigned long long* ull, float* f, double* d) {
  CALL(int, atomicAdd(i, 1));
  CALL(unsigned, atomicAdd(u, 1u));
  CALL(unsigned long long, atomicAdd(ull, 1ull));
  CALL(float, atomicAdd(f, 1.0f));
  CALL(double, atomicAdd(d, 1.0));
  CALL(unsigned, atomicInc(u, 1u));
  CALL(unsigned, atomicDec(u, 1u));
  CALL(int, atomicMax(i, 1));
  CALL(int, atomicMin(i, 1));
  CALL(unsigned, atomicOr(u, 1u));
  CALL(unsigned, atomicAnd(u, 1u));
  CALL(unsigned, atomicXor(u, 1u));
  CALL(int, atomicExch(i, 1));
  CALL(unsigned, atomicCAS(u, 1u, 2u));
  CALL(unsigned long long, atomicCAS(ull, 1ull, 2ull));
}

__device__ inline void intrinsics(const float4* p, float4* q) {
  CALL(unsigned, __umulhi(1u, 2u));
  CALL(unsigned long long, __umul64hi(1ull, 2ull));
  CALL(int, __mulhi(1, 2));
  CALL(int, __popc(1u));
  CALL(int, __popcll(1ull));
  CALL(int, __clz(1));
  CALL(int, __clzll(1ll));
  CALL(int, __ffs(1));
  CALL(unsigned, __brev(1u));
  CALL(unsigned, __funnelshift_l(1u, 2u, 3u));
  CALL(unsigned, __byte_perm(1u, 2u, 3u));
  CALL(float, __ldg(static_cast<const float*>(nullptr)));
  CALL(float4, __ldg(p));
  CALL(float4, __ldcs(p));
  CALL(void, __stcs(q, float4()));
  CALL(int, __float_as_int(1.0f));
  CALL(unsigned, __float_as_uint(1.0f));
  CALL(float, __uint_as_float(1u));
  CALL(long long, __double_as_longlong(1.0));
  CALL(double, __longlong_as_double(1ll));
  CALL(float, __fmaf_rn(1.0f, 2.0f, 3.0f));
  CALL(float, __frcp_rn(1.0f));
  CALL(float, __fdividef(1.0f, 2.0f));
  CALL(float, rsqrtf(1.0f));
  CALL(float, fmaxf(1.0f, 2.0f));
  CALL(float, expf(1.0f));
  CALL(int, min(1, 2));
  CALL(long long, max(1ll, 2ll));
}

inline cudaError_t launches(cudaStream_t stream) {
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(1, 2, 3);
  config.blockDim = dim3(32);
  config.dynamicSmemBytes = 0;
  config.stream = stream;
  int n = 3;
  return cudaLaunchKernelEx(&config, kernel<float>, Parameters{}, nullptr, n);
}
