// SPDX-License-Identifier: MIT
// Stand-in for CUB's header of this name.
#pragma once

#include "block/block_reduce.cuh"
#include "block/block_scan.cuh"
#include "device/device_radix_sort.cuh"
#include "device/device_reduce.cuh"
#include "device/device_scan.cuh"
#include "device/device_segmented_sort.cuh"
#include "util_type.cuh"
#include "warp/warp_reduce.cuh"
