// SPDX-License-Identifier: MIT
// Runs a folder's tests on the device that ADJOINT_TEST_DEVICE names.
#include <gtest/gtest.h>

#include <exception>
#include <iostream>

#include "tests/support/test_device.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  try {
    adjoint::set_default_device(adjoint::testing::test_device());
  } catch (const std::exception& e) {
    std::cerr << "ADJOINT_TEST_DEVICE: " << e.what() << "\n";
    return 2;
  }
  return RUN_ALL_TESTS();
}
