// SPDX-License-Identifier: MIT
// The kernel of sums, for others that add up on the way.
#pragma once

#include "core/tensor/tensor_iterator.h"
#include "cpu/isa.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

void sum_kernel(const Stream&, const TensorIterator& iter);

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
