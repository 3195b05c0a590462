// SPDX-License-Identifier: MIT
// The GPUs: how many there are, what they are, and which one is current.
#pragma once

#include <cstddef>
#include <string>

#include "adjoint/device.h"

namespace adjoint::cuda {

inline constexpr int kMaxDevices = 64;

/// What kernels and messages want to know of a GPU.
struct DeviceProperties {
  std::string name;
  int major = 0, minor = 0;  ///< compute capability
  int multiprocessors = 0;
  int max_threads_per_multiprocessor = 0;
  int l2_cache_bytes = 0;
  size_t max_shared_bytes = 0;  ///< of a block that opts in to more than 48 KiB
  size_t total_memory = 0;
  std::string architecture() const { return "sm_" + std::to_string(major) + std::to_string(minor); }
};

/// 0 where there is no driver or no GPU.
int num_devices() noexcept;
/// Why num_devices() is 0, and what to do; empty where it is not.
const std::string& why_no_device();
/// Throws Error unless `index` names a GPU.
void check_device(DeviceIndex index);
const DeviceProperties& properties(DeviceIndex index);

/// This thread's device: what an index of -1 means.
DeviceIndex thread_device() noexcept;
void set_thread_device(DeviceIndex index);
/// Makes `index` the device of this thread's next calls of the CUDA runtime, which thread_device()
/// does not tell of. Free where there is but one GPU.
void use_device(DeviceIndex index);

}  // namespace adjoint::cuda
