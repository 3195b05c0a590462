// SPDX-License-Identifier: MIT
#include "adjoint/device.h"

#include <charconv>

#include "adjoint/error.h"

namespace adjoint {

const char* device_type_name(DeviceType type) {
  static constexpr const char* names[] = {"cpu", "cuda", "privateuseone"};
  return names[size_t(type)];
}

Device::Device(std::string_view text) : type_(kCPU), index_(-1) {
  std::string_view name = text.substr(0, text.find(':'));
  bool found = false;
  for (int i = 0; i < kNumDeviceTypes; ++i) {
    if (name == device_type_name(DeviceType(i))) {
      type_ = DeviceType(i);
      found = true;
    }
  }
  ADJOINT_CHECK(
      found,
      "Expected one of cpu, cuda, privateuseone device type at start of device string: ", text);
  if (name.size() == text.size()) return;
  std::string_view digits = text.substr(name.size() + 1);
  int index = -1;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  ADJOINT_CHECK(
      error == std::errc() && end == digits.data() + digits.size() && index >= 0 && index < 128,
      "Invalid device string: '", text, "': expected a device index such as cuda:0");
  index_ = DeviceIndex(index);
}

std::string Device::str() const {
  std::string out = device_type_name(type_);
  if (has_index()) detail::append(out, detail::str(":", int(index_)));
  return out;
}

}  // namespace adjoint
