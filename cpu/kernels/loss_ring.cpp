// SPDX-License-Identifier: MIT
// A number for a LossRing.
#include "core/capture/loss_ring.h"

#include "cpu/loops.h"

namespace adjoint::cpu::ADJOINT_CPU_ISA {
namespace {

void push_to_ring_kernel(const Stream&, const Tensor& ring, const Tensor& value) {
  double* to = static_cast<double*>(ring.impl()->data());
  dispatch_floating(value.impl()->dtype(), [&]<class S>() {
    const uint64_t count = uint64_t(to[0]), capacity = uint64_t(ring.impl()->numel() - 1);
    to[1 + count % capacity] = double(opmath_t<S>(*static_cast<const S*>(value.impl()->data())));
    to[0] = double(count + 1);
  });
}

}  // namespace

void register_loss_ring_kernels(OpRegistry& registry) {
  registry.set_kernel("push_to_ring", kCPU, push_to_ring_kernel);
}

}  // namespace adjoint::cpu::ADJOINT_CPU_ISA
