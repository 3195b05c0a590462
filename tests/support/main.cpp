// SPDX-License-Identifier: MIT
// Runs a folder's tests on the device that ADJOINT_TEST_DEVICE names, with ADJOINT_TEST_CUDNN=off
// by our own convolutions.
#include <gtest/gtest.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>

#include "adjoint/context.h"
#include "tests/support/test_device.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  try {
    adjoint::set_default_device(adjoint::testing::test_device());
  } catch (const std::exception& e) {
    std::cerr << "ADJOINT_TEST_DEVICE: " << e.what() << "\n";
    return 2;
  }
  const char* cudnn = std::getenv("ADJOINT_TEST_CUDNN");
  if (cudnn && std::string_view(cudnn) == "off")
    adjoint::globalContext().setUserEnabledCuDNN(false);
  return RUN_ALL_TESTS();
}
