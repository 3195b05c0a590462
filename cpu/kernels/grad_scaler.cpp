// SPDX-License-Identifier: MIT
// A loss scale: gradients divided by it, and how it moves on.
#include "core/optim/grad_scaler.h"

#include <atomic>

#include "core/math/loss_scale.h"
#include "cpu/loops.h"
#include "cpu/parallel.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

/// Whether all are finite.
template <class S>
bool unscale(S* grad, int64_t n, float inverse) {
  using C = opmath_t<S>;
  using V = Vec<C>;
  const V factor{C(inverse)};
  const bool keeps = inverse == 1;
  V sum{C(0)};  // 0, or NaN
  int64_t i = 0;
  for (; i + V::size <= n; i += V::size) {
    const V g = V::load(grad + i);
    sum = sum + (g - g);
    if (!keeps) (g * factor).store(grad + i);
  }
  if (i < n) {
    const V g = V::load(grad + i, int(n - i));
    sum = sum + (g - g);
    if (!keeps) (g * factor).store(grad + i, int(n - i));
  }
  C lanes[V::size];
  sum.store(lanes);
  for (const C lane : lanes) {
    if (lane != 0) return false;
  }
  return true;
}

void unscale_grads_kernel(const Stream&, ArrayRef<Tensor> grads, const Tensor& found_inf,
                          const Tensor& scale) {
  const float inverse = math::inverse_of_scale(*static_cast<const float*>(scale.impl()->data()));
  float* const found = static_cast<float*>(found_inf.impl()->data());
  dispatch_floating(grads[0].impl()->dtype(), [&]<class S>() {
    for (const Tensor& g : grads) {
      S* const data = static_cast<S*>(g.impl()->data());
      parallel_for(0, g.impl()->numel(), kCheapGrain, [&](int64_t begin, int64_t end) {
        if (!unscale(data + begin, end - begin, inverse))
          std::atomic_ref<float>(*found).store(1, std::memory_order_relaxed);
      });
    }
  });
}

void update_scale_kernel(const Stream&, const Tensor& scale, const Tensor& tracker,
                         const Tensor& settings, const Tensor& found_inf) {
  float* const found = static_cast<float*>(found_inf.impl()->data());
  bool any = false;
  for (int64_t i = 0; i < found_inf.impl()->numel(); ++i) {
    any = any || found[i] != 0;
    found[i] = 0;
  }
  math::move_scale_on(*static_cast<float*>(scale.impl()->data()),
                      *static_cast<int32_t*>(tracker.impl()->data()),
                      static_cast<const double*>(settings.impl()->data()), any);
}

}  // namespace

void register_grad_scaler_kernels(OpRegistry& registry) {
  registry.set_kernel("unscale_grads", kCPU, unscale_grads_kernel);
  registry.set_kernel("update_scale", kCPU, update_scale_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
