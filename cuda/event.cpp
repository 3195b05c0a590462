// SPDX-License-Identifier: MIT
#include "cuda/event.h"

#include "adjoint/atomic.h"
#include "cuda/check.h"

namespace adjoint::cuda {
namespace {

struct EventPool {
  detail::SpinLock lock;
  PooledEvent* first[2] = {};  // without and with timing
};
constinit EventPool pools[kMaxDevices]{};

}  // namespace

PooledEvent* take_event(DeviceIndex index, bool timing) {
  check_device(index);
  EventPool& pool = pools[index];
  {
    detail::SpinGuard guard(pool.lock);
    if (PooledEvent* event = pool.first[timing]) {
      pool.first[timing] = event->next;
      return event;
    }
  }
  use_device(index);
  RelaxedCapture relaxed;
  cudaEvent_t event = nullptr;
  check(cudaEventCreateWithFlags(&event, timing ? cudaEventDefault : cudaEventDisableTiming),
        "cudaEventCreateWithFlags");
  return new PooledEvent{event, index, timing, nullptr};
}

void give_back_event(PooledEvent* event) noexcept {
  EventPool& pool = pools[event->device];
  detail::SpinGuard guard(pool.lock);
  event->next = pool.first[event->timing];
  pool.first[event->timing] = event;
}

}  // namespace adjoint::cuda
