// SPDX-License-Identifier: MIT
// Powers.
#include <type_traits>

#include "adjoint/op_registry.h"
#include "core/math/binary.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {
namespace {

/// By squaring; products wrap.
struct IntegerPow {
  template <class T>
  __device__ __forceinline__ T operator()(T base, T exponent) const {
    // 1 / base^|exponent|, which is an integer for 1 and -1 only.
    if (exponent < 0) return base == 1 ? T(1) : base == -1 ? (exponent & 1 ? T(-1) : T(1)) : T(0);
    using U = std::make_unsigned_t<T>;
    U power = U(base), result = 1;
    for (T rest = exponent; rest > 0; rest >>= 1) {
      if (rest & 1) result *= power;
      power *= power;
    }
    return T(result);
  }
};

void pow_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_numeric(iter.dtypes[0], [&]<class S>() {
    using C = compute_t<S>;
    if constexpr (std::is_integral_v<C>) {
      elementwise<C, S(S, S)>(stream, iter, IntegerPow{});
    } else {
      elementwise<C, S(S, S)>(stream, iter, Forward<math::Pow>{});
    }
  });
}

}  // namespace

void register_pow_kernels(OpRegistry& registry) { registry.set_kernel("pow", kCUDA, pow_kernel); }

}  // namespace adjoint::cuda
