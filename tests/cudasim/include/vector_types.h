// SPDX-License-Identifier: MIT
// A header of CUDA's, in the simulated device.
#pragma once

#include "cudasim/types.h"
