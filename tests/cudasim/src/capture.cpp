// SPDX-License-Identifier: MIT
// The rules of stream capture (Note [Capture] in graph.h).
#include <algorithm>

#include "api.h"
#include "graph.h"
#include "null_mode.h"

namespace cudasim {
namespace {

void add_all(std::vector<CUgraphNode_st*>& to, const std::vector<CUgraphNode_st*>& from) {
  for (CUgraphNode_st* node : from) {
    if (std::find(to.begin(), to.end(), node) == to.end()) to.push_back(node);
  }
}

void join_capture(CUstream_st& stream, const std::shared_ptr<Capture>& capture) {
  stream.capture = capture;
  stream.capture_tail.clear();
  capture->streams.push_back(stream.shared_from_this());
}

void end_capture(const std::shared_ptr<Capture>& capture) {
  capture->ended = true;
  for (const auto& stream : capture->streams) {
    stream->capture = nullptr;
    stream->capture_tail.clear();
  }
  capture->streams.clear();
  std::erase(engine().captures, capture);
}

// True where every node comes before, or is among, what the origin's next node would come after.
bool all_joined(const Capture& capture) {
  std::vector<bool> reached(capture.graph->nodes.size());
  std::vector<const CUgraphNode_st*> open(capture.origin->capture_tail.begin(),
                                          capture.origin->capture_tail.end());
  while (!open.empty()) {
    const CUgraphNode_st* node = open.back();
    open.pop_back();
    if (reached[node->index]) continue;
    reached[node->index] = true;
    open.insert(open.end(), node->after.begin(), node->after.end());
  }
  return std::find(reached.begin(), reached.end(), false) == reached.end();
}

cudaError_t begin_capture(Engine& e, CUstream_st& stream, cudaStreamCaptureMode mode) {
  if (stream.legacy) return cudaErrorStreamCaptureUnsupported;
  if (stream.capture) return cudaErrorIllegalState;
  static unsigned long long count = 0;
  auto capture = std::make_shared<Capture>();
  capture->id = ++count;
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  capture->origin = &stream;
  join_capture(stream, capture);
  e.captures.push_back(std::move(capture));
  return cudaSuccess;
}

cudaError_t finish_capture(CUstream_st& stream, cudaGraph_t* graph) {
  *graph = nullptr;
  const std::shared_ptr<Capture> capture = stream.capture;
  if (!capture) return cudaErrorIllegalState;
  if (capture->origin != &stream) {
    invalidate(*capture);
    return cudaErrorStreamCaptureUnmatched;
  }
  if (capture->mode != cudaStreamCaptureModeRelaxed &&
      capture->thread != std::this_thread::get_id()) {
    return cudaErrorStreamCaptureWrongThread;
  }
  const cudaError_t status = capture->invalid        ? cudaErrorStreamCaptureInvalidated
                             : !all_joined(*capture) ? cudaErrorStreamCaptureUnjoined
                                                     : cudaSuccess;
  end_capture(capture);
  if (status == cudaSuccess) *graph = capture->graph.release();
  return status;
}

}  // namespace

cudaError_t append_to_capture(CUstream_st& stream, Work work) {
  Capture& capture = *stream.capture;
  if (capture.invalid) return cudaErrorStreamCaptureInvalidated;
  auto& nodes = capture.graph->nodes;
  auto node = std::make_shared<CUgraphNode_st>();
  node->work = std::move(work);
  node->after = std::move(stream.capture_tail);
  node->index = nodes.size();
  stream.capture_tail = {node.get()};
  nodes.push_back(std::move(node));
  return cudaSuccess;
}

cudaError_t record_in_capture(CUevent_st& event, CUstream_st& stream) {
  if (stream.capture->invalid) return cudaErrorStreamCaptureInvalidated;
  event.capture = stream.capture;
  event.capture_tail = stream.capture_tail;
  event.recorded = true;
  return cudaSuccess;
}

cudaError_t wait_in_capture(CUstream_st& stream, const CUevent_st& event) {
  if (stream.capture && stream.capture->invalid) return cudaErrorStreamCaptureInvalidated;
  if (!event.capture) {  // work that is not captured
    invalidate(*stream.capture);
    return cudaErrorStreamCaptureIsolation;
  }
  if (event.capture->ended) {
    if (stream.capture) invalidate(*stream.capture);
    return cudaErrorCapturedEvent;
  }
  if (event.capture->invalid) return cudaErrorStreamCaptureInvalidated;
  if (stream.legacy) {
    invalidate(*event.capture);
    return cudaErrorStreamCaptureImplicit;
  }
  if (!stream.capture) {
    join_capture(stream, event.capture);
  } else if (stream.capture != event.capture) {
    invalidate(*stream.capture);
    invalidate(*event.capture);
    return cudaErrorStreamCaptureMerge;
  }
  add_all(stream.capture_tail, event.capture_tail);
  return cudaSuccess;
}

bool invalidate_captures_of_blocking_streams(int device) {
  bool any = false;
  for (const auto& capture : engine().captures) {
    for (const auto& stream : capture->streams) {
      if (stream->device != device || !stream->blocking()) continue;
      invalidate(*capture);
      any = true;
    }
  }
  return any;
}

bool invalidate_captures_on(int device) {
  bool any = false;
  for (const auto& capture : engine().captures) {
    for (const auto& stream : capture->streams) {
      if (stream->device != device) continue;
      invalidate(*capture);
      any = true;
    }
  }
  return any;
}

bool refuse_unsafe_call() {
  const cudaStreamCaptureMode mode = this_thread().capture_mode;
  if (mode == cudaStreamCaptureModeRelaxed) return false;
  bool refused = false;
  for (const auto& capture : engine().captures) {
    const bool own = capture->thread == std::this_thread::get_id();
    const bool in_the_way =
        own ? capture->mode != cudaStreamCaptureModeRelaxed
            : capture->mode == cudaStreamCaptureModeGlobal && mode == cudaStreamCaptureModeGlobal;
    if (!in_the_way) continue;
    invalidate(*capture);
    refused = true;
  }
  return refused;
}

}  // namespace cudasim

using namespace cudasim;

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  if (in_null_mode()) return null_mode::begin_capture();
  return api("cudaStreamBeginCapture", kPlain, [&](Engine& e) {
    const auto stream = e.stream_of(handle);
    return stream ? begin_capture(e, *stream, mode) : cudaErrorInvalidResourceHandle;
  });
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  if (in_null_mode()) return null_mode::end_capture(graph);
  return api("cudaStreamEndCapture", kPlain, [&](Engine& e) {
    const auto stream = e.stream_of(handle);
    return stream ? finish_capture(*stream, graph) : cudaErrorInvalidResourceHandle;
  });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  return cudaStreamGetCaptureInfo(handle, status);
}

cudaError_t cudaStreamGetCaptureInfo(cudaStream_t handle, cudaStreamCaptureStatus* status,
                                     unsigned long long* id, cudaGraph_t* graph,
                                     const cudaGraphNode_t** dependencies,
                                     const cudaGraphEdgeData** edge_data,
                                     size_t* num_dependencies) {
  if (in_null_mode()) return null_mode::capture_info(status, dependencies, num_dependencies);
  return api("cudaStreamGetCaptureInfo", kPlain, [&](Engine& e) {
    const auto stream = e.stream_of(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (stream->legacy && invalidate_captures_of_blocking_streams(stream->device)) {
      return cudaErrorStreamCaptureImplicit;
    }
    const Capture* capture = stream->capture.get();
    *status = !capture           ? cudaStreamCaptureStatusNone
              : capture->invalid ? cudaStreamCaptureStatusInvalidated
                                 : cudaStreamCaptureStatusActive;
    if (!capture) return cudaSuccess;
    if (id) *id = capture->id;
    if (graph) *graph = capture->graph.get();
    if (dependencies) *dependencies = stream->capture_tail.data();
    if (edge_data) *edge_data = nullptr;
    if (num_dependencies) *num_dependencies = stream->capture_tail.size();
    return cudaSuccess;
  });
}

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  return api("cudaThreadExchangeStreamCaptureMode", kPlain, [&](Engine&) {
    std::swap(*mode, this_thread().capture_mode);
    return cudaSuccess;
  });
}
