// SPDX-License-Identifier: MIT
// dropout.
#include "adjoint/op_registry.h"
#include "adjoint/tensor.h"
#include "cuda/philox.cuh"

namespace adjoint::cuda {
namespace {

template <class C>
struct Keep {
  static constexpr std::tuple<> kernel_pointers{};
  C scale;
  __device__ __forceinline__ C operator()(C x, bool kept) const { return kept ? x * scale : C(0); }
};

template <class S>
__global__ void __launch_bounds__(kThreads)
    dropout(Draws draws, int64_t numel, bool aligned, float p, Keep<compute_t<S>> keep, S* out,
            bool* mask, const S* in) {
  for_each_block<1>(draws, numel, [&](int64_t first, int n, const math::PhiloxBlock& block) {
    const bool whole = aligned && n == 4;
    auto x = whole ? Pack<S, 4>::load(in + first) : Pack<S, 4>::load(in + first, n);
    Pack<bool, 4> kept;
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      bool keeps = uniform<24>(block.words[k]) >= p;
      kept.v[k] = keeps;
      x.v[k] = stored_from<S>(keep(compute_from<compute_t<S>>(x.v[k]), keeps));
    }
    whole ? kept.store(mask + first) : kept.store(mask + first, n);
    whole ? x.store(out + first) : x.store(out + first, n);
  });
}

void dropout_kernel(const Stream& stream, const Tensor& out, const Tensor& mask, const Tensor& self,
                    double p, double scale, PhiloxArgs numbers) {
  bool* masks = static_cast<bool*>(mask.impl()->data());
  dispatch_floating(out.impl()->dtype(), [&]<class S>() {
    using C = compute_t<S>;
    S* to = static_cast<S*>(out.impl()->data());
    const S* in = static_cast<const S*>(self.impl()->data());
    const int64_t numel = out.impl()->numel();
    const bool aligned = is_aligned<4>(masks) && is_aligned<4>(to) && is_aligned<4>(in);
    launch<dropout<S>>(draws_config<1>(numel, stream), Draws(numbers, stream), numel, aligned,
                       float(p), Keep<C>{C(scale)}, to, masks, in);
  });
}

void dropout_backward_kernel(const Stream& stream, const TensorIterator& iter, double scale) {
  dispatch_floating(iter.dtypes[0], [&]<class S>() {
    using C = compute_t<S>;
    elementwise<C, S(S, bool)>(stream, iter, Keep<C>{C(scale)});
  });
}

}  // namespace

void register_dropout_kernels(OpRegistry& registry) {
  registry.set_kernel("dropout", kCUDA, dropout_kernel);
  registry.set_kernel("dropout_backward", kCUDA, dropout_backward_kernel);
}

}  // namespace adjoint::cuda
