// SPDX-License-Identifier: MIT
#include "cpu/scratch.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <thread>

namespace adjoint::cpu {
namespace {

TEST(ScratchMemory, IsKeptFromCallToCallAndAligned) {
  void* first = scratch(Scratch::kGemm, 1000);
  std::memset(first, 1, 1000);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % 64, 0);
  EXPECT_EQ(scratch(Scratch::kGemm, 10), first);
  EXPECT_EQ(scratch(Scratch::kGemm, 1000), first);
  std::memset(scratch(Scratch::kGemm, 1000000), 2, 1000000);
}

TEST(ScratchMemory, IsNotSharedByUsersOrThreads) {
  auto* gemm = static_cast<char*>(scratch(Scratch::kGemm, 100));
  auto* result = static_cast<char*>(scratch(Scratch::kGemmResult, 100));
  auto* operand = static_cast<char*>(scratch(Scratch::kOperand, 100));
  std::memset(gemm, 1, 100);
  std::memset(result, 2, 100);
  std::memset(operand, 3, 100);
  std::thread([] { std::memset(scratch(Scratch::kGemm, 100), 4, 100); }).join();
  EXPECT_EQ(gemm[99], 1);
  EXPECT_EQ(result[99], 2);
  EXPECT_EQ(operand[99], 3);
}

}  // namespace
}  // namespace adjoint::cpu
