// SPDX-License-Identifier: MIT
// Elementary functions on Vec<double>: the C library's, lane by lane.
#pragma once

#include "cpu/vec_base.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

#define ADJOINT_LANEWISE(name)                                                     \
  ADJOINT_ALWAYS_INLINE Vec<double> name(Vec<double> x) {                          \
    for (int i = 0; i < Vec<double>::size; ++i) x.v[i] = __builtin_##name(x.v[i]); \
    return x;                                                                      \
  }
ADJOINT_LANEWISE(exp)
ADJOINT_LANEWISE(expm1)
ADJOINT_LANEWISE(log)
ADJOINT_LANEWISE(log1p)
ADJOINT_LANEWISE(tanh)
ADJOINT_LANEWISE(erf)
ADJOINT_LANEWISE(sin)
ADJOINT_LANEWISE(cos)
#undef ADJOINT_LANEWISE

ADJOINT_ALWAYS_INLINE Vec<double> pow(Vec<double> x, Vec<double> y) {
  for (int i = 0; i < Vec<double>::size; ++i) x.v[i] = __builtin_pow(x.v[i], y.v[i]);
  return x;
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
