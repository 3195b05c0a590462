// SPDX-License-Identifier: MIT
// Functions of angles and of the hyperbola.
#include "adjoint/op_registry.h"
#include "core/math/binary.h"
#include "core/math/unary.h"
#include "cpu/by_lane.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {

void register_trigonometric_kernels(OpRegistry& registry) {
  registry.set_kernel("tan", kCPU, lanewise_kernel<math::Tan>);
  registry.set_kernel("asin", kCPU, lanewise_kernel<math::Asin>);
  registry.set_kernel("acos", kCPU, lanewise_kernel<math::Acos>);
  registry.set_kernel("atan", kCPU, lanewise_kernel<math::Atan>);
  registry.set_kernel("sinh", kCPU, lanewise_kernel<math::Sinh>);
  registry.set_kernel("cosh", kCPU, lanewise_kernel<math::Cosh>);
  registry.set_kernel("asinh", kCPU, lanewise_kernel<math::Asinh>);
  registry.set_kernel("acosh", kCPU, lanewise_kernel<math::Acosh>);
  registry.set_kernel("atanh", kCPU, lanewise_kernel<math::Atanh>);
  registry.set_kernel("atan2", kCPU, lanewise_pair_kernel<math::Atan2>);
  registry.set_kernel("hypot", kCPU, lanewise_pair_kernel<math::Hypot>);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
