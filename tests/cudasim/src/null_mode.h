// SPDX-License-Identifier: MIT
// The mode in which kernels and graphs are not run.
//
// Note [Null mode]
// For timing what the host does: a launch costs next to nothing and leaves nothing behind but,
// while this thread captures, a node that is a number. A graph is the range of such numbers, each
// node after the one before. Blocks of allocators are not followed. All else is as in lazy mode.
#pragma once

#include "cudasim.h"
#include "cudasim/api.h"

namespace cudasim {

inline bool in_null_mode() { return config().mode == Mode::null; }

/// What the API's functions of these names do in null mode.
namespace null_mode {
cudaError_t begin_capture();
cudaError_t end_capture(cudaGraph_t* graph);
cudaError_t capture_info(cudaStreamCaptureStatus* status, const cudaGraphNode_t** dependencies,
                         size_t* num_dependencies);
cudaError_t edges(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to, size_t* count);
cudaError_t instantiate(cudaGraphExec_t* exec);
cudaError_t destroy(cudaGraph_t graph);
}  // namespace null_mode

}  // namespace cudasim
