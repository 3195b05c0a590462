// SPDX-License-Identifier: MIT
// The largest and the smallest: of two elements, of many, and where they are.
#include "adjoint/op_registry.h"
#include "core/math/scalar.h"
#include "cuda/dispatch.h"
#include "cuda/loops.cuh"
#include "cuda/reduce_ops.cuh"

namespace adjoint::cuda {
namespace {

/// Its order is the reverse of x's, and it is its own inverse: so the smallest is found as the
/// largest.
template <class C>
__device__ __forceinline__ C reversed(C x) {
  if constexpr (C(0.5) != C(0)) {
    return -x;
  } else {
    return ~x;
  }
}

struct ExtremumOfTwo {
  static constexpr std::tuple<> kernel_pointers{};
  bool smallest;
  template <class C>
  __device__ __forceinline__ C operator()(C a, C b) const {
    return smallest ? math::minimum(a, b) : math::maximum(a, b);
  }
};

template <class S>
struct Extremum : ValueReduction<S> {
  static constexpr std::tuple<> kernel_pointers{};
  static constexpr int kColumnBatch = 4;  // more of them want more registers than there are
  using typename ValueReduction<S>::C;
  bool smallest;
  __device__ __forceinline__ C turned(C x) const { return smallest ? reversed(x) : x; }
  __device__ __forceinline__ C identity() const { return lowest<C>(); }
  __device__ __forceinline__ C map(S x, int64_t) const { return turned(compute_from<C>(x)); }
  __device__ __forceinline__ C combine(C a, C b) const { return math::maximum(a, b); }
  __device__ __forceinline__ S result(C total) const { return stored_from<S>(turned(total)); }
};

template <class V>
struct ValueAt {
  static constexpr std::tuple<> kernel_pointers{};
  V value;
  int64_t index;
};

/// The first extremum; NaN counts as one.
template <class S>
struct ExtremumAt {
  static constexpr std::tuple<> kernel_pointers{};
  using V = acc_t<S>;
  using C = ValueAt<V>;
  static constexpr bool kVectors = false, kIndexed = true;
  static constexpr int kColumnBatch = 4;
  bool smallest;
  __device__ __forceinline__ V turned(V x) const { return smallest ? reversed(x) : x; }
  __device__ __forceinline__ C identity() const { return {lowest<V>(), INT64_MAX}; }
  __device__ __forceinline__ C map(S x, int64_t i) const { return {turned(compute_from<V>(x)), i}; }
  __device__ __forceinline__ C combine(C a, C b) const {
    const bool a_is_nan = a.value != a.value, b_is_nan = b.value != b.value;
    const bool ties = a_is_nan ? b_is_nan : a.value == b.value;
    const bool larger = a_is_nan ? !b_is_nan : a.value > b.value;
    return larger || (ties && a.index < b.index) ? a : b;
  }
  __device__ __forceinline__ S result(C total) const { return stored_from<S>(turned(total.value)); }
};

template <bool kSmallest>
void binary_extremum_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_all(iter.dtypes[0], [&]<class T>() {
    using S = Stored<T>;  // bool is compared as the byte that it is stored in
    elementwise<compute_t<S>, S(S, S)>(stream, iter, ExtremumOfTwo{kSmallest});
  });
}

template <bool kSmallest>
void extremum_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_all(iter.dtypes[1], [&]<class T>() {
    Extremum<Stored<T>> op;
    op.smallest = kSmallest;
    reduce<Stored<T>>(stream, iter, op);
  });
}

template <bool kSmallest>
void dim_extremum_kernel(const Stream& stream, const Tensor& values, const Tensor& indices,
                         const Tensor& self, int64_t) {
  const TensorIterator iter = TensorIterator::reduction(indices, self);
  dispatch_all(iter.dtypes[1], [&]<class T>() {
    using S = Stored<T>;  // bool is compared as the byte that it is stored in
    reduce<S>(stream, iter, ExtremumAt<S>{kSmallest}, static_cast<S*>(values.impl()->data()));
  });
}
template <bool kSmallest>
void arg_extremum_kernel(const Stream& stream, const Tensor& indices, const Tensor& self, int64_t) {
  const TensorIterator iter = TensorIterator::reduction(indices, self);
  dispatch_numeric(iter.dtypes[1],
                   [&]<class S>() { reduce<S>(stream, iter, ExtremumAt<S>{kSmallest}); });
}

}  // namespace

void register_extremum_kernels(OpRegistry& registry) {
  registry.set_kernel("maximum", kCUDA, binary_extremum_kernel<false>);
  registry.set_kernel("minimum", kCUDA, binary_extremum_kernel<true>);
  registry.set_kernel("max", kCUDA, extremum_kernel<false>);
  registry.set_kernel("min", kCUDA, extremum_kernel<true>);
  registry.set_kernel("max_dim", kCUDA, dim_extremum_kernel<false>);
  registry.set_kernel("min_dim", kCUDA, dim_extremum_kernel<true>);
  registry.set_kernel("argmax", kCUDA, arg_extremum_kernel<false>);
  registry.set_kernel("argmin", kCUDA, arg_extremum_kernel<true>);
}

}  // namespace adjoint::cuda
