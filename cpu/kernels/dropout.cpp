// SPDX-License-Identifier: MIT
// dropout.
#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "cpu/loops.h"
#include "cpu/philox.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class C>
ADJOINT_ALWAYS_INLINE Vec<C> keep(Vec<C> x, typename Vec<C>::mask_type mask, C scale) {
  return where(mask, x * Vec<C>(scale), Vec<C>(C(0)));
}

template <class S>
void dropout_batch(S* out, bool* mask, const S* in, int n, const uint32_t* draws, float p,
                   double scale) {
  using C = opmath_t<S>;
  using V = Vec<C>;
  using F = Vec<float>;
  for (int i = 0; i < n; i += F::size) {
    int lanes = n - i < F::size ? n - i : F::size;
    auto bits = load_lanes<uint32_t, F::size>(draws + i);
    (uniform_lanes<float, 24>(bits) >= F(p)).store(mask + i, lanes);
  }
  for (int i = 0; i < n; i += V::size) {
    int lanes = n - i < V::size ? n - i : V::size;
    auto kept = V::mask_type::load(mask + i, lanes);
    keep(V::load(in + i, lanes), kept, C(scale)).store(out + i, lanes);
  }
}

void dropout_kernel(const Stream&, const Tensor& out, const Tensor& mask, const Tensor& self,
                    double p, double scale, PhiloxArgs numbers) {
  bool* masks = static_cast<bool*>(mask.impl()->data());
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    S* to = static_cast<S*>(out.impl()->data());
    const S* in = static_cast<const S*>(self.impl()->data());
    for_each_batch<1>(
        numbers.state, out.impl()->numel(), [&](int64_t first, int n, const uint32_t* draws) {
          dropout_batch(to + first, masks + first, in + first, n, draws, float(p), scale);
        });
  });
}

void dropout_backward_kernel(const Stream&, const TensorIterator& iter, double scale) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = opmath_t<S>;
    elementwise<C, S(S, bool)>(iter,
                               [=](auto grad, auto mask) { return keep(grad, mask, C(scale)); });
  });
}

}  // namespace

void register_dropout_kernels(OpRegistry& registry) {
  registry.set_kernel("dropout", kCPU, dropout_kernel);
  registry.set_kernel("dropout_backward", kCPU, dropout_backward_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
