// SPDX-License-Identifier: MIT
// Events, of which there is a pool: making one is a call of the driver, taking one is not.
#pragma once

#include <cuda_runtime.h>

#include "cuda/device.h"

namespace adjoint::cuda {

struct PooledEvent {
  cudaEvent_t event;
  DeviceIndex device;
  bool timing;
  PooledEvent* next;  ///< in the pool
};

/// An event of the device, never recorded or recorded by somebody who does not need it any more.
PooledEvent* take_event(DeviceIndex index, bool timing = false);
void give_back_event(PooledEvent* event) noexcept;

/// While it lives, this thread may make calls that a capture under way would forbid it, since they
/// have nothing to do with the captured work.
class RelaxedCapture {
 public:
  RelaxedCapture() { (void)cudaThreadExchangeStreamCaptureMode(&mode_); }
  ~RelaxedCapture() { (void)cudaThreadExchangeStreamCaptureMode(&mode_); }
  RelaxedCapture(const RelaxedCapture&) = delete;
  RelaxedCapture& operator=(const RelaxedCapture&) = delete;

 private:
  cudaStreamCaptureMode mode_ = cudaStreamCaptureModeRelaxed;
};

}  // namespace adjoint::cuda
