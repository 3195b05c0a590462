// SPDX-License-Identifier: MIT
// Errors: on demand, those that stay with the device, and the machine without a device.
#include "stream_support.h"

namespace cudasim::selftest {
namespace {

using Faults = StreamTest;

TEST_F(Faults, TheNthCallOfAFunctionFails) {
  float* x = nullptr;
  fail_call("cudaMalloc", 3, cudaErrorMemoryAllocation);
  for (int call = 1; call <= 5; ++call) {
    const cudaError_t status = cudaMalloc(&x, kBytes);
    EXPECT_EQ(status, call == 3 ? cudaErrorMemoryAllocation : cudaSuccess) << call;
    if (status == cudaSuccess) {
      EXPECT_CUDA(cudaFree(x));
    }
  }
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_CUDA(cudaGetLastError());
}

TEST_F(Faults, AsManyCallsFailAsAreAskedFor) {
  fail_call("cudaDeviceSynchronize", 2, cudaErrorUnknown, 2);
  EXPECT_CUDA(cudaDeviceSynchronize());
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorUnknown);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorUnknown);
  EXPECT_CUDA(cudaDeviceSynchronize());
  cudaGetLastError();
}

TEST_F(Faults, AFailedLaunchDoesNothing) {
  const Stream stream;
  const DeviceFloats x;
  ASSERT_CUDA(cudaMemset(x, 0, kBytes));
  reset_counters();
  fail_call("cudaLaunchKernelEx", 1, cudaErrorLaunchOutOfResources);
  EXPECT_EQ(launch_fill(stream, x, 1), cudaErrorLaunchOutOfResources);
  EXPECT_EQ(counters().launches, 0u);
  float value = 9;
  ASSERT_CUDA(cudaMemcpy(&value, x, sizeof value, cudaMemcpyDeviceToHost));
  EXPECT_EQ(value, 0);
  cudaGetLastError();
}

TEST_F(Faults, AnErrorOfOneCallIsForgottenOnceItWasRead) {
  EXPECT_EQ(cudaSetDevice(-1), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidDevice);
  EXPECT_CUDA(cudaDeviceSynchronize());
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
  EXPECT_CUDA(cudaGetLastError());
}

TEST_F(Faults, AnErrorOfAKernelStaysWithTheDevice) {
  for (const Mode mode : {Mode::eager, Mode::lazy}) {
    config().mode = mode;
    reset();
    const Stream stream;
    const DeviceFloats x;
    fail_launch(2, cudaErrorIllegalAddress);
    EXPECT_CUDA(launch_fill(stream, x, 1));
    EXPECT_CUDA(launch_fill(stream, x, 2));
    if (mode == Mode::lazy) {
      EXPECT_CUDA(launch_fill(stream, x, 3));
    }
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorIllegalAddress);
    EXPECT_EQ(launch_fill(stream, x, 4), cudaErrorIllegalAddress);
    void* more = nullptr;
    EXPECT_EQ(cudaMalloc(&more, 16), cudaErrorIllegalAddress);
    EXPECT_EQ(cudaGetLastError(), cudaErrorIllegalAddress);
    EXPECT_EQ(cudaGetLastError(), cudaErrorIllegalAddress);
    ASSERT_CUDA(cudaSetDevice(1));
    EXPECT_CUDA(cudaDeviceSynchronize());
    ASSERT_CUDA(cudaSetDevice(0));
    EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorIllegalAddress);
    ASSERT_CUDA(cudaDeviceReset());
    EXPECT_CUDA(cudaDeviceSynchronize());
    EXPECT_CUDA(cudaGetLastError());
  }
}

TEST_F(Faults, AnErrorThatAContextDoesNotSurviveStaysAfterACallOnDemand) {
  fail_call("cudaStreamSynchronize", 1, cudaErrorLaunchFailure);
  EXPECT_EQ(cudaStreamSynchronize(nullptr), cudaErrorLaunchFailure);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaErrorLaunchFailure);
  ASSERT_CUDA(cudaDeviceReset());
}

TEST_F(Faults, MemoryEndsAtTheLimit) {
  const size_t before = config().total_memory;
  size_t free = 0, total = 0;
  config().total_memory = size_t{1} << 20;
  ASSERT_CUDA(cudaMemGetInfo(&free, &total));
  EXPECT_EQ(total, size_t{1} << 20);
  void *x = nullptr, *y = nullptr;
  EXPECT_CUDA(cudaMalloc(&x, 700 << 10));
  EXPECT_EQ(cudaMalloc(&y, 700 << 10), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_CUDA(cudaFree(x));
  EXPECT_CUDA(cudaMalloc(&y, 700 << 10));
  EXPECT_CUDA(cudaFree(y));
  config().total_memory = before;
}

TEST_F(Faults, MemoryIsFreedOnceAndAtItsStart) {
  char* x = nullptr;
  ASSERT_CUDA(cudaMalloc(&x, 64));
  EXPECT_EQ(cudaFree(x + 16), cudaErrorInvalidValue);
  EXPECT_CUDA(cudaFree(x));
  EXPECT_EQ(cudaFree(x), cudaErrorInvalidValue);
  EXPECT_CUDA(cudaFree(nullptr));
  int on_the_host = 0;
  EXPECT_EQ(cudaFree(&on_the_host), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFreeHost(&on_the_host), cudaErrorInvalidValue);
  cudaGetLastError();
}

TEST_F(Faults, WithoutADriverEveryCallSaysSo) {
  const Stream stream;
  const DeviceFloats x;
  config().driver = false;
  int count = -7, version = -7;
  void* pointer = nullptr;
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaErrorInsufficientDriver);
  EXPECT_EQ(count, -7);
  EXPECT_CUDA(cudaDriverGetVersion(&version));
  EXPECT_EQ(version, 0);
  EXPECT_CUDA(cudaRuntimeGetVersion(&version));
  EXPECT_EQ(version, CUDART_VERSION);
  EXPECT_EQ(cudaMalloc(&pointer, 16), cudaErrorInsufficientDriver);
  EXPECT_EQ(cudaSetDevice(0), cudaErrorInsufficientDriver);
  EXPECT_EQ(launch_fill(stream, x, 1), cudaErrorInsufficientDriver);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInsufficientDriver);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInsufficientDriver);
  config().driver = true;
  EXPECT_EQ(cudaGetLastError(), cudaErrorInsufficientDriver);
  EXPECT_CUDA(cudaGetLastError());
}

TEST_F(Faults, ErrorsHaveNamesAndTexts) {
  EXPECT_STREQ(cudaGetErrorName(cudaErrorMemoryAllocation), "cudaErrorMemoryAllocation");
  EXPECT_STREQ(cudaGetErrorName(static_cast<cudaError_t>(12345)), "unrecognized error code");
  EXPECT_GT(std::string(cudaGetErrorString(cudaErrorMemoryAllocation)).size(), 0u);
}

}  // namespace
}  // namespace cudasim::selftest
