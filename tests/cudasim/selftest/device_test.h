// SPDX-License-Identifier: MIT
// What the simulator's tests share.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "cuda/portable.cuh"
#include "cudasim.h"

namespace cudasim::testing {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddressSanitizer = true;
#elif defined(__has_feature)
inline constexpr bool kAddressSanitizer = __has_feature(address_sanitizer);
#else
inline constexpr bool kAddressSanitizer = false;
#endif

/// What check() throws.
struct LaunchError {
  cudaError_t status;
};

inline void check(cudaError_t status) {
  if (status != cudaSuccess) throw LaunchError{status};
}

/// Device memory with its life.
template <class T>
class Buffer {
 public:
  explicit Buffer(size_t size) : size_(size) { check(cudaMalloc(&data_, size * sizeof(T))); }
  Buffer(const std::vector<T>& values, cudaStream_t stream) : Buffer(values.size()) {
    check(cudaMemcpyAsync(data_, values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice, stream));
  }
  ~Buffer() { EXPECT_EQ(cudaFree(data_), cudaSuccess); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  T* get() const { return data_; }
  operator T*() const { return data_; }
  std::vector<T> to_host(cudaStream_t stream) const {
    std::vector<T> values(size_);
    check(cudaMemcpyAsync(values.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost, stream));
    check(cudaStreamSynchronize(stream));
    return values;
  }

 private:
  T* data_ = nullptr;
  size_t size_;
};

template <class T>
T argument(const T& value) {
  return value;
}
template <class T>
T* argument(const Buffer<T>& buffer) {
  return buffer.get();
}
/// As adjoint::cuda::launch, which belongs to the library; buffers are their memory.
template <auto kernel, class... Args>
void launch(const adjoint::cuda::LaunchConfig& where, const Args&... args) {
  cudaLaunchConfig_t config{};
  config.gridDim = where.grid;
  config.blockDim = where.block;
  config.dynamicSmemBytes = where.shared_bytes;
  config.stream = where.stream;
  name_next_launch(__PRETTY_FUNCTION__, where.file, where.line);
  check(cudaLaunchKernelEx(&config, kernel, argument(args)...));
}

/// A violation that a test does not take fails it: watch.cpp.
class DeviceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    saved_ = config();
    reset();
    check(cudaSetDevice(0));
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  }
  void TearDown() override {
    settle();
    EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
    config() = saved_;
  }

  /// Runs what is pending; the kinds of the violations since the last call.
  std::set<std::string> violations() {
    settle();
    std::set<std::string> kinds;
    last_text = {};
    for (const Violation& v : take_violations()) {
      kinds.insert(v.kind);
      last_text += v.kind + ": " + v.text + "\n";
    }
    return kinds;
  }

  /// Chooses anew what is drawn from the seed.
  void use_seed(uint64_t seed) {
    config().seed = seed;
    reseed();
  }

  cudaStream_t stream = nullptr;
  std::string last_text;

 private:
  Config saved_;
};

using Kinds = std::set<std::string>;

}  // namespace cudasim::testing
