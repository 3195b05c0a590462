// SPDX-License-Identifier: MIT
// Where the tensors of a recorded step lie: never two in one place at one time, and close together.
#include "core/capture/memory_plan.h"

#include <gtest/gtest.h>

#include <random>

namespace adjoint {
namespace {

size_t rounded(size_t nbytes) { return (nbytes + 63) / 64 * 64; }

void expect_sound(const std::vector<Lifetime>& buffers, const MemoryPlan& plan) {
  ASSERT_EQ(plan.offsets.size(), buffers.size());
  size_t most = 0;
  for (size_t i = 0; i < buffers.size(); ++i) {
    EXPECT_EQ(plan.offsets[i] % 64, 0u);
    EXPECT_LE(plan.offsets[i] + buffers[i].nbytes, plan.nbytes);
    size_t at_its_start = 0;
    for (size_t j = 0; j < buffers.size(); ++j) {
      if (buffers[j].first <= buffers[i].first && buffers[i].first <= buffers[j].last) {
        at_its_start += rounded(buffers[j].nbytes);
      }
      const bool meet = buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
      if (i == j || !meet) continue;
      EXPECT_TRUE(plan.offsets[i] + buffers[i].nbytes <= plan.offsets[j] ||
                  plan.offsets[j] + buffers[j].nbytes <= plan.offsets[i])
          << i << " and " << j << " share memory";
    }
    most = std::max(most, at_its_start);
  }
  EXPECT_EQ(plan.max_live, most);
}

TEST(MemoryPlan, OfNothingTakesNothing) {
  const MemoryPlan plan = plan_memory({});
  EXPECT_EQ(plan.nbytes, 0u);
  EXPECT_EQ(plan.max_live, 0u);
}

TEST(MemoryPlan, BuffersThatFollowEachOtherShareTheirMemory) {
  const std::vector<Lifetime> chain = {{100, 0, 1}, {100, 1, 2}, {100, 2, 3}, {100, 3, 4}};
  const MemoryPlan plan = plan_memory(chain);
  expect_sound(chain, plan);
  EXPECT_EQ(plan.nbytes, 256u);
}

TEST(MemoryPlan, ASmallBufferGoesIntoTheSmallestGapThatHoldsIt) {
  // Two gaps open at call 2, of 128 and of 512 bytes.
  const std::vector<Lifetime> buffers = {{1024, 0, 9}, {512, 0, 1}, {256, 0, 9}, {128, 0, 1},
                                         {64, 0, 9},   {128, 2, 9}, {512, 2, 9}};
  const MemoryPlan plan = plan_memory(buffers);
  expect_sound(buffers, plan);
  EXPECT_EQ(plan.nbytes, plan.max_live);
}

// Activations live from their forward to their backward, gradients for a call or two.
TEST(MemoryPlan, OfAForwardAndABackwardIsAsTightAsItCanBe) {
  std::vector<Lifetime> buffers;
  const int layers = 20;
  for (int i = 0; i < layers; ++i) {
    const size_t width = size_t(1000 + 777 * (i % 5));
    buffers.push_back({width, i, 2 * layers - i});
    buffers.push_back({width, 2 * layers - i - 1, 2 * layers - i});
  }
  const MemoryPlan plan = plan_memory(buffers);
  expect_sound(buffers, plan);
  EXPECT_LE(double(plan.nbytes), 1.1 * double(plan.max_live));
}

TEST(MemoryPlan, NeverLetsBuffersMeetWhateverTheirLifetimes) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::vector<Lifetime> buffers;
    const int calls = 5 + int(random() % 60);
    for (int i = 0; i < calls; ++i) {
      const int first = int(random() % unsigned(calls));
      buffers.push_back({1 + random() % 5000, first, first + int(random() % 8)});
    }
    const MemoryPlan plan = plan_memory(buffers);
    expect_sound(buffers, plan);
    EXPECT_LE(double(plan.nbytes), 1.5 * double(plan.max_live)) << "round " << round;
  }
}

}  // namespace
}  // namespace adjoint
