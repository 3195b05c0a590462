// SPDX-License-Identifier: MIT
// The optimizers' updates: every element is read and written once.
#include "core/math/adam.h"
#include "core/optim/update.h"
#include "cpu/loops.h"
#include "cpu/parallel.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

template <class S>
S* pointer(const Tensor& t) {
  return t.defined() ? static_cast<S*>(t.impl()->data()) : nullptr;
}

// f(i, lanes) for registers of `lanes` elements from i on.
template <class C, class F>
void for_each_register(int64_t n, const F& f) {
  constexpr int64_t size = Vec<C>::size;
  parallel_for(0, n, kCheapGrain, [&](int64_t begin, int64_t end) {
    int64_t i = begin;
    for (; i + size <= end; i += size) f(i, int(size));
    if (i < end) f(i, int(end - i));
  });
}

template <class C, class S>
ADJOINT_ALWAYS_INLINE Vec<C> load(const S* p, int64_t i, int lanes) {
  return lanes == Vec<C>::size ? Vec<C>::load(p + i) : Vec<C>::load(p + i, lanes);
}
template <class C, class S>
ADJOINT_ALWAYS_INLINE void store(S* p, int64_t i, int lanes, Vec<C> v) {
  lanes == Vec<C>::size ? v.store(p + i) : v.store(p + i, lanes);
}

template <class S>
void sgd_typed(const SgdTensors& tensors, const SgdUpdate& u) {
  using C = opmath_t<S>;
  using V = Vec<C>;
  S* p = pointer<S>(tensors.param);
  const S* g = pointer<S>(tensors.grad);
  S* b = pointer<S>(tensors.momentum_buffer);
  V lr{C(u.lr)}, momentum{C(u.momentum)}, fresh{C(1 - u.dampening)}, decay{C(u.weight_decay)};
  for_each_register<C>(tensors.param.impl()->numel(), [&](int64_t i, int lanes) {
    V value = load<C>(p, i, lanes);
    V step = load<C>(g, i, lanes);
    if (u.maximize) step = -step;
    if (u.weight_decay != 0) step = step + decay * value;
    if (b) {
      V velocity = u.first_step ? step : momentum * load<C>(b, i, lanes) + fresh * step;
      store(b, i, lanes, velocity);
      step = u.nesterov ? step + momentum * velocity : velocity;
    }
    store(p, i, lanes, value - lr * step);
  });
}

template <class S>
void adam_typed(const AdamTensors& tensors, const AdamUpdate& u,
                const math::AdamCorrections& corrections) {
  using C = opmath_t<S>;
  using V = Vec<C>;
  S* p = pointer<S>(tensors.param);
  const S* g = pointer<S>(tensors.grad);
  S *m = pointer<S>(tensors.exp_avg), *v = pointer<S>(tensors.exp_avg_sq);
  S* largest = pointer<S>(tensors.max_exp_avg_sq);
  V beta2{C(u.beta2)}, fresh1{C(1 - u.beta1)}, fresh2{C(1 - u.beta2)}, decay{C(u.weight_decay)};
  V shrink{C(1 - u.lr * u.weight_decay)};
  V step_size{C(corrections.step_size(u.lr))}, eps{C(corrections.eps(u.eps))};
  for_each_register<C>(tensors.param.impl()->numel(), [&](int64_t i, int lanes) {
    V value = load<C>(p, i, lanes);
    V gradient = load<C>(g, i, lanes);
    if (u.maximize) gradient = -gradient;
    if (u.weight_decay != 0) {
      if (u.decoupled_weight_decay) {
        value = value * shrink;
      } else {
        gradient = gradient + decay * value;
      }
    }
    V mean = load<C>(m, i, lanes);
    mean = mean + fresh1 * (gradient - mean);
    V square = beta2 * load<C>(v, i, lanes) + fresh2 * (gradient * gradient);
    store(m, i, lanes, mean);
    store(v, i, lanes, square);
    if (largest) {
      square = maximum(load<C>(largest, i, lanes), square);
      store(largest, i, lanes, square);
    }
    store(p, i, lanes, value - step_size * (mean / (sqrt(square) + eps)));
  });
}

void sgd_kernel(const Stream&, ArrayRef<SgdTensors> list, const SgdUpdate& u) {
  dispatch_floating(list[0].param.impl()->dtype(), [&]<class S>() {
    for (size_t i = 0; i < list.size(); ++i) sgd_typed<S>(list[i], u);
  });
}
void adam_kernel(const Stream&, ArrayRef<AdamTensors> list, const AdamUpdate& u) {
  const math::AdamCorrections corrections = math::adam_corrections(u.beta1, u.beta2, u.step);
  dispatch_floating(list[0].param.impl()->dtype(), [&]<class S>() {
    for (size_t i = 0; i < list.size(); ++i) adam_typed<S>(list[i], u, corrections);
  });
}

}  // namespace

void register_optim_kernels(OpRegistry& registry) {
  registry.set_kernel("sgd_update", kCPU, sgd_kernel);
  registry.set_kernel("adam_update", kCPU, adam_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
