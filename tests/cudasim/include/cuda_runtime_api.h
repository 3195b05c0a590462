// SPDX-License-Identifier: MIT
// The part of the simulated CUDA runtime that needs no device code.
#pragma once

#include "cudasim/api.h"
#include "cudasim/types.h"
