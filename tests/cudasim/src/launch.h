// SPDX-License-Identifier: MIT
// Between the queue, which decides when a launch runs, and the executor, which runs it.
#pragma once

#include "cudasim/launch.h"

namespace cudasim {

/// What CUDA returns for a launch that cannot be on `device`: bad dimensions, too much shared
/// memory (cudaErrorInvalidConfiguration, cudaErrorInvalidValue), a pointer to pageable host memory
/// or to nothing (cudaErrorIllegalAddress, and a violation).
cudaError_t validate_launch(const Launch& launch, int device);

/// Says that the calling thread's next launch has work memory there, which is not counted among its
/// bytes.
void name_workspace_of_next_launch(const void* workspace);
/// What it said since the last call.
const void* take_launch_workspace();

/// Runs the launch's threads, all of them, on the calling thread. One grid runs at a time.
void run_grid(const Launch& launch);

/// Starts the random choices of run_grid anew.
void reseed_blocks();

/// True inside a kernel.
bool in_kernel();

}  // namespace cudasim
