// SPDX-License-Identifier: MIT
#include "tests/support/test_device.h"

#include <cstdlib>

namespace adjoint::testing {

Device test_device() {
  const char* name = std::getenv("ADJOINT_TEST_DEVICE");
  return name ? Device(name) : Device(kCPU);
}

}  // namespace adjoint::testing
