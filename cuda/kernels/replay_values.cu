// SPDX-License-Identifier: MIT
// Values of the host's for the memory of a replay: Note [Values of a replay].
#include "core/capture/replay_values.h"

#include "cuda/dispatch.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {
namespace {

struct Words {
  static constexpr std::tuple<> kernel_pointers{};
  ReplayValues values;
};

__global__ void write_values(Words words, uint64_t* to) {
  if (threadIdx.x < words.values.count)
    to[words.values.first + threadIdx.x] = words.values.words[threadIdx.x];
}

void write_values_kernel(const Stream& stream, const Tensor& to, const ReplayValues& values) {
  launch<write_values>({dim3(1), dim3(unsigned(ReplayValues::kMax)), raw(stream)}, Words{values},
                       static_cast<uint64_t*>(to.impl()->data()));
}

}  // namespace

void register_replay_values_kernels(OpRegistry& registry) {
  registry.set_kernel("write_values", kCUDA, write_values_kernel);
}

}  // namespace adjoint::cuda
