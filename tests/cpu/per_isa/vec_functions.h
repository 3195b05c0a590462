// SPDX-License-Identifier: MIT
// The vector functions of one instruction set behind plain pointers, so that a test that is
// compiled for every processor can call them.
#pragma once

#include <cstdint>

#include "adjoint/half.h"

namespace adjoint::testing {

/// Elementwise on n elements; the stride of the input is in bytes.
template <class T>
using UnaryLoop = void (*)(const T* in, int64_t stride, T* out, int64_t n);
template <class T>
using BinaryLoop = void (*)(const T* a, const T* b, T* out, int64_t n);
template <class T>
using CompareLoop = void (*)(const T* a, const T* b, bool* out, int64_t n);
/// Of one register of `lanes` elements.
template <class T>
using Fold = T (*)(const T* in);

template <class T>
struct FloatFunctions {
  int lanes;
  UnaryLoop<T> exp, expm1, log, log1p, tanh, erf, sin, cos;
  UnaryLoop<T> sqrt, abs, neg, floor, ceil, round, trunc;
  BinaryLoop<T> pow, copysign;
};

template <class T>
struct ArithmeticFunctions {
  int lanes;
  UnaryLoop<T> copy;
  BinaryLoop<T> add, mul, maximum, minimum;
  CompareLoop<T> eq, ne, lt, le, gt, ge;
  Fold<T> reduce_add, reduce_max, reduce_min;
};

struct VecFunctions {
  const char* isa;
  FloatFunctions<float> f32;
  FloatFunctions<double> f64;
  ArithmeticFunctions<float> float_arithmetic;
  ArithmeticFunctions<double> double_arithmetic;
  ArithmeticFunctions<int64_t> long_arithmetic;
  ArithmeticFunctions<int32_t> int_arithmetic;
  ArithmeticFunctions<uint8_t> byte_arithmetic;
  ArithmeticFunctions<bool> bool_arithmetic;
  void (*half_to_float)(const Half* in, float* out, int64_t n);
  void (*half_from_float)(const float* in, Half* out, int64_t n);
  void (*bfloat16_to_float)(const BFloat16* in, float* out, int64_t n);
  void (*bfloat16_from_float)(const float* in, BFloat16* out, int64_t n);
};

}  // namespace adjoint::testing
