// SPDX-License-Identifier: MIT
#include "null_mode.h"

#include <algorithm>

#include "cudasim/launch.h"

namespace cudasim {
namespace {

/// Nodes (first, last].
struct NodeRange {
  uintptr_t first = 0, last = 0;
};

struct ThreadCapture {
  bool is_open = false;
  NodeRange nodes;
  cudaGraphNode_t tail = nullptr;  // what the caller is shown
};
constinit thread_local ThreadCapture capture;

cudaGraphNode_t node(uintptr_t number) { return reinterpret_cast<cudaGraphNode_t>(number); }

}  // namespace

bool launched_in_null_mode() {
  if (!in_null_mode()) [[likely]]
    return false;
  (void)take_launch_site();
  if (capture.is_open) ++capture.nodes.last;
  return true;
}

namespace null_mode {

cudaError_t begin_capture() {
  capture.is_open = true;
  capture.nodes.first = capture.nodes.last;
  return cudaSuccess;
}

cudaError_t end_capture(cudaGraph_t* graph) {
  capture.is_open = false;
  *graph = reinterpret_cast<cudaGraph_t>(new NodeRange(capture.nodes));
  return cudaSuccess;
}

cudaError_t capture_info(cudaStreamCaptureStatus* status, const cudaGraphNode_t** dependencies,
                         size_t* num_dependencies) {
  *status = capture.is_open ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  if (!capture.is_open) return cudaSuccess;
  capture.tail = node(capture.nodes.last);
  if (dependencies) *dependencies = &capture.tail;
  if (num_dependencies) *num_dependencies = capture.nodes.last > capture.nodes.first;
  return cudaSuccess;
}

cudaError_t edges(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to, size_t* count) {
  const NodeRange& nodes = *reinterpret_cast<const NodeRange*>(graph);
  const size_t all = nodes.last - nodes.first, edges = all == 0 ? 0 : all - 1;
  if (from) {
    for (size_t i = 0; i < std::min(edges, *count); ++i) {
      from[i] = node(nodes.first + 1 + i);
      to[i] = node(nodes.first + 2 + i);
    }
  }
  *count = from ? std::min(edges, *count) : edges;
  return cudaSuccess;
}

cudaError_t instantiate(cudaGraphExec_t* exec) {
  *exec = reinterpret_cast<cudaGraphExec_t>(uintptr_t{1});
  return cudaSuccess;
}

cudaError_t destroy(cudaGraph_t graph) {
  delete reinterpret_cast<NodeRange*>(graph);
  return cudaSuccess;
}

}  // namespace null_mode
}  // namespace cudasim
