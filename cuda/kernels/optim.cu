// SPDX-License-Identifier: MIT
// The optimizers' updates of an element, and the numbers that they take: Rules of cuda/update.cuh.
#include "adjoint/op_registry.h"
#include "core/math/optim.h"
#include "cuda/update.cuh"

namespace adjoint::cuda {

template <class C>
struct SgdNumbers {
  static constexpr std::tuple<> kernel_pointers{};
  C lr, momentum, fresh, decay;
  bool nesterov, maximize, first_step, decays;
};
template <class C>
struct AdamNumbers {
  static constexpr std::tuple<> kernel_pointers{};
  C beta2, fresh1, fresh2, decay, shrink, step_size, eps;
  int decoupled, maximize, decays;  // bools would be spilled on sm_100
};
template <class C>
struct RmspropNumbers {
  static constexpr std::tuple<> kernel_pointers{};
  C lr, alpha, fresh, eps, momentum, decay;
  bool maximize, decays;
};
template <class C>
struct AdagradNumbers {
  static constexpr std::tuple<> kernel_pointers{};
  C rate, eps, decay;
  bool maximize, decays;
};

namespace {

template <class S>
struct Sgd {
  using C = compute_t<S>;
  using Update = SgdUpdate;
  using Table = UpdateTable<S, sgd_state::kCount>;
  using Numbers = SgdNumbers<C>;

  static __host__ __device__ __forceinline__ Numbers numbers(const Update& u, const NothingKept&) {
    return {C(u.lr),    C(u.momentum), C(1 - u.dampening), C(u.weight_decay),
            u.nesterov, u.maximize,    u.first_step,       u.weight_decay != 0};
  }
  static __device__ __forceinline__ void update_lane(const Table& table, const Numbers& u) {
    const int tensor = table.chunks.tensor_of(blockIdx.x);
    S* const param = table.param[tensor];
    const S* const grad = table.grad[tensor];
    S* const buffer = table.state(sgd_state::kMomentumBuffer, tensor);
    const Lane lane = lane_of(table.chunks, tensor, param, grad, buffer);
    if (lane.n <= 0) return;
    Pack<S, kLane> p = lane.load(param), g = lane.load(grad), b = {};
    if (buffer && !u.first_step) b = lane.load(buffer);
#pragma unroll
    for (int k = 0; k < kLane; ++k) {
      C value = compute_from<C>(p.v[k]), step = compute_from<C>(g.v[k]);
      if (u.maximize) step = -step;
      if (u.decays) step = step + u.decay * value;
      if (buffer) {
        C velocity = u.first_step ? step : u.momentum * compute_from<C>(b.v[k]) + u.fresh * step;
        b.v[k] = stored_from<S>(velocity);
        step = u.nesterov ? step + u.momentum * velocity : velocity;
      }
      p.v[k] = stored_from<S>(value - u.lr * step);
    }
    if (buffer) lane.store(b, buffer);
    lane.store(p, param);
  }
};

template <class S>
struct Adam {
  using C = compute_t<S>;
  using Update = AdamUpdate;
  using Table = UpdateTable<S, adam_state::kCount>;
  using Numbers = AdamNumbers<C>;

  static __host__ __device__ __forceinline__ Numbers numbers(const Update& u,
                                                             const AdamKept& kept) {
    const bool fits = kept.step == u.step && kept.beta1 == u.beta1 && kept.beta2 == u.beta2;
    const math::AdamCorrections corrections =
        fits ? math::AdamCorrections{kept.first, kept.second}
             : math::adam_corrections(u.beta1, u.beta2, u.step);
    return {C(u.beta2),
            C(1 - u.beta1),
            C(1 - u.beta2),
            C(u.weight_decay),
            C(1 - u.lr * u.weight_decay),
            C(corrections.step_size(u.lr)),
            C(corrections.eps(u.eps)),
            u.decoupled_weight_decay,
            u.maximize,
            u.weight_decay != 0};
  }
  static __device__ __forceinline__ void keep(const Update& next, AdamKept& kept) {
    const math::AdamCorrections made = math::adam_corrections(next.beta1, next.beta2, next.step);
    kept = {next.step, next.beta1, next.beta2, made.first, made.second};
  }
  static __device__ __forceinline__ void update_lane(const Table& table, const Numbers& u) {
    const int tensor = table.chunks.tensor_of(blockIdx.x);
    S* const param = table.param[tensor];
    const S* const grad = table.grad[tensor];
    S* const exp_avg = table.state(adam_state::kExpAvg, tensor);
    S* const exp_avg_sq = table.state(adam_state::kExpAvgSq, tensor);
    S* const largest = table.state(adam_state::kMaxExpAvgSq, tensor);
    const Lane lane = lane_of(table.chunks, tensor, param, grad, exp_avg, exp_avg_sq, largest);
    if (lane.n <= 0) return;
    Pack<S, kLane> p = lane.load(param), g = lane.load(grad), m = lane.load(exp_avg),
                   v = lane.load(exp_avg_sq), l = {};
    if (largest) l = lane.load(largest);
#pragma unroll
    for (int k = 0; k < kLane; ++k) {
      C value = compute_from<C>(p.v[k]), gradient = compute_from<C>(g.v[k]);
      if (u.maximize) gradient = -gradient;
      if (u.decays) {
        if (u.decoupled) {
          value = value * u.shrink;
        } else {
          gradient = gradient + u.decay * value;
        }
      }
      C mean = compute_from<C>(m.v[k]);
      mean = mean + u.fresh1 * (gradient - mean);
      C square = u.beta2 * compute_from<C>(v.v[k]) + u.fresh2 * (gradient * gradient);
      m.v[k] = stored_from<S>(mean);
      v.v[k] = stored_from<S>(square);
      if (largest) {
        square = math::maximum(compute_from<C>(l.v[k]), square);
        l.v[k] = stored_from<S>(square);
      }
      p.v[k] = stored_from<S>(value - u.step_size * (mean / (math::sqrt(square) + u.eps)));
    }
    lane.store(m, exp_avg);
    lane.store(v, exp_avg_sq);
    if (largest) lane.store(l, largest);
    lane.store(p, param);
  }
};

template <class S>
struct Rmsprop {
  using C = compute_t<S>;
  using Update = RmspropUpdate;
  using Table = UpdateTable<S, rmsprop_state::kCount>;
  using Numbers = RmspropNumbers<C>;

  static __host__ __device__ __forceinline__ Numbers numbers(const Update& u, const NothingKept&) {
    return {C(u.lr),       C(u.alpha),        C(1 - u.alpha), C(u.eps),
            C(u.momentum), C(u.weight_decay), u.maximize,     u.weight_decay != 0};
  }
  static __device__ __forceinline__ void update_lane(const Table& table, const Numbers& u) {
    const int tensor = table.chunks.tensor_of(blockIdx.x);
    S* const param = table.param[tensor];
    const S* const grad = table.grad[tensor];
    S* const square_avg = table.state(rmsprop_state::kSquareAvg, tensor);
    S* const buffer = table.state(rmsprop_state::kMomentumBuffer, tensor);
    S* const grad_avg = table.state(rmsprop_state::kGradAvg, tensor);
    const Lane lane = lane_of(table.chunks, tensor, param, grad, square_avg, buffer, grad_avg);
    if (lane.n <= 0) return;
    Pack<S, kLane> p = lane.load(param), g = lane.load(grad), v = lane.load(square_avg), b = {},
                   m = {};
    if (buffer) b = lane.load(buffer);
    if (grad_avg) m = lane.load(grad_avg);
#pragma unroll
    for (int k = 0; k < kLane; ++k) {
      const C value = compute_from<C>(p.v[k]);
      C gradient = compute_from<C>(g.v[k]);
      if (u.maximize) gradient = -gradient;
      if (u.decays) gradient = gradient + u.decay * value;
      C square = u.alpha * compute_from<C>(v.v[k]) + u.fresh * (gradient * gradient);
      v.v[k] = stored_from<S>(square);
      if (grad_avg) {
        C mean = compute_from<C>(m.v[k]);
        mean = mean + u.fresh * (gradient - mean);
        m.v[k] = stored_from<S>(mean);
        square = square - mean * mean;
      }
      C step = gradient / (math::sqrt(square) + u.eps);
      if (buffer) {
        step = u.momentum * compute_from<C>(b.v[k]) + step;
        b.v[k] = stored_from<S>(step);
      }
      p.v[k] = stored_from<S>(value - u.lr * step);
    }
    lane.store(v, square_avg);
    if (buffer) lane.store(b, buffer);
    if (grad_avg) lane.store(m, grad_avg);
    lane.store(p, param);
  }
};

template <class S>
struct Adagrad {
  using C = compute_t<S>;
  using Update = AdagradUpdate;
  using Table = UpdateTable<S, adagrad_state::kCount>;
  using Numbers = AdagradNumbers<C>;

  static __host__ __device__ __forceinline__ Numbers numbers(const Update& u, const NothingKept&) {
    return {C(math::adagrad_rate(u.lr, u.lr_decay, u.step)), C(u.eps), C(u.weight_decay),
            u.maximize, u.weight_decay != 0};
  }
  static __device__ __forceinline__ void keep(const Update&, NothingKept&) {}
  static __device__ __forceinline__ void update_lane(const Table& table, const Numbers& u) {
    const int tensor = table.chunks.tensor_of(blockIdx.x);
    S* const param = table.param[tensor];
    const S* const grad = table.grad[tensor];
    S* const sum = table.state(adagrad_state::kSum, tensor);
    const Lane lane = lane_of(table.chunks, tensor, param, grad, sum);
    if (lane.n <= 0) return;
    Pack<S, kLane> p = lane.load(param), g = lane.load(grad), s = lane.load(sum);
#pragma unroll
    for (int k = 0; k < kLane; ++k) {
      const C value = compute_from<C>(p.v[k]);
      C gradient = compute_from<C>(g.v[k]);
      if (u.maximize) gradient = -gradient;
      if (u.decays) gradient = gradient + u.decay * value;
      const C total = compute_from<C>(s.v[k]) + gradient * gradient;
      s.v[k] = stored_from<S>(total);
      p.v[k] = stored_from<S>(value - u.rate * (gradient / (math::sqrt(total) + u.eps)));
    }
    lane.store(s, sum);
    lane.store(p, param);
  }
};

template <template <class> class Rule, class Tensors, class Update>
void update_kernel(const Stream& stream, ArrayRef<Tensors> list, const Update& u,
                   const UpdatePlace<Update>& place) {
  dispatch_floating(list[0].param.impl()->dtype(),
                    [&]<class S>() { run_update<Rule<S>>(stream, list, u, place); });
}

}  // namespace

void register_optim_kernels(OpRegistry& registry) {
  registry.set_kernel("sgd_update", kCUDA, update_kernel<Sgd, SgdTensors, SgdUpdate>);
  registry.set_kernel("adam_update", kCUDA, update_kernel<Adam, AdamTensors, AdamUpdate>);
  registry.set_kernel("rmsprop_update", kCUDA,
                      update_kernel<Rmsprop, RmspropTensors, RmspropUpdate>);
  registry.set_kernel("adagrad_update", kCUDA,
                      update_kernel<Adagrad, AdagradTensors, AdagradUpdate>);
}

}  // namespace adjoint::cuda
