// SPDX-License-Identifier: MIT
// From a tensor's dtype, known when the program runs, to a kernel's type.
#pragma once

#include "adjoint/half.h"
#include "adjoint/scalar_type.h"

namespace adjoint::cuda {

[[noreturn]] void unsupported_dtype(ScalarType dtype);

/// f.operator()<S>() for the stored type S, one of `Types`, that `dtype` names; throws
/// NotImplementedError for others.
template <class... Types, class F>
void dispatch(ScalarType dtype, const F& f) {
  bool found = ((dtype == scalar_type_of<Types> && (f.template operator()<Types>(), true)) || ...);
  if (!found) unsupported_dtype(dtype);
}
template <class F>
void dispatch_floating(ScalarType dtype, const F& f) {
  dispatch<float, double, Half, BFloat16>(dtype, f);
}
template <class F>
void dispatch_numeric(ScalarType dtype, const F& f) {
  dispatch<float, double, int64_t, int32_t, uint8_t, Half, BFloat16>(dtype, f);
}
template <class F>
void dispatch_all(ScalarType dtype, const F& f) {
  dispatch<float, double, int64_t, int32_t, uint8_t, bool, Half, BFloat16>(dtype, f);
}
/// With the unsigned integer of the dtype's size: for values that are moved, not computed with.
template <class F>
void dispatch_bits(ScalarType dtype, const F& f) {
  switch (elementSize(dtype)) {
    case 1:
      return f.template operator()<uint8_t>();
    case 2:
      return f.template operator()<uint16_t>();
    case 4:
      return f.template operator()<uint32_t>();
    default:
      return f.template operator()<uint64_t>();
  }
}

}  // namespace adjoint::cuda
