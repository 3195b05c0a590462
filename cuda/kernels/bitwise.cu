// SPDX-License-Identifier: MIT
// The bits of integers, and truth values of bools.
#include <tuple>

#include "adjoint/op_registry.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {
namespace {

struct Not {
  static constexpr std::tuple<> kernel_pointers{};
  template <class T>
  __device__ __forceinline__ T operator()(T a) const {
    if constexpr (std::is_same_v<T, bool>) {
      return !a;
    } else {
      return T(~a);
    }
  }
};
struct And {
  static constexpr std::tuple<> kernel_pointers{};
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return T(a & b);
  }
};
struct Or {
  static constexpr std::tuple<> kernel_pointers{};
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return T(a | b);
  }
};
struct Xor {
  static constexpr std::tuple<> kernel_pointers{};
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return T(a ^ b);
  }
};

template <class Functor>
void pair_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch<int64_t, int32_t, uint8_t, bool>(iter.dtypes[0], [&]<class S>() {
    elementwise<compute_t<S>, S(S, S)>(stream, iter, Functor{});
  });
}
void not_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch<int64_t, int32_t, uint8_t, bool>(
      iter.dtypes[0], [&]<class S>() { elementwise<compute_t<S>, S(S)>(stream, iter, Not{}); });
}

}  // namespace

void register_bitwise_kernels(OpRegistry& registry) {
  registry.set_kernel("bitwise_not", kCUDA, not_kernel);
  registry.set_kernel("bitwise_and", kCUDA, pair_kernel<And>);
  registry.set_kernel("bitwise_or", kCUDA, pair_kernel<Or>);
  registry.set_kernel("bitwise_xor", kCUDA, pair_kernel<Xor>);
}

}  // namespace adjoint::cuda
