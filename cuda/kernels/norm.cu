// SPDX-License-Identifier: MIT
// Norms of vectors: one reduction for every p whose powers are cheap, and one for all others.
#include "adjoint/op_registry.h"
#include "core/math/scalar.h"
#include "cuda/dispatch.h"
#include "cuda/reduce_ops.cuh"

namespace adjoint::cuda {
namespace {

enum class Order { kZero, kOne, kTwo, kInfinity, kMinusInfinity };

template <class S>
struct Norm : ValueReduction<S> {
  static constexpr std::tuple<> kernel_pointers{};
  using typename ValueReduction<S>::C;
  Order order;

  __device__ __forceinline__ bool is_extremum() const { return order >= Order::kInfinity; }
  __device__ __forceinline__ C identity() const { return is_extremum() ? lowest<C>() : C(0); }
  __device__ __forceinline__ C map(S element, int64_t) const {
    const C x = compute_from<C>(element), size = math::abs(x);
    switch (order) {
      case Order::kZero:
        return C(x != C(0));
      case Order::kTwo:
        return x * x;
      case Order::kMinusInfinity:
        return -size;
      default:
        return size;
    }
  }
  __device__ __forceinline__ C combine(C a, C b) const {
    return is_extremum() ? math::maximum(a, b) : a + b;
  }
  __device__ __forceinline__ S result(C total) const {
    if (order == Order::kTwo) total = math::sqrt(total);
    if (order == Order::kMinusInfinity) total = -total;
    return stored_from<S>(total);
  }
};

template <class S>
struct PowerNorm : Sum<S> {
  static constexpr std::tuple<> kernel_pointers{};
  using typename Sum<S>::C;
  static constexpr bool kVectors = false;
  C p, inverse;
  __device__ __forceinline__ C map(S element, int64_t) const {
    return math::pow(math::abs(compute_from<C>(element)), p);
  }
  __device__ __forceinline__ S result(C total) const {
    return stored_from<S>(math::pow(total, inverse));
  }
};

template <class S>
void norm_typed(const Stream& stream, const TensorIterator& iter, double p) {
  constexpr double infinity = __builtin_inf();
  Norm<S> norm;
  if (p == 0) {
    norm.order = Order::kZero;
  } else if (p == 1) {
    norm.order = Order::kOne;
  } else if (p == 2) {
    norm.order = Order::kTwo;
  } else if (p == infinity) {
    norm.order = Order::kInfinity;
  } else if (p == -infinity) {
    norm.order = Order::kMinusInfinity;
  } else {
    PowerNorm<S> power;
    power.p = acc_t<S>(p);
    power.inverse = acc_t<S>(1 / p);
    return reduce<S>(stream, iter, power);
  }
  reduce<S>(stream, iter, norm);
}

void norm_kernel(const Stream& stream, const TensorIterator& iter, const Scalar& p) {
  dispatch_floating(iter.dtypes[1], [&]<class S>() { norm_typed<S>(stream, iter, p.toDouble()); });
}

}  // namespace

void register_norm_kernels(OpRegistry& registry) {
  registry.set_kernel("norm", kCUDA, norm_kernel);
}

}  // namespace adjoint::cuda
