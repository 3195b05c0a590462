// SPDX-License-Identifier: MIT
// The current device, for the length of a scope.
#pragma once

#include "adjoint/device.h"
#include "adjoint/export.h"

namespace adjoint {

/// Makes a device the current one of its type for this thread, and restores the one before. Throws
/// Error where there is no such device. For a device without an index, and for the CPU, nothing.
class ADJOINT_API DeviceGuard {
 public:
  explicit DeviceGuard(Device device);
  ~DeviceGuard();
  DeviceGuard(const DeviceGuard&) = delete;
  DeviceGuard& operator=(const DeviceGuard&) = delete;
  /// Another device of the same type.
  void set_index(DeviceIndex index);
  Device original_device() const { return original_; }
  Device current_device() const { return current_; }

 private:
  Device original_, current_;
};

}  // namespace adjoint
