// SPDX-License-Identifier: MIT
// Counters: what a program did, for tests of what it must not do.
#include <gtest/gtest-spi.h>

#include "cudasim_gtest.h"
#include "stream_support.h"

namespace cudasim::selftest {
namespace {

using CountersTest = StreamTest;

TEST_F(CountersTest, LaunchesCountByTheKernelsName) {
  const Stream stream;
  const DeviceFloats x, y;
  reset_counters();
  ASSERT_CUDA(launch_fill(stream, x, 1));
  for (int i = 0; i < 2; ++i) ASSERT_CUDA(launch_add(stream, y, x, 1));
  const Counters count = counters();
  EXPECT_EQ(count.launches, 3u);
  EXPECT_EQ(count.launches_by_kernel.size(), 2u);
  EXPECT_EQ(count.launches_by_kernel.at("fill"), 1u);
  EXPECT_EQ(count.launches_by_kernel.at("add"), 2u);
  EXPECT_EQ(count.api_calls.at("cudaLaunchKernelEx"), 3u);
  EXPECT_EQ(count.synchronizations, 0u);
}

TEST_F(CountersTest, BytesThatKernelsAreGivenCountOnceForEachLaunch) {
  const Stream stream;
  const DeviceFloats x, y;
  reset_counters();
  ASSERT_CUDA(launch_fill(stream, x, 1));
  EXPECT_EQ(counters().kernel_bytes.read, 0u);
  EXPECT_EQ(counters().kernel_bytes.written, kCount * sizeof(float));
  ASSERT_CUDA(launch_add(stream, y, x, 1));
  EXPECT_EQ(counters().kernel_bytes.read, kCount * sizeof(float));
  EXPECT_EQ(counters().kernel_bytes.written, 2 * kCount * sizeof(float));
  ASSERT_CUDA(launch_add(stream, y, y, 1));
  EXPECT_EQ(counters().kernel_bytes.read, kCount * sizeof(float)) << "written to, and counted once";
  EXPECT_EQ(counters().kernel_bytes.touched(), 4 * kCount * sizeof(float));
}

TEST_F(CountersTest, CallsOfALibraryCountApartFromLaunches) {
  const Stream stream;
  const DeviceFloats x;
  reset_counters();
  {
    const LibraryCall outer("sort");
    const LibraryCall inner("scan");
    ASSERT_CUDA(launch_fill(stream, x, 1));
  }
  ASSERT_CUDA(launch_fill(stream, x, 1));
  const Counters count = counters();
  EXPECT_EQ(count.launches, 1u);
  EXPECT_EQ(count.library_calls, 1u);
  EXPECT_EQ(count.library_kernels, 1u);
  EXPECT_EQ(count.library_calls_by_name.at("sort"), 1u);
}

TEST_F(CountersTest, BytesCountByDirectionAndTheHostsMemory) {
  const Stream stream;
  const DeviceFloats x, y;
  const PinnedFloats pinned;
  std::vector<float> pageable(kCount);
  reset_counters();
  const auto to = cudaMemcpyHostToDevice;
  ASSERT_CUDA(cudaMemcpyAsync(x, pinned, 16, to, stream));
  ASSERT_CUDA(cudaMemcpyAsync(x, pageable.data(), 32, to, stream));
  ASSERT_CUDA(cudaMemcpyAsync(x, pageable.data(), 64, to, stream));
  ASSERT_CUDA(cudaMemcpyAsync(y, x, 128, cudaMemcpyDeviceToDevice, stream));
  ASSERT_CUDA(cudaMemcpyAsync(pageable.data(), y, 8, cudaMemcpyDeviceToHost, stream));
  const Counters count = counters();
  EXPECT_EQ(count.copied_bytes(Direction::host_to_device), 112u);
  EXPECT_EQ(count.copied_bytes(Direction::host_to_device, HostMemory::pinned), 16u);
  EXPECT_EQ(count.copied_bytes(Direction::host_to_device, HostMemory::pageable), 96u);
  EXPECT_EQ(count.copied_bytes(Direction::device_to_device), 128u);
  EXPECT_EQ(count.copied_bytes(Direction::device_to_host, HostMemory::pageable), 8u);
  EXPECT_EQ(count.copied_bytes(Direction::device_to_host, HostMemory::pinned), 0u);
  EXPECT_EQ((count.copies.at({Direction::host_to_device, HostMemory::pageable}).calls), 2u);
  EXPECT_EQ(count.synchronizations, 1u);
}

TEST_F(CountersTest, MemoryCountsWhatIsLiveAndTheMostThatWas) {
  void *x = nullptr, *y = nullptr, *pinned = nullptr;
  reset_counters();
  const uint64_t before = counters().live_bytes;
  ASSERT_CUDA(cudaMalloc(&x, 1000));
  ASSERT_CUDA(cudaMalloc(&y, 500));
  ASSERT_CUDA(cudaFree(x));
  ASSERT_CUDA(cudaMallocHost(&pinned, 100));
  Counters count = counters();
  EXPECT_EQ(count.live_bytes, before + 500);
  EXPECT_EQ(count.peak_bytes, before + 1500);
  EXPECT_EQ(count.mallocs, 2u);
  EXPECT_EQ(count.frees, 1u);
  EXPECT_EQ(count.host_mallocs, 1u);
  EXPECT_EQ(count.synchronizations, 1u);  // cudaFree
  ASSERT_CUDA(cudaFree(y));
  ASSERT_CUDA(cudaFreeHost(pinned));
  EXPECT_EQ(counters().live_bytes, before);
  EXPECT_EQ(counters().host_frees, 1u);
}

TEST_F(CountersTest, EventsAndWaitsCount) {
  const Stream a, b;
  reset_counters();
  {
    const Event event;
    ASSERT_CUDA(cudaEventRecord(event, a));
    ASSERT_CUDA(cudaStreamWaitEvent(b, event));
    while (cudaEventQuery(event) == cudaErrorNotReady) {
    }
    ASSERT_CUDA(cudaEventSynchronize(event));
    ASSERT_CUDA(cudaStreamSynchronize(a));
  }
  const Counters count = counters();
  EXPECT_EQ(count.events_created, 1u);
  EXPECT_EQ(count.events_destroyed, 1u);
  EXPECT_EQ(count.events_recorded, 1u);
  EXPECT_EQ(count.events_waited, 1u);
  EXPECT_GE(count.queries, 1u);
  EXPECT_EQ(count.synchronizations, 2u);
  EXPECT_EQ(count.api_calls.at("cudaEventDestroy"), 1u);
  cudaGetLastError();
}

TEST_F(CountersTest, AViolationThatIsLeftFailsItsTest) {
  EXPECT_NONFATAL_FAILURE(
      {
        violation("race", "two writes");
        ViolationListener().OnTestEnd(*testing::UnitTest::GetInstance()->current_test_info());
      },
      "race: two writes");
  EXPECT_TRUE(take_violations().empty());
}

TEST_F(CountersTest, WhatAnAllocatorSaysOfItsBlocksCountsNothing) {
  const Stream stream;
  float* segment = nullptr;
  ASSERT_CUDA(cudaMalloc(&segment, kBytes));
  reset_counters();
  block_allocated(segment, kBytes, stream);
  block_freed(segment, kBytes, stream);
  const Counters count = counters();
  EXPECT_EQ(count.sets, 0u);
  EXPECT_EQ(count.launches, 0u);
  EXPECT_TRUE(count.api_calls.empty());
  EXPECT_TRUE(count.copies.empty());
  ASSERT_CUDA(cudaFree(segment));
}

}  // namespace
}  // namespace cudasim::selftest
