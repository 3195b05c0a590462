// SPDX-License-Identifier: MIT
// Events: what waits for what.
#include "stream_support.h"

namespace cudasim::selftest {
namespace {

using Events = StreamTest;

float first_of(const float* device) {
  float value = 0;
  EXPECT_CUDA(cudaMemcpy(&value, device, sizeof value, cudaMemcpyDeviceToHost));
  return value;
}

TEST_F(Events, AStreamThatWaitsForAnEventComesAfterWhatWasBeforeIt) {
  const Stream a, b;
  const Event event;
  const DeviceFloats x;
  EXPECT_EQ(0, count_found("race", [&] {
              ASSERT_CUDA(launch_fill(a, x, 1));
              ASSERT_CUDA(cudaEventRecord(event, a));
              ASSERT_CUDA(cudaStreamWaitEvent(b, event));
              ASSERT_CUDA(launch_add(b, x, x, 1));
              ASSERT_CUDA(cudaStreamSynchronize(b));
              EXPECT_EQ(first_of(x), 2);
            }));
}

TEST_F(Events, WaitsPassOnThroughAChainOfStreams) {
  const Stream a, b, c;
  const Event first, second;
  const DeviceFloats x;
  EXPECT_EQ(0, count_found("race", [&] {
              ASSERT_CUDA(launch_fill(a, x, 1));
              ASSERT_CUDA(cudaEventRecord(first, a));
              ASSERT_CUDA(cudaStreamWaitEvent(b, first));
              ASSERT_CUDA(cudaEventRecord(second, b));
              ASSERT_CUDA(cudaStreamWaitEvent(c, second));
              ASSERT_CUDA(launch_add(c, x, x, 1));
              ASSERT_CUDA(cudaStreamSynchronize(c));
              EXPECT_EQ(first_of(x), 2);
            }));
}

TEST_F(Events, AWaitIsForTheRecordThatWasTheLastWhenItWasMade) {
  const Stream a, b;
  const Event event;
  const DeviceFloats x, y;
  EXPECT_EQ(0, count_found("race", [&] {
              ASSERT_CUDA(launch_fill(a, x, 1));
              ASSERT_CUDA(cudaEventRecord(event, a));
              ASSERT_CUDA(cudaStreamWaitEvent(b, event));
              ASSERT_CUDA(launch_fill(a, y, 1));
              ASSERT_CUDA(cudaEventRecord(event, a));
              ASSERT_CUDA(launch_add(b, x, x, 1));
              ASSERT_CUDA(cudaDeviceSynchronize());
            }));
  EXPECT_EQ(kRuns, count_found("race", [&] {
              ASSERT_CUDA(launch_fill(a, x, 1));
              ASSERT_CUDA(cudaEventRecord(event, a));
              ASSERT_CUDA(cudaStreamWaitEvent(b, event));
              ASSERT_CUDA(launch_fill(a, y, 1));
              ASSERT_CUDA(cudaEventRecord(event, a));
              ASSERT_CUDA(launch_add(b, x, y, 1));  // the wait does not cover y
              ASSERT_CUDA(cudaDeviceSynchronize());
            }));
}

TEST_F(Events, AnEventThatWasNeverRecordedHoldsNothingUp) {
  config().mode = Mode::lazy;
  const Stream stream;
  const Event event;
  EXPECT_CUDA(cudaEventQuery(event));
  EXPECT_CUDA(cudaEventSynchronize(event));
  EXPECT_CUDA(cudaStreamWaitEvent(stream, event));
  EXPECT_CUDA(cudaStreamSynchronize(stream));
}

TEST_F(Events, AQueryIsNotReadyUntilTheWorkHasRun) {
  config().mode = Mode::lazy;
  const Stream stream;
  const Event event;
  const DeviceFloats x;
  for (int i = 0; i < 3; ++i) ASSERT_CUDA(launch_fill(stream, x, 1));
  ASSERT_CUDA(cudaEventRecord(event, stream));
  EXPECT_EQ(cudaEventQuery(event), cudaErrorNotReady);
  EXPECT_EQ(cudaEventQuery(event), cudaErrorNotReady);
  EXPECT_EQ(cudaEventQuery(event), cudaErrorNotReady);
  EXPECT_CUDA(cudaEventQuery(event));
  EXPECT_EQ(cudaGetLastError(), cudaErrorNotReady);
}

TEST_F(Events, SynchronisingWithAnEventRunsNoMoreThanItsStreamsPast) {
  config().mode = Mode::lazy;
  const Stream stream;
  const Event event;
  const DeviceFloats x;
  const PinnedFloats before, after;
  ASSERT_CUDA(launch_fill(stream, x, 1));
  ASSERT_CUDA(cudaMemcpyAsync(before, x, kBytes, cudaMemcpyDeviceToHost, stream));
  ASSERT_CUDA(cudaEventRecord(event, stream));
  ASSERT_CUDA(cudaMemcpyAsync(after, x, kBytes, cudaMemcpyDeviceToHost, stream));
  ASSERT_CUDA(cudaEventSynchronize(event));
  EXPECT_TRUE(before.all(1));
  EXPECT_FALSE(after.all(1));
  ASSERT_CUDA(cudaStreamSynchronize(stream));
  EXPECT_TRUE(after.all(1));
}

TEST_F(Events, WhatTheHostHasSynchronisedWithComesBeforeAllItEnqueues) {
  const Stream a, b;
  const Event event;
  const DeviceFloats x;
  EXPECT_EQ(0, count_found("race", [&] {
              ASSERT_CUDA(launch_fill(a, x, 1));
              ASSERT_CUDA(cudaEventRecord(event, a));
              while (cudaEventQuery(event) == cudaErrorNotReady) {
              }
              ASSERT_CUDA(launch_add(b, x, x, 1));
              ASSERT_CUDA(cudaEventRecord(event, b));
              ASSERT_CUDA(cudaEventSynchronize(event));
              ASSERT_CUDA(launch_add(a, x, x, 1));
              ASSERT_CUDA(cudaStreamSynchronize(a));
              EXPECT_EQ(first_of(x), 3);
            }));
  cudaGetLastError();
}

TEST_F(Events, ElapsedTimeNeedsTwoTimedEventsThatWereReached) {
  config().mode = Mode::lazy;
  const Stream stream;
  const Event untimed, start(cudaEventDefault), end(cudaEventDefault);
  float milliseconds = -1;
  ASSERT_CUDA(cudaEventRecord(untimed, stream));
  ASSERT_CUDA(cudaEventRecord(start, stream));
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, end), cudaErrorInvalidResourceHandle);
  ASSERT_CUDA(cudaEventRecord(end, stream));
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, start, end), cudaErrorNotReady);
  ASSERT_CUDA(cudaStreamSynchronize(stream));
  EXPECT_CUDA(cudaEventElapsedTime(&milliseconds, start, end));
  EXPECT_GE(milliseconds, 0);
  EXPECT_EQ(cudaEventElapsedTime(&milliseconds, untimed, end), cudaErrorInvalidResourceHandle);
  cudaGetLastError();
}

TEST_F(Events, EventsBelongToTheirDevice) {
  const Event event;
  ASSERT_CUDA(cudaSetDevice(1));
  const Stream stream;
  EXPECT_EQ(cudaEventRecord(event, stream), cudaErrorInvalidResourceHandle);
  EXPECT_CUDA(cudaStreamWaitEvent(stream, event));
  cudaGetLastError();
}

TEST_F(Events, OrderStreamsOfTwoDevices) {
  const Stream a;
  const Event event;
  const DeviceFloats x;
  ASSERT_CUDA(cudaSetDevice(1));
  const Stream b;
  const DeviceFloats y;
  const auto program = [&](bool waits) {
    ASSERT_CUDA(cudaSetDevice(0));
    ASSERT_CUDA(launch_fill(a, x, 7));
    ASSERT_CUDA(cudaEventRecord(event, a));
    ASSERT_CUDA(cudaSetDevice(1));
    if (waits) {
      ASSERT_CUDA(cudaStreamWaitEvent(b, event));
    }
    ASSERT_CUDA(cudaMemcpyPeerAsync(y, 1, x, 0, kBytes, b));
    ASSERT_CUDA(launch_add(b, y, y, 1));
    ASSERT_CUDA(cudaStreamSynchronize(b));
    if (waits) {
      EXPECT_EQ(first_of(y), 8);
    }
    ASSERT_CUDA(cudaSetDevice(0));
    ASSERT_CUDA(cudaDeviceSynchronize());
  };
  EXPECT_EQ(0, count_found("race", [&] { program(true); }));
  EXPECT_EQ(kRuns, count_found("race", [&] { program(false); }));
}

TEST_F(Events, ADestroyedEventIsRefused) {
  cudaEvent_t event = nullptr;
  ASSERT_CUDA(cudaEventCreate(&event));
  ASSERT_CUDA(cudaEventDestroy(event));
  EXPECT_EQ(cudaEventQuery(event), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaEventDestroy(event), cudaErrorInvalidResourceHandle);
  cudaGetLastError();
}

}  // namespace
}  // namespace cudasim::selftest
