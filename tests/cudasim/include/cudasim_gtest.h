// SPDX-License-Identifier: MIT
// Lets a GoogleTest fail that leaves violations behind.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>

#include "cudasim.h"

namespace cudasim {

/// After each test: runs what is pending, and fails the test for every violation that it did not
/// take.
class ViolationListener : public testing::EmptyTestEventListener {
 public:
  void OnTestEnd(const testing::TestInfo& info) override {
    settle();
    const auto found = take_violations();
    for (const Violation& violation : found) {
      ADD_FAILURE() << "simulated CUDA device: " << violation.kind << ": " << violation.text;
    }
    if (info.result()->Failed()) {
      const Config& used = config();
      std::printf("simulated CUDA device: CUDASIM_SEED=%llu CUDASIM_MODE=%s\n",
                  static_cast<unsigned long long>(used.seed),
                  used.mode == Mode::lazy ? "lazy" : "eager");
    }
  }
};

/// To be called once, before the tests run.
inline void watch_tests() {
  testing::UnitTest::GetInstance()->listeners().Append(new ViolationListener);
}

}  // namespace cudasim
