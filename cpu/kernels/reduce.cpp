// SPDX-License-Identifier: MIT
// Reductions that accumulate: sum and mean.
#include "cpu/reduce.h"

#include "adjoint/op_registry.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class T>
struct Sum {
  using C = T;
  using V = Vec<C>;
  C identity() const { return C(0); }
  ADJOINT_ALWAYS_INLINE V map(V x) const { return x; }
  ADJOINT_ALWAYS_INLINE V combine(V a, V b) const { return a + b; }
};

/// Elements per output.
int64_t reduced_count(const TensorIterator& iter) {
  int64_t count = 1;
  for (int d = 0; d < iter.ndim; ++d) {
    if (iter.strides[0][d] == 0) count *= iter.shape[d];
  }
  return count;
}

void sum_kernel(const Stream&, const TensorIterator& iter) {
  dispatch<float, double, Half, BFloat16, int64_t>(
      iter.dtypes[1], [&]<class S>() { reduce_kernel<S, S>(iter, Sum<opmath_t<S>>{}); });
}

void mean_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[1], [&]<class S>() {
    using C = opmath_t<S>;
    C count = C(reduced_count(iter));
    reduce_kernel<S, S>(iter, Sum<C>{}, [count](auto total) { return total / Vec<C>(count); });
  });
}

}  // namespace

void register_reduce_kernels(OpRegistry& registry) {
  registry.set_kernel("sum", kCPU, sum_kernel);
  registry.set_kernel("mean", kCPU, mean_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
