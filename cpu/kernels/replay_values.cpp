// SPDX-License-Identifier: MIT
// Values of the host's for the memory of a replay.
#include "core/capture/replay_values.h"

#include <cstring>

#include "cpu/loops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

void write_values_kernel(const Stream&, const Tensor& to, const ReplayValues& values) {
  std::memcpy(static_cast<uint64_t*>(to.impl()->data()) + values.first, values.words,
              values.count * sizeof(uint64_t));
}

}  // namespace

void register_replay_values_kernels(OpRegistry& registry) {
  registry.set_kernel("write_values", kCPU, write_values_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
