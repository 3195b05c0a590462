// SPDX-License-Identifier: MIT
// The CUDA runtime as the simulated device offers it: what CUDA sources see in place of NVIDIA's
// header when the host's compiler compiles them.
#pragma once

#include "cuda_runtime_api.h"
#include "cudasim/device.h"
#include "cudasim/launch.h"
