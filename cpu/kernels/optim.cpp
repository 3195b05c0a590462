// SPDX-License-Identifier: MIT
// The optimizers' updates: every element is read and written once.
#include "core/math/optim.h"
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
  S* b = pointer<S>(tensors.state[sgd_state::kMomentumBuffer]);
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
  S* m = pointer<S>(tensors.state[adam_state::kExpAvg]);
  S* v = pointer<S>(tensors.state[adam_state::kExpAvgSq]);
  S* largest = pointer<S>(tensors.state[adam_state::kMaxExpAvgSq]);
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

template <class S>
void rmsprop_typed(const RmspropTensors& tensors, const RmspropUpdate& u) {
  using C = opmath_t<S>;
  using V = Vec<C>;
  S* p = pointer<S>(tensors.param);
  const S* g = pointer<S>(tensors.grad);
  S* square_avg = pointer<S>(tensors.state[rmsprop_state::kSquareAvg]);
  S* b = pointer<S>(tensors.state[rmsprop_state::kMomentumBuffer]);
  S* grad_avg = pointer<S>(tensors.state[rmsprop_state::kGradAvg]);
  V lr{C(u.lr)}, alpha{C(u.alpha)}, fresh{C(1 - u.alpha)}, eps{C(u.eps)};
  V momentum{C(u.momentum)}, decay{C(u.weight_decay)};
  for_each_register<C>(tensors.param.impl()->numel(), [&](int64_t i, int lanes) {
    V value = load<C>(p, i, lanes);
    V gradient = load<C>(g, i, lanes);
    if (u.maximize) gradient = -gradient;
    if (u.weight_decay != 0) gradient = gradient + decay * value;
    V square = alpha * load<C>(square_avg, i, lanes) + fresh * (gradient * gradient);
    store(square_avg, i, lanes, square);
    if (grad_avg) {
      V mean = load<C>(grad_avg, i, lanes);
      mean = mean + fresh * (gradient - mean);
      store(grad_avg, i, lanes, mean);
      square = square - mean * mean;
    }
    V step = gradient / (sqrt(square) + eps);
    if (b) {
      step = momentum * load<C>(b, i, lanes) + step;
      store(b, i, lanes, step);
    }
    store(p, i, lanes, value - lr * step);
  });
}

template <class S>
void adagrad_typed(const AdagradTensors& tensors, const AdagradUpdate& u, double decayed_rate) {
  using C = opmath_t<S>;
  using V = Vec<C>;
  S* p = pointer<S>(tensors.param);
  const S* g = pointer<S>(tensors.grad);
  S* sum = pointer<S>(tensors.state[adagrad_state::kSum]);
  V rate{C(decayed_rate)}, eps{C(u.eps)}, decay{C(u.weight_decay)};
  for_each_register<C>(tensors.param.impl()->numel(), [&](int64_t i, int lanes) {
    V value = load<C>(p, i, lanes);
    V gradient = load<C>(g, i, lanes);
    if (u.maximize) gradient = -gradient;
    if (u.weight_decay != 0) gradient = gradient + decay * value;
    V total = load<C>(sum, i, lanes) + gradient * gradient;
    store(sum, i, lanes, total);
    store(p, i, lanes, value - rate * (gradient / (sqrt(total) + eps)));
  });
}

/// Whether the step is to be left out, which is then counted.
template <class Update>
bool skips(const UpdatePlace<Update>& place) {
  if (!place.found_inf || *place.found_inf == 0) return false;
  ++*place.skipped;
  return true;
}
/// Those before that were left out are no steps.
template <class Update>
int64_t step_of(const Update& u, const UpdatePlace<Update>& place) {
  return u.step - (place.skipped ? *place.skipped : 0);
}

template <class Tensors, class F>
void update_each(ArrayRef<Tensors> list, const F& f) {
  dispatch_floating(list[0].param.impl()->dtype(), [&]<class S>() {
    for (size_t i = 0; i < list.size(); ++i) f.template operator()<S>(list[i]);
  });
}

void sgd_kernel(const Stream&, ArrayRef<SgdTensors> list, const SgdUpdate& u,
                const UpdatePlace<SgdUpdate>& place) {
  if (skips(place)) return;
  update_each(list, [&]<class S>(const SgdTensors& tensors) { sgd_typed<S>(tensors, u); });
}
void adam_kernel(const Stream&, ArrayRef<AdamTensors> list, const AdamUpdate& u,
                 const UpdatePlace<AdamUpdate>& place) {
  if (skips(place)) return;
  const auto corrections = math::adam_corrections(u.beta1, u.beta2, step_of(u, place));
  update_each(list,
              [&]<class S>(const AdamTensors& tensors) { adam_typed<S>(tensors, u, corrections); });
}
void rmsprop_kernel(const Stream&, ArrayRef<RmspropTensors> list, const RmspropUpdate& u,
                    const UpdatePlace<RmspropUpdate>& place) {
  if (skips(place)) return;
  update_each(list, [&]<class S>(const RmspropTensors& tensors) { rmsprop_typed<S>(tensors, u); });
}
void adagrad_kernel(const Stream&, ArrayRef<AdagradTensors> list, const AdagradUpdate& u,
                    const UpdatePlace<AdagradUpdate>& place) {
  if (skips(place)) return;
  const double rate = math::adagrad_rate(u.lr, u.lr_decay, step_of(u, place));
  update_each(list,
              [&]<class S>(const AdagradTensors& tensors) { adagrad_typed<S>(tensors, u, rate); });
}

}  // namespace

void register_optim_kernels(OpRegistry& registry) {
  registry.set_kernel("sgd_update", kCPU, sgd_kernel);
  registry.set_kernel("adam_update", kCPU, adam_kernel);
  registry.set_kernel("rmsprop_update", kCPU, rmsprop_kernel);
  registry.set_kernel("adagrad_update", kCPU, adagrad_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
