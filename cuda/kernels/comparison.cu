// SPDX-License-Identifier: MIT
// Comparisons and truth values; outputs are bool.
#include <tuple>

#include "adjoint/op_registry.h"
#include "core/math/unary.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {
namespace {

// One kernel for all comparisons, which wait for memory anyway: the bits of `holds` say for which
// relations of a pair.
enum Relation : unsigned { kLess = 1, kEqual = 2, kGreater = 4, kUnordered = 8 };
struct Compare {
  static constexpr std::tuple<> kernel_pointers{};
  unsigned holds;
  template <class T>
  __device__ __forceinline__ bool operator()(T a, T b) const {
    unsigned relation = a < b ? kLess : a == b ? kEqual : a > b ? kGreater : kUnordered;
    return (relation & holds) != 0;
  }
};
/// Likewise; bit 2a + b of `holds`.
struct Connect {
  static constexpr std::tuple<> kernel_pointers{};
  unsigned holds;
  template <class T>
  __device__ __forceinline__ bool operator()(T a, T b) const {
    return holds >> (2 * unsigned(a != T(0)) + unsigned(b != T(0))) & 1u;
  }
};

template <class Functor, unsigned kHolds>
void binary_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_all(iter.dtypes[1], [&]<class S>() {
    elementwise<compute_t<S>, bool(S, S)>(stream, iter, Functor{kHolds});
  });
}
void isnan_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[1], [&]<class S>() {
    elementwise<compute_t<S>, bool(S)>(stream, iter, Forward<math::IsNan>{});
  });
}
void logical_not_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_all(iter.dtypes[1], [&]<class S>() {
    elementwise<compute_t<S>, bool(S)>(stream, iter, Forward<math::LogicalNot>{});
  });
}

}  // namespace

void register_comparison_kernels(OpRegistry& registry) {
  registry.set_kernel("eq", kCUDA, binary_kernel<Compare, kEqual>);
  registry.set_kernel("ne", kCUDA, binary_kernel<Compare, kLess | kGreater | kUnordered>);
  registry.set_kernel("lt", kCUDA, binary_kernel<Compare, kLess>);
  registry.set_kernel("le", kCUDA, binary_kernel<Compare, kLess | kEqual>);
  registry.set_kernel("gt", kCUDA, binary_kernel<Compare, kGreater>);
  registry.set_kernel("ge", kCUDA, binary_kernel<Compare, kGreater | kEqual>);
  registry.set_kernel("logical_and", kCUDA, binary_kernel<Connect, 0b1000>);
  registry.set_kernel("logical_or", kCUDA, binary_kernel<Connect, 0b1110>);
  registry.set_kernel("logical_xor", kCUDA, binary_kernel<Connect, 0b0110>);
  registry.set_kernel("logical_not", kCUDA, logical_not_kernel);
  registry.set_kernel("isnan", kCUDA, isnan_kernel);
}

}  // namespace adjoint::cuda
