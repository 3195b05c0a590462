// SPDX-License-Identifier: MIT
// Sums, products, and truth over many elements.
#include "cuda/kernels/reduce.h"

#include "adjoint/op_registry.h"
#include "cuda/dispatch.h"
#include "cuda/reduce_ops.cuh"

namespace adjoint::cuda {
namespace {

/// The sum of all elements over `count`.
template <class S>
struct Mean : Sum<S> {
  static constexpr std::tuple<> kernel_pointers{};
  using typename Sum<S>::C;
  C count = C(1);
  __device__ __forceinline__ S result(C total) const {
    if constexpr (C(0.5) == C(0)) return total;
    return stored_from<S>(total / count);
  }
};
template <class S>
struct Product : ValueReduction<S> {
  static constexpr std::tuple<> kernel_pointers{};
  using typename ValueReduction<S>::C;
  static constexpr bool kVectors = false;
  __device__ __forceinline__ C identity() const { return C(1); }
  __device__ __forceinline__ C combine(C a, C b) const {
    return C(wrapping_acc_t<C>(a) * wrapping_acc_t<C>(b));
  }
};
/// Of bools, as bytes: whether all are `looked_for`, or else its contrary.
struct Unanimous : ValueReduction<uint8_t> {
  static constexpr std::tuple<> kernel_pointers{};
  C looked_for;
  __device__ __forceinline__ C identity() const { return looked_for; }
  __device__ __forceinline__ C map(uint8_t x, int64_t) const { return C(x != 0); }
  __device__ __forceinline__ C combine(C a, C b) const { return looked_for ? a & b : a | b; }
};

void mean_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[1], [&]<class S>() {
    Mean<S> mean;
    mean.count = acc_t<S>(ReduceLoops(iter).reduced);
    reduce<S>(stream, iter, mean);
  });
}

void prod_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch<float, double, Half, BFloat16, int64_t>(
      iter.dtypes[1], [&]<class S>() { reduce<S>(stream, iter, Product<S>{}); });
}

template <bool kAll>
void truth_kernel(const Stream& stream, const TensorIterator& iter) {
  Unanimous op;
  op.looked_for = kAll;
  reduce<uint8_t>(stream, iter, op);
}

}  // namespace

void sum_kernel(const Stream& stream, const TensorIterator& iter) {
  dispatch<float, double, Half, BFloat16, int64_t>(
      iter.dtypes[1], [&]<class S>() { reduce<S>(stream, iter, Mean<S>{}); });
}

void register_reduce_kernels(OpRegistry& registry) {
  registry.set_kernel("sum", kCUDA, sum_kernel);
  registry.set_kernel("mean", kCUDA, mean_kernel);
  registry.set_kernel("prod", kCUDA, prod_kernel);
  registry.set_kernel("all", kCUDA, truth_kernel<true>);
  registry.set_kernel("any", kCUDA, truth_kernel<false>);
}

}  // namespace adjoint::cuda
