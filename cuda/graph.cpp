// SPDX-License-Identifier: MIT
// Note [Graphs that change]
// A graph holds the arguments that its kernels were captured with. Where the host has decided some of
// them anew (an optimizer's learning rate, where a generator's numbers stand), the piece of work is
// captured again, alone, before the launch, and its kernels' arguments are given to the nodes of the
// instantiated graph: a launch takes its arguments with it, so one that is still under way keeps
// those it had. What changes from launch to launch by a rule is counted on the device (AdamClock in
// core/optim/update.h), so that such a piece stays as it is; with the same functions as on the host,
// so that a replay computes the bits of a call.
#include "cuda/graph.h"

#include <cuda_runtime.h>

#include <unordered_map>
#include <utility>
#include <vector>

#include "adjoint/error.h"
#include "cuda/allocator.h"
#include "cuda/check.h"
#include "cuda/stream.h"

namespace adjoint::cuda {
namespace {

/// What is enqueued on a stream during its life, as a graph.
class Capture {
 public:
  explicit Capture(cudaStream_t stream) : stream_(stream) {
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal),
          "cudaStreamBeginCapture");
    is_open_ = true;
  }
  ~Capture() {
    if (is_open_ && cudaStreamEndCapture(stream_, &graph_) != cudaSuccess) (void)cudaGetLastError();
    if (graph_) (void)cudaGraphDestroy(graph_);
  }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  void end() {
    is_open_ = false;
    check(cudaStreamEndCapture(stream_, &graph_), "cudaStreamEndCapture");
  }
  cudaGraph_t graph() const { return graph_; }
  /// The caller is to destroy it.
  cudaGraph_t take() { return std::exchange(graph_, nullptr); }
  /// The node that was added last; null where there is none.
  cudaGraphNode_t tail() const {
    cudaStreamCaptureStatus status;
    const cudaGraphNode_t* tails = nullptr;
    size_t count = 0;
    check(cudaStreamGetCaptureInfo(stream_, &status, nullptr, nullptr, &tails, nullptr, &count),
          "cudaStreamGetCaptureInfo");
    ADJOINT_CHECK(count <= 1, "capture: a step works on one stream");
    return count == 0 ? nullptr : tails[0];
  }

 private:
  cudaStream_t stream_;
  cudaGraph_t graph_ = nullptr;
  bool is_open_ = false;
};

/// The nodes of a graph, each with the one before it: captured on one stream, they are a chain.
using Chain = std::unordered_map<cudaGraphNode_t, cudaGraphNode_t>;
Chain chain_of(cudaGraph_t graph) {
  size_t count = 0;
  check(cudaGraphGetEdges(graph, nullptr, nullptr, nullptr, &count), "cudaGraphGetEdges");
  std::vector<cudaGraphNode_t> from(count), to(count);
  std::vector<cudaGraphEdgeData> data(count);
  check(cudaGraphGetEdges(graph, from.data(), to.data(), data.data(), &count), "cudaGraphGetEdges");
  Chain before;
  for (size_t i = 0; i < count; ++i) before[to[i]] = from[i];
  return before;
}
/// Those after `begin` (null: from the first on), up to `end`, the last one first.
std::vector<cudaGraphNode_t> nodes_between(const Chain& before, cudaGraphNode_t begin,
                                           cudaGraphNode_t end) {
  std::vector<cudaGraphNode_t> nodes;
  for (cudaGraphNode_t node = end; node && node != begin;) {
    nodes.push_back(node);
    const auto found = before.find(node);
    node = found == before.end() ? nullptr : found->second;
  }
  return nodes;
}

/// A pool of the allocator's, which this thread allocates from during the object's life.
class PoolScope {
 public:
  PoolScope(DeviceAllocator& allocator, uint64_t pool) : allocator_(allocator), pool_(pool) {
    allocator_.begin_allocate_to_pool(pool);
  }
  ~PoolScope() {
    try {
      allocator_.end_allocate_to_pool(pool_);
    } catch (...) {
      // It was begun, so it can be ended.
    }
  }
  PoolScope(const PoolScope&) = delete;
  PoolScope& operator=(const PoolScope&) = delete;

 private:
  DeviceAllocator& allocator_;
  uint64_t pool_;
};

class CudaGraph final : public Graph {
 public:
  CudaGraph(GraphWork& work, const Stream& stream)
      : work_(work),
        stream_(stream),
        allocator_(device_allocator(stream.device().index())),
        pool_(allocator_.create_pool()) {
    try {
      make();
    } catch (...) {
      release();
      throw;
    }
  }
  ~CudaGraph() override { release(); }
  void launch(const Stream& stream) override {
    for (const Piece& piece : changing_) {
      if (work_.has_changed(piece.index)) update(piece);
    }
    check(cudaGraphLaunch(exec_, raw(stream)), "cudaGraphLaunch");
  }

 private:
  struct Piece {
    size_t index;
    std::vector<cudaGraphNode_t> nodes;  // the last one first
  };

  void make() {
    struct Span {
      size_t piece;
      cudaGraphNode_t begin, end;
    };
    std::vector<Span> spans;
    {
      PoolScope own_memory(allocator_, pool_);
      Capture capture(raw(stream_));
      for (size_t i = 0; i < work_.num_pieces(); ++i) {
        const bool changes = work_.may_change(i);
        const cudaGraphNode_t begin = changes ? capture.tail() : nullptr;
        work_.enqueue(i);
        if (changes) spans.push_back({i, begin, capture.tail()});
      }
      capture.end();
      const Chain before = chain_of(capture.graph());
      for (const Span& span : spans) {
        changing_.push_back({span.piece, nodes_between(before, span.begin, span.end)});
      }
      check(cudaGraphInstantiate(&exec_, capture.graph(), 0), "cudaGraphInstantiate");
      graph_ = capture.take();
    }
  }

  void update(const Piece& piece) {
    Capture capture(raw(stream_));
    work_.enqueue(piece.index);
    const cudaGraphNode_t end = capture.tail();
    capture.end();
    const Chain before = piece.nodes.size() > 1 ? chain_of(capture.graph()) : Chain();
    const std::vector<cudaGraphNode_t> fresh = nodes_between(before, nullptr, end);
    ADJOINT_CHECK(fresh.size() == piece.nodes.size(), "capture: a kernel call was captured as ",
                  piece.nodes.size(), " nodes and is one of ", fresh.size(), " now");
    for (size_t i = 0; i < fresh.size(); ++i) {
      cudaKernelNodeParams params;
      check(cudaGraphKernelNodeGetParams(fresh[i], &params), "cudaGraphKernelNodeGetParams");
      check(cudaGraphExecKernelNodeSetParams(exec_, piece.nodes[i], &params),
            "cudaGraphExecKernelNodeSetParams");
    }
  }

  // A launch that is under way goes on: CUDA frees a graph when it is done, and memory of the pool
  // goes back only by cudaFree, which waits.
  void release() noexcept {
    if (exec_ && cudaGraphExecDestroy(exec_) != cudaSuccess) (void)cudaGetLastError();
    if (graph_ && cudaGraphDestroy(graph_) != cudaSuccess) (void)cudaGetLastError();
    try {
      allocator_.release_pool(pool_);
    } catch (...) {
      // It was made, and is released once.
    }
  }

  GraphWork& work_;
  const Stream stream_;
  DeviceAllocator& allocator_;
  const uint64_t pool_;
  cudaGraph_t graph_ = nullptr;  // whose nodes name those of exec_
  cudaGraphExec_t exec_ = nullptr;
  std::vector<Piece> changing_;
};

}  // namespace

std::unique_ptr<Graph> make_graph(GraphWork& work, const Stream& stream) {
  return std::make_unique<CudaGraph>(work, stream);
}

}  // namespace adjoint::cuda
