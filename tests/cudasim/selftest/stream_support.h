// SPDX-License-Identifier: MIT
// What the tests of streams, events, copies and graphs share: kernels, buffers, every mode and many
// seeds.
#pragma once

#include <cuda_runtime.h>
#include <cudasim_kernel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "cudasim.h"

namespace cudasim::selftest {

__global__ inline void fill(float* out, float value, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) out[i] = value;
}
__global__ inline void add(float* out, const float* in, float value, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) out[i] = in[i] + value;
}

inline constexpr int kCount = 256;
inline constexpr size_t kBytes = kCount * sizeof(float);

/// Launches with one thread an element; the site is the caller's.
template <auto kernel, class... Args>
cudaError_t launch_at(cudaStream_t stream, const char* file, int line, Args... args) {
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(2);
  config.blockDim = dim3(kCount / 2);
  config.stream = stream;
  name_next_launch(__PRETTY_FUNCTION__, file, line);
  return cudaLaunchKernelEx(&config, kernel, args...);
}
inline cudaError_t launch_fill(cudaStream_t stream, float* out, float value,
                               const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return launch_at<fill>(stream, file, line, out, value, kCount);
}
inline cudaError_t launch_add(cudaStream_t stream, float* out, const float* in, float value,
                              const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return launch_at<add>(stream, file, line, out, in, value, kCount);
}

#define ASSERT_CUDA(call) ASSERT_EQ(call, cudaSuccess)
#define EXPECT_CUDA(call) EXPECT_EQ(call, cudaSuccess)

/// A NonBlocking stream of the current device.
class Stream {
 public:
  explicit Stream(unsigned flags = cudaStreamNonBlocking) {
    EXPECT_CUDA(cudaStreamCreateWithFlags(&stream_, flags));
  }
  ~Stream() { cudaStreamDestroy(stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  operator cudaStream_t() const { return stream_; }

 private:
  cudaStream_t stream_ = nullptr;
};

class Event {
 public:
  explicit Event(unsigned flags = cudaEventDisableTiming) {
    EXPECT_CUDA(cudaEventCreateWithFlags(&event_, flags));
  }
  ~Event() { cudaEventDestroy(event_); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  operator cudaEvent_t() const { return event_; }

 private:
  cudaEvent_t event_ = nullptr;
};

/// kCount floats of device memory.
class DeviceFloats {
 public:
  DeviceFloats() { EXPECT_CUDA(cudaMalloc(&data_, kBytes)); }
  ~DeviceFloats() { cudaFree(data_); }
  DeviceFloats(const DeviceFloats&) = delete;
  DeviceFloats& operator=(const DeviceFloats&) = delete;
  operator float*() const { return data_; }

 private:
  float* data_ = nullptr;
};

/// kCount floats of pinned memory, 0 at first.
class PinnedFloats {
 public:
  PinnedFloats() {
    EXPECT_CUDA(cudaMallocHost(&data_, kBytes));
    std::fill(data_, data_ + kCount, 0.0f);
  }
  ~PinnedFloats() { cudaFreeHost(data_); }
  PinnedFloats(const PinnedFloats&) = delete;
  PinnedFloats& operator=(const PinnedFloats&) = delete;
  operator float*() const { return data_; }
  bool all(float value) const {
    return std::all_of(data_, data_ + kCount, [&](float x) { return x == value; });
  }

 private:
  float* data_ = nullptr;
};

/// Of each test: the configuration comes back, nothing pends.
class StreamTest : public testing::Test {
 protected:
  void SetUp() override {
    saved_ = config();
    reset();
  }
  void TearDown() override {
    settle();
    EXPECT_CUDA(cudaSetDevice(0));
    clear_faults();
    config() = saved_;
  }

  /// Runs `program` under every mode and many seeds. Returns in how many there was a violation of
  /// the kind, and expects no other.
  static int count_found(const char* kind, const std::function<void()>& program, int seeds = 20) {
    int found = 0;
    for (const Mode mode : {Mode::eager, Mode::lazy}) {
      for (int seed = 1; seed <= seeds; ++seed) {
        config().mode = mode;
        config().seed = static_cast<uint64_t>(seed);
        reset();
        program();
        settle();
        bool seen = false;
        for (const Violation& violation : take_violations()) {
          EXPECT_EQ(violation.kind, kind) << violation.text;
          seen = seen || violation.kind == kind;
        }
        found += seen;
      }
    }
    return found;
  }
  static constexpr int kRuns = 40;  // of count_found

 private:
  Config saved_;
};

}  // namespace cudasim::selftest
