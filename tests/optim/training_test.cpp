// SPDX-License-Identifier: MIT
// Whole training steps: the same bits for any number of threads, and no memory asked of the system
// once they are under way.
#include <gtest/gtest.h>

#include "adjoint/memory.h"
#include "tests/support/reference.h"

namespace adjoint {
namespace {

struct Training {
  Training() {
    manual_seed(3);
    model = nn::Sequential(nn::Conv2d(nn::Conv2dOptions(1, 8, 3).padding(1)), nn::BatchNorm2d(8),
                           nn::ReLU(), nn::MaxPool2d(2), nn::Flatten(), nn::Dropout(0.1),
                           nn::Linear(8 * 16, 300), nn::ReLU(), nn::Linear(300, 10));
    optimizer = std::make_unique<optim::AdamW>(model->parameters(), optim::AdamWOptions(1e-2));
  }
  Tensor step() {
    optimizer->zero_grad();
    const Tensor loss = cross_entropy(model(images), labels);
    loss.backward();
    nn::utils::clip_grad_norm_(model->parameters(), 1.0);
    optimizer->step();
    return loss.detach();
  }

  nn::Sequential model{nullptr};
  std::unique_ptr<optim::AdamW> optimizer;
  const Tensor images = testing::noise({256, 1, 8, 8}), labels = testing::noise_below(10, {256});
};

TEST(Training, GivesTheSameBitsForAnyNumberOfThreads) {
  const int before = get_num_threads();
  std::vector<Tensor> expected;
  for (int threads : {1, 2, 3}) {
    set_num_threads(threads);
    Training training;
    std::vector<Tensor> got;
    for (int i = 0; i < 10; ++i) got.push_back(training.step());
    for (const Tensor& p : training.model->parameters()) got.push_back(p.detach());
    if (expected.empty()) expected = got;
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_TRUE(testing::identical(got[i], expected[i])) << threads << " threads, tensor " << i;
  }
  set_num_threads(before);
}

TEST(Training, LowersTheLoss) {
  Training training;
  const float first = training.step().item<float>();
  for (int i = 0; i < 60; ++i) training.step();
  EXPECT_LT(training.step().item<float>(), first / 2);
}

TEST(Training, AsksTheSystemForNoMemoryOnceUnderWay) {
  Training training;
  for (int i = 0; i < 3; ++i) training.step();
  const MemoryStats before = memory_stats();
  for (int i = 0; i < 20; ++i) training.step();
  const MemoryStats after = memory_stats();
  EXPECT_GT(after.num_allocations, before.num_allocations);
  EXPECT_EQ(after.num_system_allocations, before.num_system_allocations);
  EXPECT_EQ(after.allocated, before.allocated);
}

}  // namespace
}  // namespace adjoint
