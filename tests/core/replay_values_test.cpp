// SPDX-License-Identifier: MIT
// The words that the host writes for a replay arrive, however many they are, and no others change.
#include "core/capture/replay_values.h"

#include <gtest/gtest.h>

#include <vector>

#include "adjoint/adjoint.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

TEST(ReplayValues, ArriveInTheFirstBytesOfTheTensor) {
  for (int64_t count : {1, 32, 33, 100}) {
    const Tensor to = full({120}, -1, kLong);
    std::vector<int64_t> values;
    for (int64_t i = 0; i < count; ++i) values.push_back(i * 1'000'000'007);
    write_values(to, values.data(), values.size() * 8);
    EXPECT_TRUE(same_bits(to.narrow(0, 0, count), arange(count, kLong) * 1'000'000'007)) << count;
    EXPECT_TRUE((to.narrow(0, count, 120 - count) == -1).all().item<bool>()) << count;
  }
}

}  // namespace
}  // namespace adjoint::testing
