// SPDX-License-Identifier: MIT
#include "tests/support/test_device.h"

#include <cstdlib>

#include "adjoint/stream.h"

namespace adjoint::testing {

Device test_device() {
  const char* name = std::getenv("ADJOINT_TEST_DEVICE");
  return name ? Device(name) : Device(kCPU);
}

void settle_test_device() { current_stream(test_device()).synchronize(); }

}  // namespace adjoint::testing
