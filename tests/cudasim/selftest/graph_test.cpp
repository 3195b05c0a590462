// SPDX-License-Identifier: MIT
// CUDA graphs: capture and its rules, launches, races between nodes.
#include <set>
#include <thread>

#include "stream_support.h"

namespace cudasim::selftest {
namespace {

using Graphs = StreamTest;

class Exec {
 public:
  explicit Exec(cudaGraph_t graph) {
    EXPECT_CUDA(cudaGraphInstantiate(&exec_, graph));
    EXPECT_CUDA(cudaGraphDestroy(graph));
  }
  ~Exec() { cudaGraphExecDestroy(exec_); }
  Exec(const Exec&) = delete;
  Exec& operator=(const Exec&) = delete;
  operator cudaGraphExec_t() const { return exec_; }

 private:
  cudaGraphExec_t exec_ = nullptr;
};

cudaError_t begin(cudaStream_t stream, cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal) {
  return cudaStreamBeginCapture(stream, mode);
}

// Ends a capture in which a rule was broken.
void expect_invalidated(cudaStream_t stream) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  EXPECT_CUDA(cudaStreamIsCapturing(stream, &status));
  EXPECT_EQ(status, cudaStreamCaptureStatusInvalidated);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(graph, nullptr);
  EXPECT_CUDA(cudaStreamIsCapturing(stream, &status));
  EXPECT_EQ(status, cudaStreamCaptureStatusNone);
  cudaGetLastError();
}

void discard(cudaStream_t stream) {
  cudaGraph_t graph = nullptr;
  if (cudaStreamEndCapture(stream, &graph) == cudaSuccess) {
    EXPECT_CUDA(cudaGraphDestroy(graph));
  }
  cudaGetLastError();
}

TEST_F(Graphs, WhatIsCapturedRunsWhenTheGraphIsLaunched) {
  const Stream stream;
  const DeviceFloats x;
  const PinnedFloats out;
  EXPECT_EQ(0, count_found("race", [&] {
              ASSERT_CUDA(cudaMemsetAsync(x, 0, kBytes, stream));
              ASSERT_CUDA(begin(stream));
              ASSERT_CUDA(launch_add(stream, x, x, 1));
              ASSERT_CUDA(launch_add(stream, x, x, 2));
              ASSERT_CUDA(cudaMemcpyAsync(out, x, kBytes, cudaMemcpyDeviceToHost, stream));
              cudaGraph_t graph = nullptr;
              ASSERT_CUDA(cudaStreamEndCapture(stream, &graph));
              EXPECT_EQ(counters().launches, 0u);
              const Exec exec(graph);
              for (float launches = 1; launches <= 3; ++launches) {
                ASSERT_CUDA(cudaGraphLaunch(exec, stream));
                ASSERT_CUDA(cudaStreamSynchronize(stream));
                EXPECT_TRUE(out.all(3 * launches));
              }
              EXPECT_EQ(counters().graph_launches, 3u);
              EXPECT_EQ(counters().replayed_kernels, 6u);
              EXPECT_EQ(counters().launches, 0u);
            }));
}

TEST_F(Graphs, ANodeTakesNewArgumentsForTheLaunchesToCome) {
  const Stream stream;
  const DeviceFloats x;
  const PinnedFloats out;
  const auto captured_add = [&](float summand) {
    EXPECT_CUDA(begin(stream));
    EXPECT_CUDA(launch_add(stream, x, x, summand));
    cudaGraph_t graph = nullptr;
    EXPECT_CUDA(cudaStreamEndCapture(stream, &graph));
    return graph;
  };
  const auto only_node = [](cudaGraph_t graph) {
    cudaGraphNode_t node = nullptr;
    size_t count = 1;
    EXPECT_CUDA(cudaGraphGetNodes(graph, &node, &count));
    return node;
  };
  ASSERT_CUDA(cudaMemsetAsync(x, 0, kBytes, stream));
  const cudaGraph_t graph = captured_add(1);
  const cudaGraphNode_t node = only_node(graph);
  cudaGraphExec_t exec = nullptr;
  ASSERT_CUDA(cudaGraphInstantiate(&exec, graph));
  ASSERT_CUDA(cudaGraphLaunch(exec, stream));
  for (float summand : {10.f, 100.f}) {
    const cudaGraph_t other = captured_add(summand);
    cudaKernelNodeParams params;
    ASSERT_CUDA(cudaGraphKernelNodeGetParams(only_node(other), &params));
    ASSERT_CUDA(cudaGraphExecKernelNodeSetParams(exec, node, &params));
    ASSERT_CUDA(cudaGraphDestroy(other));
    ASSERT_CUDA(cudaGraphLaunch(exec, stream));
  }
  cudaKernelNodeParams none{};
  EXPECT_EQ(cudaGraphExecKernelNodeSetParams(exec, node, &none), cudaErrorInvalidValue);
  cudaGetLastError();
  ASSERT_CUDA(cudaGraphDestroy(graph));
  ASSERT_CUDA(cudaGraphLaunch(exec, stream));
  ASSERT_CUDA(cudaMemcpyAsync(out, x, kBytes, cudaMemcpyDeviceToHost, stream));
  ASSERT_CUDA(cudaStreamSynchronize(stream));
  EXPECT_TRUE(out.all(1 + 10 + 100 + 100)) << "a launch keeps the arguments that it was made with";
  ASSERT_CUDA(cudaGraphExecDestroy(exec));
}

TEST_F(Graphs, StreamsForkAndJoinByEvents) {
  const Stream a, b;
  const Event fork, joined;
  const DeviceFloats x, y, z;
  EXPECT_EQ(0, count_found("race", [&] {
              ASSERT_CUDA(begin(a));
              ASSERT_CUDA(launch_fill(a, x, 1));
              ASSERT_CUDA(cudaEventRecord(fork, a));
              ASSERT_CUDA(cudaStreamWaitEvent(b, fork));
              ASSERT_CUDA(launch_add(b, y, x, 1));
              ASSERT_CUDA(launch_add(a, z, x, 10));
              ASSERT_CUDA(cudaEventRecord(joined, b));
              ASSERT_CUDA(cudaStreamWaitEvent(a, joined));
              ASSERT_CUDA(launch_add(a, z, y, 100));
              cudaGraph_t graph = nullptr;
              ASSERT_CUDA(cudaStreamEndCapture(a, &graph));
              size_t nodes = 0, edges = 0;
              ASSERT_CUDA(cudaGraphGetNodes(graph, nullptr, &nodes));
              ASSERT_CUDA(cudaGraphGetEdges(graph, nullptr, nullptr, nullptr, &edges));
              EXPECT_EQ(nodes, 4u);
              EXPECT_EQ(edges, 4u);
              const Exec exec(graph);
              ASSERT_CUDA(cudaGraphLaunch(exec, b));
              float value = 0;
              ASSERT_CUDA(cudaStreamSynchronize(b));
              ASSERT_CUDA(cudaMemcpy(&value, z, sizeof value, cudaMemcpyDeviceToHost));
              EXPECT_EQ(value, 102);
            }));
}

TEST_F(Graphs, NodesSayWhatTheyAre) {
  const Stream stream;
  const DeviceFloats x;
  const PinnedFloats pinned;
  ASSERT_CUDA(begin(stream));
  ASSERT_CUDA(launch_fill(stream, x, 1));
  ASSERT_CUDA(cudaMemsetAsync(x, 0, kBytes, stream));
  ASSERT_CUDA(cudaMemcpyAsync(x, pinned, kBytes, cudaMemcpyHostToDevice, stream));
  ASSERT_CUDA(cudaLaunchHostFunc(
      stream, [](void*) {}, nullptr));
  cudaGraph_t graph = nullptr;
  ASSERT_CUDA(cudaStreamEndCapture(stream, &graph));
  cudaGraphNode_t nodes[4];
  size_t count = 4;
  ASSERT_CUDA(cudaGraphGetNodes(graph, nodes, &count));
  ASSERT_EQ(count, 4u);
  const cudaGraphNodeType types[4] = {cudaGraphNodeTypeKernel, cudaGraphNodeTypeMemset,
                                      cudaGraphNodeTypeMemcpy, cudaGraphNodeTypeHost};
  for (int i = 0; i < 4; ++i) {
    cudaGraphNodeType type{};
    EXPECT_CUDA(cudaGraphNodeGetType(nodes[i], &type));
    EXPECT_EQ(type, types[i]);
  }
  EXPECT_CUDA(cudaGraphDestroy(graph));
}

// Two chains that nothing orders: their nodes run mixed, each chain in its order.
TEST_F(Graphs, NodesRunInAnOrderDrawnFromTheSeed) {
  const Stream a, b;
  const Event fork, joined;
  static std::string log;
  const cudaHostFn_t append[4] = {[](void*) { log += 'a'; }, [](void*) { log += 'A'; },
                                  [](void*) { log += 'b'; }, [](void*) { log += 'B'; }};
  ASSERT_CUDA(begin(a));
  ASSERT_CUDA(cudaEventRecord(fork, a));
  ASSERT_CUDA(cudaStreamWaitEvent(b, fork));
  ASSERT_CUDA(cudaLaunchHostFunc(a, append[0], nullptr));
  ASSERT_CUDA(cudaLaunchHostFunc(a, append[1], nullptr));
  ASSERT_CUDA(cudaLaunchHostFunc(b, append[2], nullptr));
  ASSERT_CUDA(cudaLaunchHostFunc(b, append[3], nullptr));
  ASSERT_CUDA(cudaEventRecord(joined, b));
  ASSERT_CUDA(cudaStreamWaitEvent(a, joined));
  cudaGraph_t graph = nullptr;
  ASSERT_CUDA(cudaStreamEndCapture(a, &graph));
  const Exec exec(graph);
  std::set<std::string> logs;
  for (int i = 0; i < 60; ++i) {
    log.clear();
    ASSERT_CUDA(cudaGraphLaunch(exec, a));
    ASSERT_CUDA(cudaStreamSynchronize(a));
    EXPECT_LT(log.find('a'), log.find('A'));
    EXPECT_LT(log.find('b'), log.find('B'));
    logs.insert(log);
  }
  EXPECT_EQ(logs.size(), 6u);
}

TEST_F(Graphs, ARaceBetweenNodesThatNoPathOrdersIsFound) {
  const Stream a, b;
  const Event fork, joined;
  const DeviceFloats x, y;
  const auto program = [&](bool ordered) {
    ASSERT_CUDA(begin(a));
    ASSERT_CUDA(cudaEventRecord(fork, a));
    ASSERT_CUDA(cudaStreamWaitEvent(b, fork));
    ASSERT_CUDA(launch_fill(a, x, 1));
    if (ordered) {
      ASSERT_CUDA(cudaEventRecord(fork, a));
      ASSERT_CUDA(cudaStreamWaitEvent(b, fork));
    }
    ASSERT_CUDA(launch_add(b, y, x, 1));
    ASSERT_CUDA(cudaEventRecord(joined, b));
    ASSERT_CUDA(cudaStreamWaitEvent(a, joined));
    cudaGraph_t graph = nullptr;
    ASSERT_CUDA(cudaStreamEndCapture(a, &graph));
    const Exec exec(graph);
  };
  EXPECT_EQ(kRuns, count_found("race", [&] { program(false); }));
  EXPECT_EQ(0, count_found("race", [&] { program(true); }));
}

TEST_F(Graphs, ALaunchThatNothingOrdersWithOtherWorkIsFound) {
  const Stream a, b;
  const DeviceFloats x, y;
  ASSERT_CUDA(begin(a));
  ASSERT_CUDA(launch_fill(a, x, 1));
  cudaGraph_t graph = nullptr;
  ASSERT_CUDA(cudaStreamEndCapture(a, &graph));
  const Exec exec(graph);
  EXPECT_EQ(kRuns, count_found("race", [&] {
              ASSERT_CUDA(cudaGraphLaunch(exec, a));
              ASSERT_CUDA(launch_add(b, y, x, 1));
              ASSERT_CUDA(cudaDeviceSynchronize());
            }));
  EXPECT_EQ(0, count_found("race", [&] {
              ASSERT_CUDA(cudaGraphLaunch(exec, a));
              ASSERT_CUDA(cudaGraphLaunch(exec, b));  // waits for the launch before it
              ASSERT_CUDA(launch_add(b, y, x, 1));
              ASSERT_CUDA(cudaDeviceSynchronize());
            }));
}

TEST_F(Graphs, SynchronisingTheCapturedStreamIsUnsupported) {
  const Stream stream;
  for (const auto mode : {cudaStreamCaptureModeGlobal, cudaStreamCaptureModeThreadLocal,
                          cudaStreamCaptureModeRelaxed}) {
    ASSERT_CUDA(begin(stream, mode));
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorStreamCaptureUnsupported);  // 900
    expect_invalidated(stream);                                                   // 901
    ASSERT_CUDA(begin(stream, mode));
    EXPECT_EQ(cudaStreamQuery(stream), cudaErrorStreamCaptureUnsupported);
    expect_invalidated(stream);
    ASSERT_CUDA(begin(stream, mode));
    EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorStreamCaptureUnsupported);
    expect_invalidated(stream);
  }
}

TEST_F(Graphs, UnsafeCallsAreUnsupportedWhereTheModeSaysSo) {
  const Stream stream, other;
  const Event event;
  ASSERT_CUDA(cudaEventRecord(event, other));
  void* x = nullptr;
  const std::function<cudaError_t()> calls[] = {
      [&] { return cudaMalloc(&x, 64); },           [&] { return cudaMallocHost(&x, 64); },
      [&] { return cudaEventQuery(event); },        [&] { return cudaEventSynchronize(event); },
      [&] { return cudaStreamSynchronize(other); },
  };
  for (const auto& call : calls) {
    for (const auto mode : {cudaStreamCaptureModeGlobal, cudaStreamCaptureModeThreadLocal}) {
      ASSERT_CUDA(begin(stream, mode));
      EXPECT_EQ(call(), cudaErrorStreamCaptureUnsupported);
      expect_invalidated(stream);
    }
  }
  ASSERT_CUDA(begin(stream, cudaStreamCaptureModeRelaxed));
  EXPECT_CUDA(cudaMalloc(&x, 64));
  discard(stream);
  EXPECT_CUDA(cudaFree(x));
  ASSERT_CUDA(begin(stream, cudaStreamCaptureModeGlobal));
  auto mode = cudaStreamCaptureModeRelaxed;
  ASSERT_CUDA(cudaThreadExchangeStreamCaptureMode(&mode));
  EXPECT_EQ(mode, cudaStreamCaptureModeGlobal);
  EXPECT_CUDA(cudaMalloc(&x, 64));
  ASSERT_CUDA(cudaThreadExchangeStreamCaptureMode(&mode));
  discard(stream);
  EXPECT_CUDA(cudaFree(x));
}

TEST_F(Graphs, OtherThreadsAreHeldOffByGlobalCapturesOnly) {
  const Stream stream;
  const auto malloc_elsewhere = [] {
    cudaError_t status = cudaSuccess;
    std::thread([&] {
      void* x = nullptr;
      status = cudaMalloc(&x, 64);
      if (status == cudaSuccess) {
        EXPECT_CUDA(cudaFree(x));
      }
    }).join();
    return status;
  };
  ASSERT_CUDA(begin(stream, cudaStreamCaptureModeGlobal));
  EXPECT_EQ(malloc_elsewhere(), cudaErrorStreamCaptureUnsupported);
  expect_invalidated(stream);
  ASSERT_CUDA(begin(stream, cudaStreamCaptureModeThreadLocal));
  EXPECT_EQ(malloc_elsewhere(), cudaSuccess);
  discard(stream);
}

TEST_F(Graphs, CopiesOfPageableMemoryAreUnsupported) {
  const Stream stream;
  const DeviceFloats x;
  std::vector<float> host(kCount);
  ASSERT_CUDA(begin(stream));
  EXPECT_EQ(cudaMemcpyAsync(x, host.data(), kBytes, cudaMemcpyHostToDevice, stream),
            cudaErrorStreamCaptureUnsupported);
  expect_invalidated(stream);
  ASSERT_CUDA(begin(stream, cudaStreamCaptureModeRelaxed));
  EXPECT_EQ(cudaMemcpyAsync(host.data(), x, kBytes, cudaMemcpyDeviceToHost, stream),
            cudaErrorStreamCaptureUnsupported);
  expect_invalidated(stream);
}

TEST_F(Graphs, WorkOfAnInvalidCaptureIsRefused) {
  const Stream stream;
  const DeviceFloats x;
  ASSERT_CUDA(begin(stream));
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorStreamCaptureUnsupported);
  EXPECT_EQ(launch_fill(stream, x, 1), cudaErrorStreamCaptureInvalidated);
  expect_invalidated(stream);
  EXPECT_CUDA(launch_fill(stream, x, 1));
  EXPECT_CUDA(cudaStreamSynchronize(stream));
}

TEST_F(Graphs, TwoCapturesDoNotMerge) {
  const Stream a, b;
  const Event event;
  ASSERT_CUDA(begin(a));
  ASSERT_CUDA(begin(b));
  ASSERT_CUDA(cudaEventRecord(event, a));
  EXPECT_EQ(cudaStreamWaitEvent(b, event), cudaErrorStreamCaptureMerge);  // 902
  expect_invalidated(a);
  expect_invalidated(b);
}

TEST_F(Graphs, ACaptureEndsInTheStreamThatItBeganIn) {
  const Stream a, b;
  const Event event;
  ASSERT_CUDA(begin(a));
  ASSERT_CUDA(cudaEventRecord(event, a));
  ASSERT_CUDA(cudaStreamWaitEvent(b, event));
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(b, &graph), cudaErrorStreamCaptureUnmatched);  // 903
  expect_invalidated(a);
  EXPECT_EQ(cudaStreamEndCapture(a, &graph), cudaErrorIllegalState);
  cudaGetLastError();
}

TEST_F(Graphs, AForkThatDoesNotJoinIsRefused) {
  const Stream a, b;
  const Event event;
  const DeviceFloats x, y;
  const auto capture = [&](bool joins) {
    EXPECT_CUDA(begin(a));
    EXPECT_CUDA(launch_fill(a, y, 1));
    EXPECT_CUDA(cudaEventRecord(event, a));
    EXPECT_CUDA(cudaStreamWaitEvent(b, event));
    EXPECT_CUDA(launch_fill(b, x, 1));
    if (joins) {
      EXPECT_CUDA(cudaEventRecord(event, b));
      EXPECT_CUDA(cudaStreamWaitEvent(a, event));
    }
    cudaGraph_t graph = nullptr;
    const cudaError_t status = cudaStreamEndCapture(a, &graph);
    if (graph) {
      EXPECT_CUDA(cudaGraphDestroy(graph));
    }
    cudaGetLastError();
    return status;
  };
  EXPECT_EQ(capture(false), cudaErrorStreamCaptureUnjoined);  // 904
  EXPECT_EQ(capture(true), cudaSuccess);
  EXPECT_CUDA(launch_fill(b, x, 1));  // neither stream is captured any longer
  EXPECT_CUDA(cudaStreamSynchronize(b));
}

TEST_F(Graphs, UncapturedWorkIsNotToBeWaitedFor) {
  const Stream a, b;
  const Event event;
  const DeviceFloats x;
  ASSERT_CUDA(launch_fill(b, x, 1));
  ASSERT_CUDA(cudaEventRecord(event, b));
  ASSERT_CUDA(begin(a));
  EXPECT_EQ(cudaStreamWaitEvent(a, event), cudaErrorStreamCaptureIsolation);  // 905
  expect_invalidated(a);
}

TEST_F(Graphs, TheLegacyStreamMustNotWaitForACapture) {
  const Stream blocking(cudaStreamDefault), stream;
  const DeviceFloats x;
  EXPECT_EQ(begin(nullptr), cudaErrorStreamCaptureUnsupported);
  ASSERT_CUDA(begin(blocking, cudaStreamCaptureModeRelaxed));
  EXPECT_EQ(launch_fill(nullptr, x, 1), cudaErrorStreamCaptureImplicit);  // 906
  expect_invalidated(blocking);
  ASSERT_CUDA(begin(stream, cudaStreamCaptureModeRelaxed));
  EXPECT_CUDA(launch_fill(nullptr, x, 1));
  discard(stream);
}

TEST_F(Graphs, EventsOfACaptureAreNotToBeLookedAt) {
  const Stream stream;
  const Event event(cudaEventDefault);
  ASSERT_CUDA(begin(stream, cudaStreamCaptureModeRelaxed));
  ASSERT_CUDA(cudaEventRecord(event, stream));
  EXPECT_EQ(cudaEventQuery(event), cudaErrorCapturedEvent);  // 907
  expect_invalidated(stream);
  EXPECT_EQ(cudaEventSynchronize(event), cudaErrorCapturedEvent);
  ASSERT_CUDA(cudaEventRecord(event, stream));
  EXPECT_CUDA(cudaEventSynchronize(event));
  cudaGetLastError();
}

TEST_F(Graphs, AnotherThreadEndsRelaxedCapturesOnly) {
  const Stream stream;
  const auto end_elsewhere = [&] {
    cudaError_t status = cudaSuccess;
    std::thread([&] {
      cudaGraph_t graph = nullptr;
      status = cudaStreamEndCapture(stream, &graph);
      if (graph) {
        EXPECT_CUDA(cudaGraphDestroy(graph));
      }
    }).join();
    return status;
  };
  ASSERT_CUDA(begin(stream, cudaStreamCaptureModeGlobal));
  EXPECT_EQ(end_elsewhere(), cudaErrorStreamCaptureWrongThread);  // 908
  discard(stream);
  ASSERT_CUDA(begin(stream, cudaStreamCaptureModeRelaxed));
  EXPECT_EQ(end_elsewhere(), cudaSuccess);
}

TEST_F(Graphs, AStreamIsCapturedOnce) {
  const Stream stream;
  ASSERT_CUDA(begin(stream));
  EXPECT_EQ(begin(stream), cudaErrorIllegalState);
  discard(stream);
}

TEST_F(Graphs, BlocksOfACaptureStayInUseByItsGraph) {
  const Stream stream;
  float* segment = nullptr;
  const PinnedFloats out;
  ASSERT_CUDA(cudaMalloc(&segment, kBytes));
  EXPECT_EQ(0, count_found("use after free", [&] {
              ASSERT_CUDA(begin(stream));
              block_allocated(segment, kBytes, stream);
              ASSERT_CUDA(launch_add(stream, segment, segment, 1));
              ASSERT_CUDA(cudaMemcpyAsync(out, segment, kBytes, cudaMemcpyDeviceToHost, stream));
              cudaGraph_t graph = nullptr;
              ASSERT_CUDA(cudaStreamEndCapture(stream, &graph));
              const Exec exec(graph);
              ASSERT_CUDA(launch_fill(stream, segment, 7));
              block_freed(segment, kBytes, stream);
              ASSERT_CUDA(cudaGraphLaunch(exec, stream));
              ASSERT_CUDA(cudaStreamSynchronize(stream));
              EXPECT_TRUE(out.all(8));
            }));
  ASSERT_CUDA(cudaFree(segment));
}

}  // namespace
}  // namespace cudasim::selftest
