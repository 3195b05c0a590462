// SPDX-License-Identifier: MIT
// searchsorted.
#include "core/math/search.h"

#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "cuda/dispatch.h"
#include "cuda/fast_divider.cuh"
#include "cuda/portable.cuh"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

constexpr int kThreads = 256;

/// Values [*, m] in sequences [*, n].
template <class S>
__global__ void __launch_bounds__(kThreads)
    search_kernel(int64_t* out, const S* __restrict__ sequence, const S* __restrict__ values,
                  int64_t numel, int64_t n, FastDivider64 m, bool right) {
  using C = math::opmath_t<S>;
  const int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= numel) return;
  const S* const line = sequence + int64_t(m.divide(uint64_t(i))) * n;
  out[i] = math::place_in_sorted(compute_from<C>(values[i]), n, right,
                                 [line](int64_t k) { return compute_from<C>(line[k]); });
}

void searchsorted_kernel(const Stream& stream, const Tensor& out, const Tensor& sequence,
                         const Tensor& values, bool right) {
  const TensorImpl &s = *sequence.impl(), &v = *values.impl();
  const int64_t numel = v.numel(), n = s.sizes()[size_t(s.dim() - 1)];
  const FastDivider64 m(uint64_t(s.dim() == 1 ? numel : v.sizes()[1]));
  dispatch_numeric(s.dtype(), [&]<class S>() {
    launch<search_kernel<S>>({unsigned((numel + kThreads - 1) / kThreads), kThreads, raw(stream)},
                             static_cast<int64_t*>(out.impl()->data()),
                             static_cast<const S*>(s.data()), static_cast<const S*>(v.data()),
                             numel, n, m, right);
  });
}

}  // namespace

void register_search_kernels(OpRegistry& registry) {
  registry.set_kernel("searchsorted", kCUDA, searchsorted_kernel);
}

}  // namespace adjoint::cuda
