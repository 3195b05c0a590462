// SPDX-License-Identifier: MIT
// The device that tests run on.
#pragma once

#include "adjoint/device.h"

namespace adjoint::testing {

/// The device named by ADJOINT_TEST_DEVICE; the CPU where it is not set.
Device test_device();
/// Waits for it: what its kernels found wrong, such as a bad index, is thrown then.
void settle_test_device();

/// Makes another device the default one for a while.
class DefaultDevice {
 public:
  explicit DefaultDevice(Device device) : previous_(get_default_device()) {
    set_default_device(device);
  }
  ~DefaultDevice() { set_default_device(previous_); }
  DefaultDevice(const DefaultDevice&) = delete;
  DefaultDevice& operator=(const DefaultDevice&) = delete;

 private:
  Device previous_;
};

}  // namespace adjoint::testing
