// SPDX-License-Identifier: MIT
// Stand-in for CUDA's header of this name.
#pragma once

#include "cublas_api.h"
