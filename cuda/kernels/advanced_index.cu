// SPDX-License-Identifier: MIT
// The numbers of the elements that index tensors name.
#include "adjoint/op_registry.h"
#include "cuda/kernels/index.cuh"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

using namespace index;

/// A bad index is taken for 0.
__global__ void __launch_bounds__(kThreads)
    number_elements_kernel(int64_t* out, const int64_t* __restrict__ before, Indices indices,
                           int64_t n) {
  const int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= n) return;
  const int64_t size = indices.size;
  int64_t at = indices.longs ? indices.longs[i] : indices.ints[i];
  if (at < -size || at >= size) {
    checked_index(at, size, indices.dim, indices.op, indices.errors);
    at = 0;
  }
  out[i] = (before ? before[i] * size : 0) + (at < 0 ? at + size : at);
}

void linear_index_kernel(const Stream& stream, const Tensor& out, const Tensor& before,
                         const Tensor& index, int64_t dim, int64_t size) {
  static const IndexOp name = name_index_op("index");
  const int64_t n = out.impl()->numel();
  launch<number_elements_kernel>(
      {blocks_for(n), kThreads, raw(stream)}, static_cast<int64_t*>(out.impl()->data()),
      before.defined() ? static_cast<const int64_t*>(before.impl()->data()) : nullptr,
      Indices(stream, *index.impl(), name, dim, size), n);
}

}  // namespace

void register_advanced_index_kernels(OpRegistry& registry) {
  registry.set_kernel("linear_index", kCUDA, linear_index_kernel);
}

}  // namespace adjoint::cuda
