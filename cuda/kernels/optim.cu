// SPDX-License-Identifier: MIT
// The optimizers' updates: every element is read and written once, and one launch updates many
// parameters.
#include "adjoint/op_registry.h"
#include "core/math/adam.h"
#include "core/optim/update.h"
#include "cuda/loops.cuh"
#include "cuda/scratch.h"
#include "cuda/tensor_list.cuh"

namespace adjoint::cuda {

template <class S>
struct SgdTable {
  static constexpr int kMax = 64;
  TensorChunks<kMax> chunks;
  S* param[kMax];
  const S* grad[kMax];
  S* momentum_buffer[kMax];
  static constexpr auto kernel_pointers =
      std::tuple(&SgdTable::param, &SgdTable::grad, &SgdTable::momentum_buffer);

  void add(const SgdTensors& tensors) {
    const int i = chunks.count;
    param[i] = static_cast<S*>(tensors.param.impl()->data());
    grad[i] = static_cast<const S*>(tensors.grad.impl()->data());
    momentum_buffer[i] = data_or_null(tensors.momentum_buffer);
    chunks.add(tensors.param.impl()->numel());
  }
  static S* data_or_null(const Tensor& t) {
    return t.defined() ? static_cast<S*>(t.impl()->data()) : nullptr;
  }
};
template <class C>
struct SgdNumbers {
  static constexpr std::tuple<> kernel_pointers{};
  C lr, momentum, fresh, decay;
  bool nesterov, maximize, first_step, decays;
};

template <class S>
struct AdamTable {
  static constexpr int kMax = 64;
  TensorChunks<kMax> chunks;
  S* param[kMax];
  const S* grad[kMax];
  S* exp_avg[kMax];
  S* exp_avg_sq[kMax];
  S* max_exp_avg_sq[kMax];
  static constexpr auto kernel_pointers =
      std::tuple(&AdamTable::param, &AdamTable::grad, &AdamTable::exp_avg, &AdamTable::exp_avg_sq,
                 &AdamTable::max_exp_avg_sq);

  void add(const AdamTensors& tensors) {
    const int i = chunks.count;
    param[i] = static_cast<S*>(tensors.param.impl()->data());
    grad[i] = static_cast<const S*>(tensors.grad.impl()->data());
    exp_avg[i] = static_cast<S*>(tensors.exp_avg.impl()->data());
    exp_avg_sq[i] = static_cast<S*>(tensors.exp_avg_sq.impl()->data());
    max_exp_avg_sq[i] = SgdTable<S>::data_or_null(tensors.max_exp_avg_sq);
    chunks.add(tensors.param.impl()->numel());
  }
};
template <class C>
struct AdamNumbers {
  static constexpr std::tuple<> kernel_pointers{};
  C beta2, fresh1, fresh2, decay, shrink, step_size, eps;
  bool decoupled, maximize, decays;
};

namespace {

template <class S, class C>
__global__ void __launch_bounds__(kListThreads) sgd(SgdTable<S> table, SgdNumbers<C> u) {
  const int tensor = table.chunks.tensor_of(blockIdx.x);
  S* const param = table.param[tensor];
  const S* const grad = table.grad[tensor];
  S* const buffer = table.momentum_buffer[tensor];
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

/// The clock of a captured update; null where the host counts.
struct Clock {
  AdamClock* clock;
  unsigned* ticket;
  double lr, beta1, beta2, eps;
  int64_t step;
  bool counts;  // one launch of an update does
  static constexpr auto kernel_pointers = std::tuple(&Clock::clock, &Clock::ticket);
};

/// Sets what the number of the step decides; all threads of a block come here.
template <class C>
__device__ __forceinline__ void read_clock(const Clock& c, AdamNumbers<C>& u) {
  SHARED(math::AdamCorrections, now);
  if (threadIdx.x == 0) {
    const int64_t step = c.step + c.clock->count;
    const AdamClock& kept = *c.clock;
    if (kept.step == step && kept.beta1 == c.beta1 && kept.beta2 == c.beta2) {
      now = {kept.first, kept.second};
    } else {
      now = math::adam_corrections(c.beta1, c.beta2, step);
    }
  }
  __syncthreads();
  u.step_size = C(now.step_size(c.lr));
  u.eps = C(now.eps(c.eps));
}
/// As the last thing of the kernel, in all threads: counts, and makes ready what the next step
/// reads.
__device__ __forceinline__ void advance_clock(const Clock& c) {
  if (!is_last_block(c.ticket) || threadIdx.x != 0) return;
  const int64_t next = c.step + ++c.clock->count;
  const math::AdamCorrections corrections = math::adam_corrections(c.beta1, c.beta2, next);
  *c.clock = {c.clock->count, next, c.beta1, c.beta2, corrections.first, corrections.second};
}

template <class S, class C>
__device__ __forceinline__ void update_lane(const AdamTable<S>& table, const AdamNumbers<C>& u) {
  const int tensor = table.chunks.tensor_of(blockIdx.x);
  S* const param = table.param[tensor];
  const S* const grad = table.grad[tensor];
  S* const exp_avg = table.exp_avg[tensor];
  S* const exp_avg_sq = table.exp_avg_sq[tensor];
  S* const largest = table.max_exp_avg_sq[tensor];
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

template <class S, class C>
__global__ void __launch_bounds__(kListThreads)
    adam(AdamTable<S> table, AdamNumbers<C> u, Clock clock) {
  if (clock.clock) read_clock(clock, u);
  update_lane(table, u);
  if (clock.clock && clock.counts) advance_clock(clock);
}

/// `rest(is_last)`: the kernel's other arguments, for each launch.
template <auto kernel, class Table, class Tensors, class Numbers, class... Rest>
void update(const Stream& stream, ArrayRef<Tensors> list, const Numbers& numbers,
            const Rest&... rest) {
  for (size_t i = 0; i < list.size();) {
    Table table{};  // null where no tensor is
    for (; i < list.size() && !table.chunks.is_full(); ++i) table.add(list[i]);
    launch<kernel>({dim3(table.chunks.num_blocks()), dim3(kListThreads), raw(stream)}, table,
                   numbers, rest(i == list.size())...);
  }
}

void sgd_kernel(const Stream& stream, ArrayRef<SgdTensors> list, const SgdUpdate& u) {
  dispatch_floating(list[0].param.impl()->dtype(), [&]<class S>() {
    using C = compute_t<S>;
    SgdNumbers<C> numbers{C(u.lr),    C(u.momentum), C(1 - u.dampening), C(u.weight_decay),
                          u.nesterov, u.maximize,    u.first_step,       u.weight_decay != 0};
    update<sgd<S, C>, SgdTable<S>>(stream, list, numbers);
  });
}
void adam_kernel(const Stream& stream, ArrayRef<AdamTensors> list, const AdamUpdate& u) {
  dispatch_floating(list[0].param.impl()->dtype(), [&]<class S>() {
    using C = compute_t<S>;
    const math::AdamCorrections corrections = math::adam_corrections(u.beta1, u.beta2, u.step);
    AdamNumbers<C> numbers{C(u.beta2),
                           C(1 - u.beta1),
                           C(1 - u.beta2),
                           C(u.weight_decay),
                           C(1 - u.lr * u.weight_decay),
                           C(corrections.step_size(u.lr)),
                           C(corrections.eps(u.eps)),
                           u.decoupled_weight_decay,
                           u.maximize,
                           u.weight_decay != 0};
    update<adam<S, C>, AdamTable<S>>(stream, list, numbers, [&](bool is_last) {
      return Clock{
          u.clock, u.clock ? ticket(stream) : nullptr, u.lr, u.beta1, u.beta2, u.eps, u.step,
          is_last};
    });
  });
}

}  // namespace

void register_optim_kernels(OpRegistry& registry) {
  registry.set_kernel("sgd_update", kCUDA, sgd_kernel);
  registry.set_kernel("adam_update", kCUDA, adam_kernel);
}

}  // namespace adjoint::cuda
