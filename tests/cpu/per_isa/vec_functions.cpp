// SPDX-License-Identifier: MIT
#include "vec_functions.h"

#include "cpu/vec.h"

#define ADJOINT_STRING_(x) #x
#define ADJOINT_STRING(x) ADJOINT_STRING_(x)

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class T, class F>
ADJOINT_ALWAYS_INLINE void unary_loop(const T* in, int64_t stride, T* out, int64_t n, F f) {
  using V = Vec<T>;
  const char* from = reinterpret_cast<const char*>(in);
  for (int64_t i = 0; i < n; i += V::size) {
    const T* p = reinterpret_cast<const T*>(from + i * stride);
    bool whole = n - i >= V::size;
    int lanes = whole ? V::size : int(n - i);
    if (stride == int64_t(sizeof(T))) {
      if (whole) {
        V(f(V::load(p))).store(out + i);
      } else {
        V(f(V::load(p, lanes))).store(out + i, lanes);
      }
    } else {
      V(f(V::load_strided(p, stride, lanes))).store_strided(out + i, sizeof(T), lanes);
    }
  }
}
template <class T, class R, class F>
ADJOINT_ALWAYS_INLINE void binary_loop(const T* a, const T* b, R* out, int64_t n, F f) {
  using V = Vec<T>;
  int64_t i = 0;
  for (; i + V::size <= n; i += V::size) f(V::load(a + i), V::load(b + i)).store(out + i);
  int lanes = int(n - i);
  if (lanes > 0) f(V::load(a + i, lanes), V::load(b + i, lanes)).store(out + i, lanes);
}

#define UNARY(expression)                                                \
  [](const T* in, int64_t stride, T* out, int64_t n) {                   \
    unary_loop(in, stride, out, n, [](Vec<T> x) { return expression; }); \
  }
#define BINARY(expression)                                                    \
  [](const T* a, const T* b, auto* out, int64_t n) {                          \
    binary_loop(a, b, out, n, [](Vec<T> x, Vec<T> y) { return expression; }); \
  }

template <class T>
testing::FloatFunctions<T> float_functions() {
  testing::FloatFunctions<T> r = {};
  r.lanes = Vec<T>::size;
  r.exp = UNARY(exp(x));
  r.expm1 = UNARY(expm1(x));
  r.log = UNARY(log(x));
  r.log1p = UNARY(log1p(x));
  r.tanh = UNARY(tanh(x));
  r.erf = UNARY(erf(x));
  r.sin = UNARY(sin(x));
  r.cos = UNARY(cos(x));
  r.sqrt = UNARY(sqrt(x));
  r.abs = UNARY(abs(x));
  r.neg = UNARY(-x);
  r.floor = UNARY(floor(x));
  r.ceil = UNARY(ceil(x));
  r.round = UNARY(round(x));
  r.trunc = UNARY(trunc(x));
  r.pow = BINARY(pow(x, y));
  r.copysign = BINARY(copysign(x, y));
  return r;
}

template <class T>
testing::ArithmeticFunctions<T> arithmetic_functions() {
  testing::ArithmeticFunctions<T> r = {};
  r.lanes = Vec<T>::size;
  r.copy = UNARY(x);
  r.add = BINARY(x + y);
  r.mul = BINARY(x * y);
  r.maximum = BINARY(maximum(x, y));
  r.minimum = BINARY(minimum(x, y));
  r.eq = BINARY(x == y);
  r.ne = BINARY(x != y);
  r.lt = BINARY(x < y);
  r.le = BINARY(x <= y);
  r.gt = BINARY(x > y);
  r.ge = BINARY(x >= y);
  r.reduce_add = [](const T* in) { return reduce_add(Vec<T>::load(in)); };
  r.reduce_max = [](const T* in) { return reduce_max(Vec<T>::load(in)); };
  r.reduce_min = [](const T* in) { return reduce_min(Vec<T>::load(in)); };
  return r;
}

template <class From, class To>
void convert_loop(const From* in, To* out, int64_t n) {
  using V = Vec<float>;
  int64_t i = 0;
  for (; i + V::size <= n; i += V::size) V::load(in + i).store(out + i);
  if (i < n) V::load(in + i, int(n - i)).store(out + i, int(n - i));
}

}  // namespace

testing::VecFunctions vec_functions() {
  testing::VecFunctions r = {};
  r.isa = ADJOINT_STRING(ADJOINT_CPU_ISA);
  r.f32 = float_functions<float>();
  r.f64 = float_functions<double>();
  r.float_arithmetic = arithmetic_functions<float>();
  r.double_arithmetic = arithmetic_functions<double>();
  r.long_arithmetic = arithmetic_functions<int64_t>();
  r.int_arithmetic = arithmetic_functions<int32_t>();
  r.byte_arithmetic = arithmetic_functions<uint8_t>();
  r.bool_arithmetic = arithmetic_functions<bool>();
  r.half_to_float = convert_loop<Half, float>;
  r.half_from_float = convert_loop<float, Half>;
  r.bfloat16_to_float = convert_loop<BFloat16, float>;
  r.bfloat16_from_float = convert_loop<float, BFloat16>;
  return r;
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
