// SPDX-License-Identifier: MIT
// nonzero.
#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "cpu/isa.h"
#include "cpu/parallel.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

void nonzero_kernel(const Stream&, const Tensor& out, const Tensor& ranks) {
  const TensorImpl& r = *ranks.impl();
  const int64_t ndim = r.dim();
  const int64_t* const rank = static_cast<const int64_t*>(r.data());
  int64_t* const to = static_cast<int64_t*>(out.impl()->data());
  parallel_for(0, r.numel(), kGrainSize, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if (rank[i] == (i == 0 ? 0 : rank[i - 1])) continue;
      int64_t rest = i;
      for (int64_t d = ndim; d-- > 0;) {
        const int64_t size = r.sizes()[size_t(d)];
        to[(rank[i] - 1) * ndim + d] = rest % size;
        rest /= size;
      }
    }
  });
}

}  // namespace

void register_masked_kernels(OpRegistry& registry) {
  registry.set_kernel("nonzero", kCPU, nonzero_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
