// SPDX-License-Identifier: MIT
// An optimizer's update of many parameters: every element is read and written once, and one launch
// updates many tensors. What an optimizer does to its elements is a Rule (kernels/optim.cu).
#pragma once

#include "core/optim/update.h"
#include "cuda/loops.cuh"
#include "cuda/scratch.h"
#include "cuda/tensor_list.cuh"

namespace adjoint::cuda {

/// Parameters of a launch, with their gradients and states; null where no tensor is.
template <class S, int kStates>
struct UpdateTable {
  static constexpr int kMax = 64;
  TensorChunks<kMax> chunks;
  S* param[kMax];
  const S* grad[kMax];
  S* states[kStates * kMax];
  static constexpr auto kernel_pointers =
      std::tuple(&UpdateTable::param, &UpdateTable::grad, &UpdateTable::states);

  void add(const UpdateTensors<kStates>& tensors) {
    const int i = chunks.count;
    param[i] = static_cast<S*>(tensors.param.impl()->data());
    grad[i] = static_cast<const S*>(tensors.grad.impl()->data());
    for (int k = 0; k < kStates; ++k) {
      const Tensor& t = tensors.state[k];
      states[k * kMax + i] = t.defined() ? static_cast<S*>(t.impl()->data()) : nullptr;
    }
    chunks.add(tensors.param.impl()->numel());
  }
  __device__ __forceinline__ S* state(int k, int tensor) const { return states[k * kMax + tensor]; }
};

/// UpdatePlace on its way into a kernel.
template <class Update>
struct Place {
  LiveUpdate<Update>* live;
  const float* found_inf;
  int64_t* skipped;
  unsigned* ticket;  // null where the launch has nothing to count
  static constexpr auto kernel_pointers =
      std::tuple(&Place::live, &Place::found_inf, &Place::skipped, &Place::ticket);

  __device__ __forceinline__ bool skips() const { return found_inf && *found_inf != 0; }
  /// Those before that were left out are no steps.
  __device__ __forceinline__ int64_t num_skipped() const { return skipped ? *skipped : 0; }
};

template <class Update>
inline constexpr bool counts_steps = requires(Update u) {
  u.step;
};

/// The last of the launches of a replay counts it; all threads come here, at the end.
template <class Rule>
__device__ __forceinline__ void count(const Place<typename Rule::Update>& place) {
  if (!is_last_block(place.ticket) || threadIdx.x != 0) return;
  if (place.skips()) ++*place.skipped;
  if constexpr (counts_steps<typename Rule::Update>) {
    ++place.live->update.step;
    auto next = place.live->update;
    next.step -= place.num_skipped();
    Rule::keep(next, place.live->kept);
  }
}

template <class Rule>
__global__ void __launch_bounds__(kListThreads)
    update(typename Rule::Table table, typename Rule::Numbers u,
           Place<typename Rule::Update> place) {
  if (place.live) {
    SHARED(typename Rule::Numbers, now);
    if (threadIdx.x == 0) {
      auto settings = place.live->update;
      if constexpr (counts_steps<typename Rule::Update>) settings.step -= place.num_skipped();
      now = Rule::numbers(settings, place.live->kept);
    }
    __syncthreads();
    u = now;
  }
  if (!place.skips()) Rule::update_lane(table, u);
  if (place.ticket) count<Rule>(place);
}

/// The numbers of a launch that has its update as an argument are made on the host.
template <class Rule, class Tensors, class Update>
void run_update(const Stream& stream, ArrayRef<Tensors> list, const Update& u,
                const UpdatePlace<Update>& where) {
  const auto numbers = Rule::numbers(u, {});
  for (size_t i = 0; i < list.size();) {
    typename Rule::Table table{};
    for (; i < list.size() && !table.chunks.is_full(); ++i) table.add(list[i]);
    const bool has_to_count = where.live && (counts_steps<Update> || where.skipped);
    const bool counts = has_to_count && i == list.size();
    launch<update<Rule>>({dim3(table.chunks.num_blocks()), dim3(kListThreads), raw(stream)}, table,
                         numbers,
                         Place<Update>{where.live, where.found_inf, where.skipped,
                                       counts ? ticket(stream) : nullptr});
  }
}

}  // namespace adjoint::cuda
