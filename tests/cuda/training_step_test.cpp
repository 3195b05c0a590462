// SPDX-License-Identifier: MIT
// A training step on the GPU asks nothing of the host: counted on the simulated device.
#include <gtest/gtest.h>

#include <vector>

#include "adjoint/adjoint.h"
#include "cuda/allocator.h"
#include "cudasim.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

/// A multi-layer perceptron and its data on one device, made of the same numbers everywhere.
class Training {
 public:
  explicit Training(Device device) {
    manual_seed(3);
    net_ = nn::Sequential(nn::Linear(64, 32), nn::ReLU(), nn::Linear(32, 32), nn::ReLU(),
                          nn::Linear(32, 10));
    x_ = randn({32, 64}, kCPU).to(device);
    y_ = randint(10, {32}, dtype(kLong).device(kCPU)).to(device);
    net_->to(device);
    optimizer_.emplace(net_->parameters(), optim::AdamOptions(1e-2));
  }
  Tensor step() {
    optimizer_->zero_grad();
    Tensor loss = nn::functional::cross_entropy(net_->forward(x_), y_);
    loss.backward();
    optimizer_->step();
    return loss.detach();
  }

 private:
  nn::Sequential net_{nullptr};
  Tensor x_, y_;
  std::optional<optim::Adam> optimizer_;
};

TEST(CudaTrainingStep, NeverWaitsCopiesOrAsksTheDeviceForMemory) {
  Training training(kCUDA);
  for (int i = 0; i < 3; ++i) training.step();
  cudasim::settle();
  cudasim::reset_counters();
  std::vector<Tensor> losses;
  for (int i = 0; i < 5; ++i) losses.push_back(training.step());
  const cudasim::Counters counted = cudasim::counters();
  EXPECT_EQ(counted.synchronizations, 0u);
  EXPECT_EQ(counted.queries, 0u);
  EXPECT_EQ(counted.mallocs + counted.frees + counted.host_mallocs + counted.host_frees, 0u);
  EXPECT_EQ(counted.events_recorded + counted.events_waited, 0u) << "one stream needs no events";
  EXPECT_TRUE(counted.copies.empty());
  EXPECT_GT(counted.launches, 0u);
  EXPECT_LT(losses.back().item<float>(), losses.front().item<float>());
}

TEST(CudaTrainingStep, GivesTheLossesOfTheCpu) {
  Training here(kCPU), there(kCUDA);
  for (int i = 0; i < 20; ++i) {
    const float expected = here.step().item<float>();
    ASSERT_NEAR(there.step().item<float>(), expected, 1e-4f * (1 + expected)) << "step " << i;
  }
}

TEST(CudaTrainingStep, GivesTheSameBitsWhateverTheOrderOfThreadsAndStreams) {
  auto losses = [](uint64_t seed) {
    cudasim::settle();
    cudasim::config().seed = seed;
    cudasim::reseed();
    Training training(kCUDA);
    std::vector<float> out;
    for (int i = 0; i < 5; ++i) out.push_back(training.step().item<float>());
    return out;
  };
  const uint64_t before = cudasim::config().seed;
  const std::vector<float> first = losses(11);
  EXPECT_EQ(losses(12), first);
  EXPECT_EQ(losses(13), first);
  cudasim::config().seed = before;
}

TEST(CudaTrainingStep, WhicheverAllocationFailsItThrowsLosesNothingAndCanBeTriedAgain) {
  cuda::DeviceAllocator& allocator = cuda::device_allocator(0);
  allocator.set_caching(false);  // each tensor is an allocation that can fail
  auto reference = [] {
    Training training(kCUDA);
    training.step();
    return training.step().item<float>();
  };
  const float expected = reference();
  bool failed = true;
  uint64_t failures = 0;
  for (uint64_t k = 1; failed; ++k) {
    const int64_t before = allocator.stats().allocated;
    {
      Training training(kCUDA);
      training.step();
      const int64_t held = allocator.stats().allocated;
      failed = false;
      cudasim::fail_call("cudaMalloc", k, cudaErrorMemoryAllocation, 2);  // the retry fails too
      try {
        training.step();
      } catch (const OutOfMemoryError& e) {
        failed = true;
        ++failures;
        EXPECT_NE(e.message().find("CUDA out of memory. Tried to allocate"), std::string::npos)
            << e.message();
      }
      cudasim::clear_faults();
      if (failed) {
        EXPECT_LE(allocator.stats().allocated, held + 16 * 1024)
            << "at most the gradients, allocation " << k;
        // What failed before the optimizer's step changed no parameter.
        ASSERT_EQ(training.step().item<float>(), expected) << "allocation " << k;
      }
    }
    ASSERT_EQ(allocator.stats().allocated, before) << "allocation " << k;
  }
  allocator.set_caching(true);
  EXPECT_GT(failures, 10u);
}

}  // namespace
}  // namespace adjoint::testing
