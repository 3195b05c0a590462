// SPDX-License-Identifier: MIT
// Compiled twice: with the stand-ins' headers as stand_in_values, with NVIDIA's as nvidia_values.
#include "half_values.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstring>

namespace {

template <class T, class U>
T bits_as(U value) {
  static_assert(sizeof(T) == sizeof(U));
  T result;
  std::memcpy(static_cast<void*>(&result), &value, sizeof(T));
  return result;
}
__half h(uint16_t bits) { return bits_as<__half>(bits); }
__nv_bfloat16 b(uint16_t bits) { return bits_as<__nv_bfloat16>(bits); }
template <class T>
uint16_t bits_of(T value) {
  return bits_as<uint16_t>(value);
}

}  // namespace

HeaderValues VALUES_OF_HEADERS();
HeaderValues VALUES_OF_HEADERS() {
  HeaderValues values{};
  values.half = {
      .to_float = [](uint16_t x) { return __half2float(h(x)); },
      .from_float = {[](float x) { return bits_of(__float2half(x)); },
                     [](float x) { return bits_of(__float2half_rn(x)); },
                     [](float x) { return bits_of(__float2half_rz(x)); },
                     [](float x) { return bits_of(__float2half_rd(x)); },
                     [](float x) { return bits_of(__float2half_ru(x)); }},
      .from_double = [](double x) { return bits_of(__double2half(x)); },
      .from_int = [](int x) { return bits_of(__int2half_rn(x)); },
      .from_unsigned = [](unsigned x) { return bits_of(__uint2half_rn(x)); },
      .from_int64 = [](long long x) { return bits_of(__ll2half_rn(x)); },
      .from_uint64 = [](unsigned long long x) { return bits_of(__ull2half_rn(x)); },
      .add = [](uint16_t x, uint16_t y) { return bits_of(h(x) + h(y)); },
      .subtract = [](uint16_t x, uint16_t y) { return bits_of(h(x) - h(y)); },
      .multiply = [](uint16_t x, uint16_t y) { return bits_of(h(x) * h(y)); },
      .divide = [](uint16_t x, uint16_t y) { return bits_of(h(x) / h(y)); },
      .negate = [](uint16_t x) { return bits_of(-h(x)); },
      .less = [](uint16_t x, uint16_t y) { return h(x) < h(y); },
      .equal = [](uint16_t x, uint16_t y) { return h(x) == h(y); },
      .is_nan = [](uint16_t x) { return __hisnan(h(x)); },
      .is_inf = [](uint16_t x) { return __hisinf(h(x)); },
      .pair_from_floats = [](float x,
                             float y) { return bits_as<uint32_t>(__floats2half2_rn(x, y)); },
  };
  values.bfloat16 = {
      .to_float = [](uint16_t x) { return __bfloat162float(b(x)); },
      .from_float = {[](float x) { return bits_of(__float2bfloat16(x)); },
                     [](float x) { return bits_of(__float2bfloat16_rn(x)); },
                     [](float x) { return bits_of(__float2bfloat16_rz(x)); },
                     [](float x) { return bits_of(__float2bfloat16_rd(x)); },
                     [](float x) { return bits_of(__float2bfloat16_ru(x)); }},
      .from_double = [](double x) { return bits_of(__double2bfloat16(x)); },
      .from_int = [](int x) { return bits_of(__int2bfloat16_rn(x)); },
      .from_unsigned = [](unsigned x) { return bits_of(__uint2bfloat16_rn(x)); },
      .from_int64 = [](long long x) { return bits_of(__ll2bfloat16_rn(x)); },
      .from_uint64 = [](unsigned long long x) { return bits_of(__ull2bfloat16_rn(x)); },
      .add = [](uint16_t x, uint16_t y) { return bits_of(b(x) + b(y)); },
      .subtract = [](uint16_t x, uint16_t y) { return bits_of(b(x) - b(y)); },
      .multiply = [](uint16_t x, uint16_t y) { return bits_of(b(x) * b(y)); },
      .divide = [](uint16_t x, uint16_t y) { return bits_of(b(x) / b(y)); },
      .negate = [](uint16_t x) { return bits_of(-b(x)); },
      .less = [](uint16_t x, uint16_t y) { return b(x) < b(y); },
      .equal = [](uint16_t x, uint16_t y) { return b(x) == b(y); },
      .is_nan = [](uint16_t x) { return __hisnan(b(x)); },
      .is_inf = [](uint16_t x) { return __hisinf(b(x)); },
      .pair_from_floats = [](float x,
                             float y) { return bits_as<uint32_t>(__floats2bfloat162_rn(x, y)); },
  };
  return values;
}
