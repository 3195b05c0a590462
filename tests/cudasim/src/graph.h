// SPDX-License-Identifier: MIT
// CUDA graphs: a capture that goes on, and what the engine asks of it.
//
// Note [Capture]
// While a stream is part of a capture, its work becomes nodes of a graph instead of running. An
// event that is recorded there stands for the nodes that the stream's next one would come after; a
// stream that waits for it joins the capture. Codes 900 to 908 follow CUDA's documentation.
#pragma once

#include <memory>

#include "engine.h"

struct CUgraphNode_st {
  cudasim::Work work;
  std::vector<CUgraphNode_st*> after;
  size_t index = 0;  // in the graph; those that it comes after have smaller ones
  /// The captured node that this one took the place of, which others come after.
  std::shared_ptr<CUgraphNode_st> original;
};

struct CUgraph_st {
  std::vector<std::shared_ptr<CUgraphNode_st>> nodes;
};

struct CUgraphExec_st {
  std::vector<std::shared_ptr<CUgraphNode_st>> nodes;
  cudasim::Point last;  // launch: a graph does not run beside itself
};

namespace cudasim {

struct Capture {
  unsigned long long id = 0;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::thread::id thread;
  CUstream_st* origin = nullptr;
  bool invalid = false;
  bool ended = false;
  std::vector<std::shared_ptr<CUstream_st>> streams;
  std::unique_ptr<CUgraph_st> graph = std::make_unique<CUgraph_st>();
};

/// Makes the work a node of the capture that the stream is part of.
cudaError_t append_to_capture(CUstream_st& stream, Work work);
/// An event's record and the wait for one, where stream or event are part of a capture.
cudaError_t record_in_capture(CUevent_st& event, CUstream_st& stream);
cudaError_t wait_in_capture(CUstream_st& stream, const CUevent_st& event);

/// Nothing but cudaStreamEndCapture is to be done with a capture in which a rule was broken.
inline void invalidate(Capture& capture) { capture.invalid = true; }
/// Of those that the legacy stream would have to wait for; true where there are any.
bool invalidate_captures_of_blocking_streams(int device);
/// Of those with a stream of the device; true where there are any.
bool invalidate_captures_on(int device);
/// True, and the captures in the way are invalid, where the calling thread must not make a call
/// that might synchronise.
bool refuse_unsafe_call();

/// Two nodes that no path orders and that access the same bytes are a violation.
void check_races_between(const std::vector<std::shared_ptr<CUgraphNode_st>>& nodes);

}  // namespace cudasim
