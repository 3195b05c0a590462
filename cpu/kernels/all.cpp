// SPDX-License-Identifier: MIT
// The one list of kernel families on the CPU.
#include "adjoint/op_registry.h"
#include "cpu/isa.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

void register_matmul_kernels(OpRegistry&);

void register_kernels(OpRegistry& registry) { register_matmul_kernels(registry); }

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
