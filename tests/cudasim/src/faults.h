// SPDX-License-Identifier: MIT
// Faults on demand, as the engine takes them.
#pragma once

#include "cudasim/types.h"

namespace cudasim {

/// What the launch at hand is to fail with when it runs; counts it.
cudaError_t take_launch_fault();

}  // namespace cudasim
