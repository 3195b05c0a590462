// SPDX-License-Identifier: MIT
// A number for a LossRing: the kernel counts, so that every replay of a graph writes to the next
// place.
#include "core/capture/loss_ring.h"

#include "cuda/dispatch.h"
#include "cuda/loops.cuh"

namespace adjoint::cuda {
namespace {

template <class S>
__global__ void push_to_ring(const S* value, uint64_t capacity, double* ring) {
  const uint64_t count = uint64_t(ring[0]);
  ring[1 + count % capacity] = double(compute_from<compute_t<S>>(*value));
  ring[0] = double(count + 1);
}

void push_to_ring_kernel(const Stream& stream, const Tensor& ring, const Tensor& value) {
  dispatch_floating(value.impl()->dtype(), [&]<class S>() {
    launch<push_to_ring<S>>(
        {dim3(1), dim3(1), raw(stream)}, static_cast<const S*>(value.impl()->data()),
        uint64_t(ring.impl()->numel() - 1), static_cast<double*>(ring.impl()->data()));
  });
}

}  // namespace

void register_loss_ring_kernels(OpRegistry& registry) {
  registry.set_kernel("push_to_ring", kCUDA, push_to_ring_kernel);
}

}  // namespace adjoint::cuda
