// SPDX-License-Identifier: MIT
// Return addresses, and the names of functions.
#include "core/util/call_site.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace program {

[[gnu::noinline]] void inner(adjoint::CallSite& a, adjoint::CallSite& b) {
  adjoint::capture(a);
  adjoint::capture_without_libunwind(b);
}
[[gnu::noinline]] void outer(adjoint::CallSite& a, adjoint::CallSite& b) {
  inner(a, b);
  asm volatile("");  // a call at the end would leave no frame
}
[[gnu::noinline]] void deep(int levels, adjoint::CallSite& a, adjoint::CallSite& b) {
  if (levels == 0) {
    outer(a, b);
  } else {
    deep(levels - 1, a, b);
  }
  asm volatile("");
}

}  // namespace program

namespace adjoint::testing {
namespace {

TEST(CallSite, HoldsTheSameCallersHoweverTheyWereFound) {
  CallSite a, b;
  program::outer(a, b);
  // Both are in frames of their own below inner(), whose line differs between them.
  auto callers = [](const CallSite& site) {
    std::vector<void*> out(site.addresses().begin(), site.addresses().end());
    return out;
  };
  const auto of_a = callers(a), of_b = callers(b);
  ASSERT_GE(of_a.size(), 4u);
  ASSERT_GE(of_b.size(), 4u);
  // The frame of outer() is in both, and all above it is the same.
  const auto in_a = std::find_first_of(of_a.begin(), of_a.end(), of_b.begin(), of_b.end());
  ASSERT_NE(in_a, of_a.end());
  const auto in_b = std::find(of_b.begin(), of_b.end(), *in_a);
  const auto common = std::min(of_a.end() - in_a, of_b.end() - in_b);
  EXPECT_GE(common, 2);
  EXPECT_TRUE(std::equal(in_a, in_a + common, in_b));
}

TEST(CallSite, HoldsNoMoreThanItsRoom) {
  CallSite a, b;
  program::deep(100, a, b);
  EXPECT_EQ(a.num_frames, CallSite::kMaxFrames);
  EXPECT_EQ(b.num_frames, CallSite::kMaxFrames);
}

TEST(CallSite, FunctionNamesHaveNoResultsAndNoParameters) {
  EXPECT_EQ(function_name("main"), "main");
  EXPECT_EQ(function_name("Net::forward(adjoint::Tensor const&)"), "Net::forward");
  EXPECT_EQ(function_name("Net::forward(adjoint::Tensor const&) const"), "Net::forward");
  EXPECT_EQ(function_name("adjoint::Tensor f<float, std::vector<int> >(float)"),
            "f<float, std::vector<int> >");
  EXPECT_EQ(function_name("(anonymous namespace)::Net::forward(int)"),
            "(anonymous namespace)::Net::forward");
  EXPECT_EQ(function_name("main::{lambda(int)#1}::operator()(int) const"),
            "main::{lambda(int)#1}::operator()");
  EXPECT_EQ(function_name("N::operator<(N const&)"), "N::operator<");
  EXPECT_EQ(function_name("N::operator bool() const"), "N::operator bool");
  EXPECT_EQ(function_name("adjoint::Tensor N::operator()<int>(int)"), "N::operator()<int>");
  EXPECT_EQ(function_name(""), "");
}

TEST(CallSite, AFrameIsWrittenAsFileLineAndFunction) {
  EXPECT_EQ((SourceFrame{"Net::forward", "/src/model.cpp", 42}.str()),
            "model.cpp:42 in Net::forward");
  EXPECT_EQ((SourceFrame{"", "/bin/train+0x12", 0}.str()), "train+0x12");
}

TEST(CallSite, FramesOfTheLibrarysNamespacesArePassedOver) {
  CallSite a, b;
  program::outer(a, b);
  Symbolizer symbolizer;
  for (const SourceFrame& frame : symbolizer.frames(a)) {
    EXPECT_EQ(frame.function.find("adjoint::"), std::string::npos) << frame.str();
    EXPECT_FALSE(frame.str().empty());
  }
}

}  // namespace
}  // namespace adjoint::testing
