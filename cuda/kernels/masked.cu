// SPDX-License-Identifier: MIT
// nonzero.
#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "cuda/fast_divider.cuh"
#include "cuda/portable.cuh"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

constexpr int kThreads = 256;

struct Sizes {
  static constexpr std::tuple<> kernel_pointers{};
  int ndim;
  FastDivider64 sizes[kMaxDims];
  explicit Sizes(const TensorImpl& t) : ndim(int(t.dim())) {
    for (int d = 0; d < ndim; ++d) sizes[d] = FastDivider64(uint64_t(t.sizes()[size_t(d)]));
  }
};

/// A running count rises at the elements that are not zero.
__global__ void __launch_bounds__(kThreads)
    coordinates_kernel(int64_t* out, const int64_t* __restrict__ ranks, Sizes sizes, int64_t n) {
  const int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= n) return;
  const int64_t rank = ranks[i];
  if (rank == (i == 0 ? 0 : ranks[i - 1])) return;
  uint64_t rest = uint64_t(i);
  for (int d = sizes.ndim; d-- > 0;) {
    const uint64_t above = sizes.sizes[d].divide(rest);
    out[(rank - 1) * sizes.ndim + d] = int64_t(sizes.sizes[d].modulo(rest, above));
    rest = above;
  }
}

void nonzero_kernel(const Stream& stream, const Tensor& out, const Tensor& ranks) {
  const TensorImpl& r = *ranks.impl();
  const int64_t n = r.numel();
  launch<coordinates_kernel>({unsigned((n + kThreads - 1) / kThreads), kThreads, raw(stream)},
                             static_cast<int64_t*>(out.impl()->data()),
                             static_cast<const int64_t*>(r.data()), Sizes(r), n);
}

}  // namespace

void register_masked_kernels(OpRegistry& registry) {
  registry.set_kernel("nonzero", kCUDA, nonzero_kernel);
}

}  // namespace adjoint::cuda
