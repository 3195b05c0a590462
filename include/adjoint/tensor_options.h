// SPDX-License-Identifier: MIT
// What a new tensor is to be: dtype, device, requires_grad; each may be left open.
#pragma once

#include <optional>

#include "adjoint/device.h"
#include "adjoint/scalar_type.h"

namespace adjoint {

/// How elements lie in memory: by strides, in one piece of memory.
enum class Layout : int8_t { Strided };
inline constexpr Layout kStrided = Layout::Strided;

class TensorOptions {
 public:
  TensorOptions() = default;
  TensorOptions(ScalarType dtype) : dtype_(dtype) {}
  TensorOptions(Device device) : device_(device) {}
  TensorOptions(DeviceType type) : device_(Device(type)) {}

  [[nodiscard]] TensorOptions dtype(std::optional<ScalarType> value) const {
    TensorOptions r = *this;
    r.dtype_ = value;
    return r;
  }
  [[nodiscard]] TensorOptions device(std::optional<Device> value) const {
    TensorOptions r = *this;
    r.device_ = value;
    return r;
  }
  [[nodiscard]] TensorOptions device(DeviceType type, DeviceIndex index) const {
    return device(Device(type, index));
  }
  /// There is one layout.
  [[nodiscard]] TensorOptions layout(Layout) const { return *this; }
  Layout layout() const { return kStrided; }
  [[nodiscard]] TensorOptions requires_grad(bool value) const {
    TensorOptions r = *this;
    r.requires_grad_ = value;
    return r;
  }
  /// Page-locked host memory, for copies to and from a GPU that the host need not wait for.
  [[nodiscard]] TensorOptions pinned_memory(bool value) const {
    TensorOptions r = *this;
    r.pinned_memory_ = value;
    return r;
  }
  /// The default dtype where none was set.
  ScalarType dtype() const { return dtype_ ? *dtype_ : get_default_dtype(); }
  /// The default device where none was set.
  Device device() const { return device_ ? *device_ : get_default_device(); }
  bool requires_grad() const { return requires_grad_; }
  bool pinned_memory() const { return pinned_memory_; }
  std::optional<ScalarType> dtype_opt() const { return dtype_; }
  std::optional<Device> device_opt() const { return device_; }

 private:
  std::optional<ScalarType> dtype_;
  std::optional<Device> device_;
  bool requires_grad_ = false;
  bool pinned_memory_ = false;
};

inline TensorOptions dtype(ScalarType value) { return TensorOptions(value); }
inline TensorOptions device(Device value) { return TensorOptions(value); }
inline TensorOptions requires_grad(bool value = true) {
  return TensorOptions().requires_grad(value);
}

}  // namespace adjoint
