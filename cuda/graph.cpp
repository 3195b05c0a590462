// SPDX-License-Identifier: MIT
// A graph holds the arguments that its kernels were captured with, and is launched as it is: what
// is another value in every replay lies in memory (Note [Values of a replay] in
// core/capture/replay_values.h).
#include "cuda/graph.h"

#include <cuda_runtime.h>

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

 private:
  cudaStream_t stream_;
  cudaGraph_t graph_ = nullptr;
  bool is_open_ = false;
};

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
    check(cudaGraphLaunch(exec_, raw(stream)), "cudaGraphLaunch");
  }

 private:
  void make() {
    PoolScope own_memory(allocator_, pool_);
    Capture capture(raw(stream_));
    for (size_t i = 0; i < work_.num_pieces(); ++i) work_.enqueue(i);
    capture.end();
    check(cudaGraphInstantiate(&exec_, capture.graph(), 0), "cudaGraphInstantiate");
  }

  // A launch that is under way goes on: CUDA frees a graph when it is done, and memory of the pool
  // goes back only by cudaFree, which waits.
  void release() noexcept {
    if (exec_ && cudaGraphExecDestroy(exec_) != cudaSuccess) (void)cudaGetLastError();
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
  cudaGraphExec_t exec_ = nullptr;
};

}  // namespace

std::unique_ptr<Graph> make_graph(GraphWork& work, const Stream& stream) {
  return std::make_unique<CudaGraph>(work, stream);
}

}  // namespace adjoint::cuda
