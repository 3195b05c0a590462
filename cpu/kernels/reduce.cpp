// SPDX-License-Identifier: MIT
// Sums, products, and truth over many elements.
#include "cpu/kernels/reduce.h"

#include "adjoint/op_registry.h"
#include "cpu/reduce_ops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

/// Elements per output.
int64_t reduced_count(const TensorIterator& iter) {
  int64_t count = 1;
  for (int d = 0; d < iter.ndim; ++d) {
    if (iter.strides[0][d] == 0) count *= iter.shape[d];
  }
  return count;
}

void mean_kernel(const Stream&, const TensorIterator& iter) {
  dispatch_floating(iter.dtypes[1], [&]<class S>() {
    using C = opmath_t<S>;
    C count = C(reduced_count(iter));
    reduce_kernel<S, S>(iter, Sum<C>{}, [count](auto total) { return total / Vec<C>(count); });
  });
}

void prod_kernel(const Stream&, const TensorIterator& iter) {
  dispatch<float, double, Half, BFloat16, int64_t>(
      iter.dtypes[1], [&]<class S>() { reduce_kernel<S, S>(iter, Product<opmath_t<S>>{}); });
}

void all_kernel(const Stream&, const TensorIterator& iter) {
  reduce_kernel<bool, bool>(iter, Min<bool>{});
}
void any_kernel(const Stream&, const TensorIterator& iter) {
  reduce_kernel<bool, bool>(iter, Max<bool>{});
}

}  // namespace

void sum_kernel(const Stream&, const TensorIterator& iter) {
  dispatch<float, double, Half, BFloat16, int64_t>(
      iter.dtypes[1], [&]<class S>() { reduce_kernel<S, S>(iter, Sum<opmath_t<S>>{}); });
}

void register_reduce_kernels(OpRegistry& registry) {
  registry.set_kernel("sum", kCPU, sum_kernel);
  registry.set_kernel("mean", kCPU, mean_kernel);
  registry.set_kernel("prod", kCPU, prod_kernel);
  registry.set_kernel("all", kCPU, all_kernel);
  registry.set_kernel("any", kCPU, any_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
