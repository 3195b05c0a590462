// SPDX-License-Identifier: MIT
// What the tests of the CUDA backend share.
#pragma once

#include <adjoint/adjoint.h>
#include <cudasim.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace adjoint::testing {

inline constexpr Device kGpu0{kCUDA, 0};
inline constexpr Device kGpu1{kCUDA, 1};

/// Streams of the pool, each another one.
inline std::vector<cuda::CUDAStream> pool_streams(size_t n, DeviceIndex device = 0) {
  std::vector<cuda::CUDAStream> streams;
  for (size_t i = 0; i < n; ++i) streams.push_back(cuda::getStreamFromPool(false, device));
  return streams;
}

/// Starts with nothing pending, nothing cached and nothing counted.
class CudaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    original_ = cudasim::config();
    for (DeviceIndex i = 0; i < cuda::device_count(); ++i) {
      cuda::synchronize(i);
      cuda::empty_cache(i);
      allocated_.push_back(cuda::memory_stats(i).allocated);
    }
    cudasim::reset();
  }
  void TearDown() override {
    cudasim::settle();
    cudasim::clear_faults();
    cudasim::config() = original_;
    for (DeviceIndex i = 0; i < cuda::device_count(); ++i) {
      cuda::set_memory_limit(0, i);
      EXPECT_EQ(cuda::memory_stats(i).allocated, allocated_[size_t(i)])
          << "memory of cuda:" << int(i) << " is still held";
    }
    EXPECT_EQ(violations(), "");
  }
  /// The violations since the last call, a line each.
  static std::string violations() {
    std::string text;
    for (const cudasim::Violation& v : cudasim::take_violations())
      text += v.kind + ": " + v.text + "\n";
    return text;
  }

 private:
  cudasim::Config original_;
  std::vector<int64_t> allocated_;
};

}  // namespace adjoint::testing
