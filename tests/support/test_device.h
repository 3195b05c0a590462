// SPDX-License-Identifier: MIT
// The device that tests run on.
#pragma once

#include "adjoint/device.h"

namespace adjoint::testing {

/// The device named by ADJOINT_TEST_DEVICE; the CPU where it is not set.
Device test_device();

}  // namespace adjoint::testing
