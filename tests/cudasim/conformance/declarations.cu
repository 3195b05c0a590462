// SPDX-License-Identifier: MIT
// Everything that is stated about CUDA's headers, of NVIDIA's.
#include "blas_api.h"
#include "cub_api.h"
#include "device_api.h"
#include "error_codes.h"
#include "runtime_api.h"
