// SPDX-License-Identifier: MIT
// The CPU's allocator through the public interface: limits, statistics, threads.
#include "adjoint/memory.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

constexpr int64_t kMiB = 1 << 20;

class Memory : public ::testing::Test {
 protected:
  void TearDown() override { set_memory_limit(0); }
  DefaultDevice cpu_{kCPU};  // whose allocator is tested here
};

TEST_F(Memory, StatisticsFollowTensors) {
  int64_t before = memory_stats().allocated;
  {
    Tensor a = zeros({kMiB}, kByte);
    EXPECT_EQ(memory_stats().allocated, before + kMiB);
    Tensor view = a.slice(0, 5);
    a.reset();
    EXPECT_EQ(memory_stats().allocated, before + kMiB) << "a view keeps the memory";
  }
  EXPECT_EQ(memory_stats().allocated, before);
}

TEST_F(Memory, ThePeakIsKeptUntilItIsReset) {
  reset_peak_memory_stats();
  int64_t before = memory_stats().allocated;
  EXPECT_EQ(memory_stats().peak_allocated, before);
  zeros({4 * kMiB}, kByte);
  EXPECT_EQ(memory_stats().peak_allocated, before + 4 * kMiB);
  reset_peak_memory_stats();
  EXPECT_EQ(memory_stats().peak_allocated, memory_stats().allocated);
}

TEST_F(Memory, AFreedBlockIsUsedAgain) {
  zeros({3 * kMiB}, kByte);
  int64_t before = memory_stats().num_system_allocations;
  int64_t allocations = memory_stats().num_allocations;
  for (int i = 0; i < 10; ++i) zeros({3 * kMiB}, kByte);
  EXPECT_EQ(memory_stats().num_system_allocations, before);
  EXPECT_EQ(memory_stats().num_allocations, allocations + 10);
}

TEST_F(Memory, EmptyCacheGivesFreedBlocksBack) {
  zeros({5 * kMiB}, kByte);
  EXPECT_GE(memory_stats().reserved, memory_stats().allocated + 5 * kMiB);
  empty_cache();
  EXPECT_LT(memory_stats().reserved, memory_stats().allocated + 5 * kMiB);
}

TEST_F(Memory, ALimitIsAnErrorAfterWhichTheProgramGoesOn) {
  empty_cache();
  Tensor kept = ones({kMiB}, kByte);
  set_memory_limit(memory_stats().reserved + 2 * kMiB);
  EXPECT_EQ(memory_stats().limit, memory_stats().reserved + 2 * kMiB);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(throws<OutOfMemoryError>("Tried to allocate", [] { zeros({64 * kMiB}, kByte); }));
  }
  EXPECT_TRUE(throws<OutOfMemoryError>("limit of", [] { zeros({64 * kMiB}, kByte); }));
  EXPECT_EQ(kept[kMiB - 1].item<int>(), 1);
  zeros({kMiB}, kByte);
  set_memory_limit(0);
  EXPECT_NO_THROW(zeros({64 * kMiB}, kByte));
  EXPECT_TRUE(throws<ValueError>("expected a number of bytes >= 0", [] { set_memory_limit(-1); }));
}

TEST_F(Memory, CachedBlocksOfOtherSizesMakeRoomUnderALimit) {
  empty_cache();
  zeros({8 * kMiB}, kByte);  // cached now
  set_memory_limit(memory_stats().reserved + kMiB);
  EXPECT_NO_THROW(zeros({6 * kMiB}, kByte));
}

TEST_F(Memory, BlocksAreAlignedForVectors) {
  for (int64_t n : {1, 3, 65, 1000, 100'000}) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(empty({n}, kByte).data_ptr()) % 64, 0u) << n;
  }
  EXPECT_EQ(empty({0}).data_ptr(), nullptr);
}

TEST_F(Memory, BlocksOfAllSizesHoldWhatTheySay) {
  std::vector<Tensor> tensors;
  for (int64_t n = 1; n < 3 * kMiB; n = n * 5 / 4 + 1) {
    tensors.push_back(empty({n}, kByte));
    std::memset(tensors.back().data_ptr(), int(tensors.size()), size_t(n));
  }
  for (size_t i = 0; i < tensors.size(); ++i) {
    const auto* p = tensors[i].data_ptr<uint8_t>();
    EXPECT_EQ(p[0], uint8_t(i + 1));
    EXPECT_EQ(p[tensors[i].numel() - 1], uint8_t(i + 1));
  }
}

TEST(MemoryConcurrent, BlocksFreedByAnotherThreadAreUsedAgain) {
  DefaultDevice cpu(kCPU);
  auto round = [] {
    std::vector<Tensor> tensors;
    for (int i = 0; i < 200; ++i) tensors.push_back(zeros({100}));
    std::thread([&] { tensors.clear(); }).join();
  };
  round();
  round();
  int64_t before = memory_stats().num_system_allocations;
  int64_t allocated = memory_stats().allocated;
  for (int i = 0; i < 20; ++i) round();
  EXPECT_EQ(memory_stats().num_system_allocations, before);
  EXPECT_EQ(memory_stats().allocated, allocated);
}

TEST(MemoryConcurrent, ThreadsThatEndLeaveTheirBlocksToOthers) {
  DefaultDevice cpu(kCPU);
  auto work = [] {
    std::vector<Tensor> tensors;
    for (int i = 0; i < 100; ++i) tensors.push_back(zeros({500}));
  };
  std::thread(work).join();
  int64_t before = memory_stats().num_system_allocations;
  for (int i = 0; i < 20; ++i) std::thread(work).join();
  EXPECT_EQ(memory_stats().num_system_allocations, before);
}

TEST(MemoryConcurrent, ManyThreadsAllocateFreeAndEmptyTheCache) {
  DefaultDevice cpu(kCPU);
  int64_t allocated = memory_stats().allocated;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      std::vector<Tensor> tensors(16);
      for (int i = 0; i < 2000; ++i) {
        tensors[size_t(i * 7 + t) % 16] = full({1 + i % 300}, i, kInt);
        if (i % 500 == t) empty_cache();
        Tensor& t2 = tensors[size_t(i) % 16];
        if (t2.defined()) {
          EXPECT_EQ(t2.data_ptr<int32_t>()[0], t2.data_ptr<int32_t>()[t2.numel() - 1]);
        }
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(memory_stats().allocated, allocated);
}

}  // namespace
}  // namespace adjoint::testing
