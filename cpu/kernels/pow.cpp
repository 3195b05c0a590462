// SPDX-License-Identifier: MIT
// Powers.
#include "adjoint/op_registry.h"
#include "core/math/binary.h"
#include "cpu/loops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class S, class F>
void map_base(const TensorIterator& iter, const F& f) {
  elementwise<opmath_t<S>, S(S, S)>(iter, [&](auto x, auto) { return f(x); });
}

// Exponents that are one number and have a formula with pow's values, also the special ones.
template <class S>
bool pow_by_formula(const TensorIterator& iter) {
  if (!iter.is_scalar_operand(2)) return false;
  using V = Vec<opmath_t<S>>;
  const float exponent = float(iter.scalar<S>(2));
  if (exponent == 1) {
    map_base<S>(iter, [](V x) { return x; });
  } else if (exponent == 2) {
    map_base<S>(iter, [](V x) { return x * x; });
  } else if (exponent == 3) {
    map_base<S>(iter, [](V x) { return x * x * x; });
  } else if (exponent == -1) {
    map_base<S>(iter, [](V x) { return V(1) / x; });
  } else if (exponent == 0.5f) {
    // pow(-0, 0.5) is 0 and pow(-inf, 0.5) is inf.
    constexpr auto inf = __builtin_inf();
    map_base<S>(iter, [](V x) { return where(x == V(-inf), V(inf), sqrt(x + V(0))); });
  } else {
    return false;
  }
  return true;
}

template <class S>
void pow_floating(const TensorIterator& iter) {
  if (pow_by_formula<S>(iter)) return;
  elementwise<opmath_t<S>, S(S, S)>(
      iter, [](auto a, auto b) { return math::Pow{}.forward(a, b); }, kCostlyGrain);
}

/// By squaring, all lanes in step; products wrap.
template <class T>
ADJOINT_ALWAYS_INLINE Vec<T> pow_integer(Vec<T> base, Vec<T> exponent) {
  using V = Vec<T>;
  V rest = where(exponent < V(T(0)), V(T(0)), exponent), power = base, result(T(1));
  while (any(rest > V(T(0)))) {
    result = where(V(rest.v & T(1)) == V(T(1)), result * power, result);
    power = power * power;
    rest = V(rest.v >> 1);
  }
  if constexpr (T(-1) < T(0)) {
    // 1 / base^|exponent|, which is an integer for 1 and -1 only.
    auto odd = V(exponent.v & T(1)) == V(T(1));
    V sign = where(odd, V(T(-1)), V(T(1)));
    V inverse = where(base == V(T(1)), V(T(1)), where(base == V(T(-1)), sign, V(T(0))));
    result = where(exponent < V(T(0)), inverse, result);
  }
  return result;
}

void pow_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_numeric(iter.dtypes[0], [&]<class S>() {
    if constexpr (S(0.5f) != S(0.f)) {
      pow_floating<S>(iter);
    } else {
      elementwise<S, S(S, S)>(iter, [](auto a, auto b) { return pow_integer(a, b); });
    }
  });
}

}  // namespace

void register_pow_kernels(OpRegistry& registry) { registry.set_kernel("pow", kCPU, pow_kernel); }

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
