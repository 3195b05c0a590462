// SPDX-License-Identifier: MIT
// searchsorted.
#include "core/math/search.h"

#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "cpu/loops.h"
#include "cpu/parallel.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class S>
ADJOINT_ALWAYS_INLINE opmath_t<S> one_of(const S* p) {
  if constexpr (__is_same(S, Half) || __is_same(S, BFloat16)) {
    return Vec<float>::load(p, 1).v[0];  // conversions of single numbers are not this namespace's
  } else {
    return *p;
  }
}

template <class S>
void search(int64_t* out, const S* sequence, const S* values, int64_t numel, int64_t n, int64_t m,
            bool right) {
  parallel_for(0, numel, kGrainSize / 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const S* const line = sequence + i / m * n;
      out[i] = math::place_in_sorted(one_of(values + i), n, right,
                                     [line](int64_t k) { return one_of(line + k); });
    }
  });
}

void searchsorted_kernel(const Stream&, const Tensor& out, const Tensor& sequence,
                         const Tensor& values, bool right) {
  const TensorImpl &s = *sequence.impl(), &v = *values.impl();
  const int64_t numel = v.numel(), n = s.sizes()[size_t(s.dim() - 1)];
  const int64_t m = s.dim() == 1 ? numel : v.sizes()[1];
  dispatch_numeric(s.dtype(), [&]<class S>() {
    search<S>(static_cast<int64_t*>(out.impl()->data()), static_cast<const S*>(s.data()),
              static_cast<const S*>(v.data()), numel, n, m, right);
  });
}

}  // namespace

void register_search_kernels(OpRegistry& registry) {
  registry.set_kernel("searchsorted", kCPU, searchsorted_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
