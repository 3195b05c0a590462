// SPDX-License-Identifier: MIT
// The order in which streams run what was enqueued.
#include <set>
#include <thread>

#include "stream_support.h"

namespace cudasim::selftest {
namespace {

using Streams = StreamTest;

float first_of(const float* device) {
  float value = 0;
  EXPECT_CUDA(cudaMemcpy(&value, device, sizeof value, cudaMemcpyDeviceToHost));
  return value;
}

TEST_F(Streams, WorkOfOneStreamRunsInItsOrder) {
  const Stream stream;
  const DeviceFloats x;
  EXPECT_EQ(0, count_found("race", [&] {
              ASSERT_CUDA(launch_fill(stream, x, 1));
              for (int i = 0; i < 5; ++i) ASSERT_CUDA(launch_add(stream, x, x, 2));
              ASSERT_CUDA(cudaStreamSynchronize(stream));
              EXPECT_EQ(first_of(x), 11);
            }));
}

TEST_F(Streams, LazyModeRunsNothingUntilSomethingWaits) {
  config().mode = Mode::lazy;
  const Stream stream;
  const DeviceFloats x;
  const PinnedFloats y;
  ASSERT_CUDA(launch_fill(stream, x, 3));
  ASSERT_CUDA(cudaMemcpyAsync(y, x, kBytes, cudaMemcpyDeviceToHost, stream));
  EXPECT_FALSE(y.all(3));
  ASSERT_CUDA(cudaStreamSynchronize(stream));
  EXPECT_TRUE(y.all(3));
}

TEST_F(Streams, EagerModeRunsWorkInTheCallThatEnqueuesIt) {
  config().mode = Mode::eager;
  const Stream stream;
  const DeviceFloats x;
  const PinnedFloats y;
  ASSERT_CUDA(launch_fill(stream, x, 3));
  ASSERT_CUDA(cudaMemcpyAsync(y, x, kBytes, cudaMemcpyDeviceToHost, stream));
  EXPECT_TRUE(y.all(3));
  ASSERT_CUDA(cudaStreamSynchronize(stream));
}

// Two streams append to a log; which goes first is the seed's choice.
TEST_F(Streams, LazyModeDrawsTheOrderOfStreamsFromTheSeed) {
  config().mode = Mode::lazy;
  const Stream a, b;
  std::set<std::string> logs;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    config().seed = seed;
    reset();
    std::string log;
    const cudaHostFn_t append_a = [](void* to) { *static_cast<std::string*>(to) += 'a'; };
    const cudaHostFn_t append_b = [](void* to) { *static_cast<std::string*>(to) += 'b'; };
    for (int i = 0; i < 2; ++i) {
      ASSERT_CUDA(cudaLaunchHostFunc(a, append_a, &log));
      ASSERT_CUDA(cudaLaunchHostFunc(b, append_b, &log));
    }
    ASSERT_CUDA(cudaDeviceSynchronize());
    EXPECT_EQ(log.size(), 4u);
    logs.insert(log);
    const std::string again = log;
    log.clear();
    reset();
    for (int i = 0; i < 2; ++i) {
      ASSERT_CUDA(cudaLaunchHostFunc(a, append_a, &log));
      ASSERT_CUDA(cudaLaunchHostFunc(b, append_b, &log));
    }
    ASSERT_CUDA(cudaDeviceSynchronize());
    EXPECT_EQ(log, again);
  }
  EXPECT_GE(logs.size(), 4u);
}

TEST_F(Streams, WaitingForOneStreamMayLeaveOthersPending) {
  config().mode = Mode::lazy;
  const Stream a, b;
  const DeviceFloats x;
  const PinnedFloats y;
  int pending = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    config().seed = seed;
    reset();
    std::fill(y + 0, y + kCount, 0.0f);
    ASSERT_CUDA(launch_fill(a, x, 1));
    ASSERT_CUDA(cudaMemcpyAsync(y, x, kBytes, cudaMemcpyDeviceToHost, a));
    ASSERT_CUDA(cudaStreamSynchronize(b));
    pending += !y.all(1);
    ASSERT_CUDA(cudaStreamSynchronize(a));
    EXPECT_TRUE(y.all(1));
  }
  EXPECT_EQ(pending, 20);
}

TEST_F(Streams, PollingAStreamGetsItToItsEnd) {
  config().mode = Mode::lazy;
  const Stream stream;
  const DeviceFloats x;
  ASSERT_CUDA(launch_fill(stream, x, 1));
  ASSERT_CUDA(launch_add(stream, x, x, 1));
  EXPECT_EQ(cudaStreamQuery(stream), cudaErrorNotReady);
  EXPECT_EQ(cudaGetLastError(), cudaErrorNotReady);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  int polls = 0;
  while (cudaStreamQuery(stream) == cudaErrorNotReady && polls < 100) ++polls;
  EXPECT_LE(polls, 2);
  EXPECT_EQ(first_of(x), 2);
}

TEST_F(Streams, AFullQueueRunsItsFront) {
  config().mode = Mode::lazy;
  const Stream stream;
  int count = 0;
  for (int i = 0; i < 5000; ++i) {
    ASSERT_CUDA(cudaLaunchHostFunc(
        stream, [](void* n) { ++*static_cast<int*>(n); }, &count));
  }
  EXPECT_EQ(count, 5000 - 4096);
  ASSERT_CUDA(cudaStreamSynchronize(stream));
  EXPECT_EQ(count, 5000);
}

TEST_F(Streams, TheLegacyStreamIsOrderedWithBlockingStreams) {
  const Stream blocking(cudaStreamDefault);
  const DeviceFloats x;
  EXPECT_EQ(0, count_found("race", [&] {
              ASSERT_CUDA(launch_fill(blocking, x, 1));
              ASSERT_CUDA(launch_add(nullptr, x, x, 1));
              ASSERT_CUDA(launch_add(blocking, x, x, 1));
              ASSERT_CUDA(cudaStreamSynchronize(blocking));
              EXPECT_EQ(first_of(x), 3);
            }));
}

TEST_F(Streams, TheLegacyStreamIsNotOrderedWithNonBlockingStreams) {
  const Stream stream;
  const DeviceFloats x;
  EXPECT_EQ(kRuns, count_found("race", [&] {
              ASSERT_CUDA(launch_fill(stream, x, 1));
              ASSERT_CUDA(launch_add(nullptr, x, x, 1));
              ASSERT_CUDA(cudaDeviceSynchronize());
            }));
}

TEST_F(Streams, BlockingStreamsAreNotOrderedAmongThemselves) {
  const Stream a(cudaStreamDefault), b(cudaStreamDefault);
  const DeviceFloats x;
  EXPECT_EQ(kRuns, count_found("race", [&] {
              ASSERT_CUDA(launch_fill(a, x, 1));
              ASSERT_CUDA(launch_add(b, x, x, 1));
              ASSERT_CUDA(cudaDeviceSynchronize());
            }));
}

TEST_F(Streams, WaitingForTheLegacyStreamWaitsForBlockingStreams) {
  const Stream blocking(cudaStreamDefault);
  const DeviceFloats x;
  const PinnedFloats y;
  EXPECT_EQ(0, count_found("race", [&] {
              ASSERT_CUDA(launch_fill(blocking, x, 4));
              ASSERT_CUDA(cudaMemcpyAsync(y, x, kBytes, cudaMemcpyDeviceToHost, blocking));
              ASSERT_CUDA(cudaStreamSynchronize(nullptr));
              EXPECT_TRUE(y.all(4));
            }));
}

TEST_F(Streams, ADestroyedStreamStillRunsWhatItHolds) {
  config().mode = Mode::lazy;
  const DeviceFloats x;
  const PinnedFloats y;
  cudaStream_t stream = nullptr;
  ASSERT_CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  ASSERT_CUDA(launch_fill(stream, x, 5));
  ASSERT_CUDA(cudaMemcpyAsync(y, x, kBytes, cudaMemcpyDeviceToHost, stream));
  ASSERT_CUDA(cudaStreamDestroy(stream));
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorInvalidResourceHandle);
  ASSERT_CUDA(cudaDeviceSynchronize());
  EXPECT_TRUE(y.all(5));
  cudaGetLastError();
}

TEST_F(Streams, AStreamOfAnotherDeviceIsRefusedForLaunches) {
  const DeviceFloats x;
  ASSERT_CUDA(cudaSetDevice(1));
  const Stream stream;
  ASSERT_CUDA(cudaSetDevice(0));
  EXPECT_EQ(launch_fill(stream, x, 1), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidResourceHandle);
}

TEST_F(Streams, AHostFunctionThatCallsCudaIsAViolation) {
  const Stream stream;
  EXPECT_EQ(
      kRuns, count_found("host function", [&] {
        ASSERT_CUDA(cudaLaunchHostFunc(
            stream, [](void*) { EXPECT_EQ(cudaGetLastError(), cudaErrorNotPermitted); }, nullptr));
        ASSERT_CUDA(cudaStreamSynchronize(stream));
      }));
}

TEST_F(Streams, ThreadsHaveTheirOwnDeviceAndLastError) {
  ASSERT_CUDA(cudaSetDevice(1));
  EXPECT_EQ(cudaSetDevice(17), cudaErrorInvalidDevice);
  std::thread([] {
    int device = -1;
    EXPECT_CUDA(cudaGetDevice(&device));
    EXPECT_EQ(device, 0);
    EXPECT_CUDA(cudaGetLastError());
  }).join();
  int device = -1;
  ASSERT_CUDA(cudaGetDevice(&device));
  EXPECT_EQ(device, 1);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
}

TEST_F(Streams, ThreadsEnqueueAtOnce) {
  const DeviceFloats x[4];
  const Stream streams[4];
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      EXPECT_CUDA(launch_fill(streams[t], x[t], static_cast<float>(t)));
      for (int i = 0; i < 50; ++i) EXPECT_CUDA(launch_add(streams[t], x[t], x[t], 1));
      EXPECT_CUDA(cudaStreamSynchronize(streams[t]));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int t = 0; t < 4; ++t) EXPECT_EQ(first_of(x[t]), 50 + t);
}

TEST_F(Streams, PropertiesOfAStreamAreThoseItWasMadeWith) {
  cudaStream_t stream = nullptr;
  ASSERT_CUDA(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, -2));
  unsigned flags = 9;
  int priority = 9, device = 9;
  EXPECT_CUDA(cudaStreamGetFlags(stream, &flags));
  EXPECT_CUDA(cudaStreamGetPriority(stream, &priority));
  EXPECT_CUDA(cudaStreamGetDevice(stream, &device));
  EXPECT_EQ(flags, unsigned{cudaStreamNonBlocking});
  EXPECT_EQ(priority, -2);
  EXPECT_EQ(device, 0);
  ASSERT_CUDA(cudaStreamDestroy(stream));
}

}  // namespace
}  // namespace cudasim::selftest
