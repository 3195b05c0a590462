// SPDX-License-Identifier: MIT
// Copies: when the host's memory is read and written, and what is refused.
#include "stream_support.h"

namespace cudasim::selftest {
namespace {

using CopyTest = StreamTest;

TEST_F(CopyTest, AreAllThatTheirDirectionSays) {
  const Stream stream;
  const DeviceFloats x, y;
  const PinnedFloats in, out;
  EXPECT_EQ(0, count_found("race", [&] {
              for (int i = 0; i < kCount; ++i) in[i] = static_cast<float>(i);
              ASSERT_CUDA(cudaMemcpyAsync(x, in, kBytes, cudaMemcpyHostToDevice, stream));
              ASSERT_CUDA(cudaMemcpyAsync(y, x, kBytes, cudaMemcpyDeviceToDevice, stream));
              ASSERT_CUDA(cudaMemcpyAsync(out, y, kBytes, cudaMemcpyDefault, stream));
              ASSERT_CUDA(cudaStreamSynchronize(stream));
              for (int i = 0; i < kCount; ++i) ASSERT_EQ(out[i], static_cast<float>(i));
            }));
}

TEST_F(CopyTest, AsyncCopyFromPageableMemoryReadsItsSourceInTheCall) {
  config().mode = Mode::lazy;
  const Stream stream;
  const DeviceFloats x;
  std::vector<float> in(kCount, 2), out(kCount);
  ASSERT_CUDA(cudaMemcpyAsync(x, in.data(), kBytes, cudaMemcpyHostToDevice, stream));
  std::fill(in.begin(), in.end(), 3.0f);
  ASSERT_CUDA(cudaMemcpyAsync(out.data(), x, kBytes, cudaMemcpyDeviceToHost, stream));
  EXPECT_EQ(out, std::vector<float>(kCount, 2));
}

TEST_F(CopyTest, AsyncCopyToPageableMemorySynchronizes) {
  config().mode = Mode::lazy;
  const Stream stream;
  const DeviceFloats x;
  std::vector<float> out(kCount);
  ASSERT_CUDA(launch_fill(stream, x, 4));
  reset_counters();
  ASSERT_CUDA(cudaMemcpyAsync(out.data(), x, kBytes, cudaMemcpyDeviceToHost, stream));
  EXPECT_EQ(out, std::vector<float>(kCount, 4));
  EXPECT_EQ(counters().synchronizations, 1u);
}

TEST_F(CopyTest, AsyncCopyFromPinnedMemoryReadsItsSourceWhenItRuns) {
  const Stream stream;
  const DeviceFloats x;
  const PinnedFloats in;
  std::vector<float> out(kCount);
  const auto program = [&](bool waits) {
    std::fill(in + 0, in + kCount, 1.0f);
    ASSERT_CUDA(cudaMemcpyAsync(x, in, kBytes, cudaMemcpyHostToDevice, stream));
    if (waits) {
      ASSERT_CUDA(cudaStreamSynchronize(stream));
    }
    std::fill(in + 0, in + kCount, 2.0f);
    ASSERT_CUDA(cudaMemcpyAsync(out.data(), x, kBytes, cudaMemcpyDeviceToHost, stream));
    if (waits || config().mode == Mode::eager) {
      EXPECT_EQ(out, std::vector<float>(kCount, 1));
    } else {
      EXPECT_EQ(out, std::vector<float>(kCount, 2));
    }
  };
  EXPECT_EQ(0, count_found("host race", [&] { program(true); }));
  EXPECT_EQ(kRuns / 2, count_found("host race", [&] { program(false); }));  // in lazy mode
}

TEST_F(CopyTest, ThePinnedDestinationHoldsNothingOfUseUntilTheHostHasWaited) {
  config().mode = Mode::lazy;
  const Stream stream;
  const DeviceFloats x;
  const PinnedFloats out;
  ASSERT_CUDA(launch_fill(stream, x, 6));
  ASSERT_CUDA(cudaMemcpyAsync(out, x, kBytes, cudaMemcpyDeviceToHost, stream));
  EXPECT_NE(out[0], out[0]);
  EXPECT_NE(out[kCount - 1], out[kCount - 1]);
  ASSERT_CUDA(cudaStreamSynchronize(stream));
  EXPECT_TRUE(out.all(6));
}

TEST_F(CopyTest, APinnedBufferThatStagesMoreThanOnceInItsStreamIsClean) {
  const Stream stream;
  const DeviceFloats x, y;
  const PinnedFloats stage, out;
  EXPECT_EQ(0, count_found("host race", [&] {
              ASSERT_CUDA(launch_fill(stream, x, 1));
              ASSERT_CUDA(cudaMemcpyAsync(stage, x, kBytes, cudaMemcpyDeviceToHost, stream));
              ASSERT_CUDA(cudaMemcpyAsync(y, stage, kBytes, cudaMemcpyHostToDevice, stream));
              ASSERT_CUDA(launch_fill(stream, x, 2));
              ASSERT_CUDA(cudaMemcpyAsync(stage, x, kBytes, cudaMemcpyDeviceToHost, stream));
              ASSERT_CUDA(cudaMemcpyAsync(out, y, kBytes, cudaMemcpyDeviceToHost, stream));
              ASSERT_CUDA(cudaStreamSynchronize(stream));
              EXPECT_TRUE(out.all(1));
              EXPECT_TRUE(stage.all(2));
            }));
}

TEST_F(CopyTest, ASourceThatAHostFunctionWritesIsClean) {
  const Stream stream;
  const DeviceFloats x;
  const PinnedFloats in, out;
  EXPECT_EQ(0, count_found("host race", [&] {
              ASSERT_CUDA(cudaLaunchHostFunc(
                  stream, [](void* p) { std::fill_n(static_cast<float*>(p), kCount, 9.0f); },
                  static_cast<float*>(in)));
              ASSERT_CUDA(cudaMemcpyAsync(x, in, kBytes, cudaMemcpyHostToDevice, stream));
              ASSERT_CUDA(cudaMemcpyAsync(out, x, kBytes, cudaMemcpyDeviceToHost, stream));
              ASSERT_CUDA(cudaStreamSynchronize(stream));
              EXPECT_TRUE(out.all(9));
            }));
}

TEST_F(CopyTest, MemoryBehindAPinnedRangeIsPageable) {
  config().mode = Mode::lazy;
  const Stream stream;
  const DeviceFloats x;
  std::vector<float> host(2 * kCount, 1);
  ASSERT_CUDA(cudaHostRegister(host.data(), kBytes, cudaHostRegisterDefault));
  reset_counters();
  ASSERT_CUDA(cudaMemcpyAsync(x, host.data() + kCount, kBytes, cudaMemcpyHostToDevice, stream));
  EXPECT_EQ(counters().copied_bytes(Direction::host_to_device, HostMemory::pageable), kBytes);
  ASSERT_CUDA(cudaMemcpyAsync(x, host.data(), kBytes, cudaMemcpyHostToDevice, stream));
  EXPECT_EQ(counters().copied_bytes(Direction::host_to_device, HostMemory::pinned), kBytes);
  ASSERT_CUDA(cudaStreamSynchronize(stream));
  ASSERT_CUDA(cudaHostUnregister(host.data()));
}

TEST_F(CopyTest, TwoDimensionalCopiesLeaveTheirGapsAlone) {
  const Stream stream;
  const DeviceFloats x;
  const PinnedFloats out;
  std::vector<float> in(12, 5);
  ASSERT_CUDA(cudaMemsetAsync(x, 0, kBytes, stream));
  ASSERT_CUDA(cudaMemcpy2DAsync(x, 4 * sizeof(float), in.data(), 3 * sizeof(float),
                                2 * sizeof(float), 4, cudaMemcpyHostToDevice, stream));
  ASSERT_CUDA(cudaMemcpyAsync(out, x, kBytes, cudaMemcpyDeviceToHost, stream));
  ASSERT_CUDA(cudaStreamSynchronize(stream));
  for (int i = 0; i < 16; ++i) EXPECT_EQ(out[i], i % 4 < 2 ? 5 : 0) << i;
}

TEST_F(CopyTest, SetsFillBytesInTheirStream) {
  const Stream stream;
  const DeviceFloats x;
  const PinnedFloats out;
  EXPECT_EQ(0, count_found("race", [&] {
              ASSERT_CUDA(launch_fill(stream, x, 1));
              ASSERT_CUDA(cudaMemsetAsync(x, 0, kBytes, stream));
              ASSERT_CUDA(cudaMemcpyAsync(out, x, kBytes, cudaMemcpyDeviceToHost, stream));
              ASSERT_CUDA(cudaStreamSynchronize(stream));
              EXPECT_TRUE(out.all(0));
            }));
}

TEST_F(CopyTest, WhatIsNotWithinOneAllocationIsRefused) {
  const Stream stream;
  const DeviceFloats x;
  std::vector<float> host(2 * kCount);
  const auto to = cudaMemcpyHostToDevice;
  EXPECT_EQ(cudaMemcpyAsync(x, host.data(), kBytes + 1, to, stream), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(x + 1, host.data(), kBytes, to, stream), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemsetAsync(x + 1, 0, kBytes, stream), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemsetAsync(host.data(), 0, kBytes, stream), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(x, nullptr, kBytes, to, stream), cudaErrorInvalidValue);
  EXPECT_CUDA(cudaMemcpyAsync(x, nullptr, 0, to, stream));
  cudaGetLastError();
}

TEST_F(CopyTest, ADirectionThatThePointersContradictIsRefused) {
  const Stream stream;
  const DeviceFloats x, y;
  std::vector<float> host(kCount);
  EXPECT_EQ(cudaMemcpyAsync(x, y, kBytes, cudaMemcpyHostToDevice, stream),
            cudaErrorInvalidMemcpyDirection);
  EXPECT_EQ(cudaMemcpyAsync(host.data(), x, kBytes, cudaMemcpyDeviceToDevice, stream),
            cudaErrorInvalidMemcpyDirection);
  cudaGetLastError();
}

TEST_F(CopyTest, PeerCopiesNeedTheDevicesThatTheMemoryIsOf) {
  const Stream stream;
  const DeviceFloats x;
  ASSERT_CUDA(cudaSetDevice(1));
  const DeviceFloats y;
  ASSERT_CUDA(cudaSetDevice(0));
  ASSERT_CUDA(launch_fill(stream, x, 3));
  EXPECT_EQ(cudaMemcpyPeerAsync(y, 0, x, 0, kBytes, stream), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyPeerAsync(y, 5, x, 0, kBytes, stream), cudaErrorInvalidDevice);
  EXPECT_CUDA(cudaMemcpyPeerAsync(y, 1, x, 0, kBytes, stream));
  float value = 0;
  ASSERT_CUDA(cudaStreamSynchronize(stream));
  ASSERT_CUDA(cudaMemcpy(&value, y, sizeof value, cudaMemcpyDeviceToHost));
  EXPECT_EQ(value, 3);
  cudaGetLastError();
}

TEST_F(CopyTest, AKernelReachesAPeersMemoryOnlyWhereAccessIsEnabled) {
  const Stream stream;
  ASSERT_CUDA(cudaSetDevice(1));
  const DeviceFloats y;
  ASSERT_CUDA(cudaSetDevice(0));
  ASSERT_CUDA(cudaDeviceEnablePeerAccess(1, 0));
  EXPECT_EQ(cudaDeviceEnablePeerAccess(1, 0), cudaErrorPeerAccessAlreadyEnabled);
  EXPECT_CUDA(launch_fill(stream, y, 1));
  EXPECT_CUDA(cudaStreamSynchronize(stream));
  ASSERT_CUDA(cudaDeviceDisablePeerAccess(1));
  EXPECT_CUDA(launch_fill(stream, y, 1));
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorIllegalAddress);
  const auto found = take_violations();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].kind, "peer access");
  ASSERT_CUDA(cudaDeviceReset());
}

}  // namespace
}  // namespace cudasim::selftest
