// SPDX-License-Identifier: MIT
// Where a tensor lives.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adjoint/export.h"

namespace adjoint {

/// PrivateUse1 is free for a backend of the user's own.
enum class DeviceType : int8_t { CPU, CUDA, PrivateUse1 };
inline constexpr int kNumDeviceTypes = 3;
inline constexpr DeviceType kCPU = DeviceType::CPU;
inline constexpr DeviceType kCUDA = DeviceType::CUDA;
inline constexpr DeviceType kPrivateUse1 = DeviceType::PrivateUse1;

using DeviceIndex = int8_t;

/// A kind of device and, where there may be several, which one; index -1 means the current one.
class ADJOINT_API Device {
 public:
  constexpr Device(DeviceType type, DeviceIndex index = -1) : type_(type), index_(index) {}
  /// "cpu", "cuda", "cuda:1". Throws Error on anything else.
  Device(std::string_view text);
  Device(const char* text) : Device(std::string_view(text)) {}
  Device(const std::string& text) : Device(std::string_view(text)) {}

  constexpr DeviceType type() const { return type_; }
  constexpr DeviceIndex index() const { return index_; }
  constexpr bool has_index() const { return index_ >= 0; }
  constexpr bool is_cpu() const { return type_ == kCPU; }
  constexpr bool is_cuda() const { return type_ == kCUDA; }
  std::string str() const;
  friend constexpr bool operator==(Device a, Device b) {
    return a.type_ == b.type_ && a.index_ == b.index_;
  }

 private:
  DeviceType type_;
  DeviceIndex index_;
};

/// Where factories, and so new modules, put their tensors if not told otherwise: kCPU at start.
/// `from_blob` and files stay with the CPU.
ADJOINT_API Device get_default_device();
/// For all threads. Throws Error where there is no such device.
ADJOINT_API void set_default_device(Device device);

/// "cpu", "cuda", "privateuseone".
ADJOINT_API const char* device_type_name(DeviceType type);

inline void append(std::string& out, Device device) { out += device.str(); }

}  // namespace adjoint
