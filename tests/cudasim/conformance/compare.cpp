// SPDX-License-Identifier: MIT
// The stand-ins' half and bfloat16 are, bit for bit, those of NVIDIA's headers; errors read the
// same.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "cudasim/errors.h"
#include "nvidia.h"

namespace {

struct Case {
  const char* name;
  Float16Conversions ours, theirs;
};

class HalfValues : public testing::TestWithParam<Case> {
 protected:
  const Float16Conversions ours = GetParam().ours, theirs = GetParam().theirs;

  void expect_same_conversion(float x) const {
    for (int rounding = 0; rounding < 5; ++rounding) {
      ASSERT_EQ(ours.from_float[rounding](x), theirs.from_float[rounding](x))
          << "rounding " << rounding << " of the bits " << std::hex << std::bit_cast<uint32_t>(x);
    }
  }
};

TEST_P(HalfValues, EveryNumberWidensAsNvidias) {
  for (unsigned x = 0; x < 0x10000; ++x) {
    EXPECT_EQ(std::bit_cast<uint32_t>(ours.to_float(uint16_t(x))),
              std::bit_cast<uint32_t>(theirs.to_float(uint16_t(x))))
        << std::hex << x;
    EXPECT_EQ(ours.negate(uint16_t(x)), theirs.negate(uint16_t(x))) << std::hex << x;
    EXPECT_EQ(ours.is_nan(uint16_t(x)), theirs.is_nan(uint16_t(x))) << std::hex << x;
    EXPECT_EQ(ours.is_inf(uint16_t(x)), theirs.is_inf(uint16_t(x))) << std::hex << x;
  }
}

TEST_P(HalfValues, FloatsNarrowAsNvidias) {
  // A stride without a common factor meets every exponent with many mantissas, NaNs among them.
  for (uint64_t bits = 0; bits < (1ull << 32); bits += 997) {
    expect_same_conversion(std::bit_cast<float>(uint32_t(bits)));
  }
}

TEST_P(HalfValues, NumbersAtAndAroundTheMiddleOfTwoNarrowAsNvidias) {
  for (unsigned x = 0; x < 0xffff; ++x) {
    const float low = theirs.to_float(uint16_t(x)), high = theirs.to_float(uint16_t(x + 1));
    if (!std::isfinite(low)) continue;
    const double middle = std::isfinite(high) ? (double(low) + double(high)) / 2
                                              : 2.0 * low - theirs.to_float(uint16_t(x - 1));
    for (double exact : {double(low), middle}) {
      const float x0 = float(exact);
      for (float y : {x0, std::nextafter(x0, INFINITY), std::nextafter(x0, -INFINITY)}) {
        expect_same_conversion(y);
      }
      for (double y : {exact, std::nextafter(exact, double(INFINITY)),
                       std::nextafter(exact, -double(INFINITY))}) {
        ASSERT_EQ(ours.from_double(y), theirs.from_double(y)) << y;
      }
    }
  }
}

TEST_P(HalfValues, DoublesNarrowAsNvidias) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2'000'000; ++i) {
    // Every other one near the format's range; the others anywhere.
    uint64_t bits = random();
    if (i % 2) bits = (bits & 0x800fffffffffffffull) | ((1023 - 30 + random() % 60) << 52);
    const double x = std::bit_cast<double>(bits);
    ASSERT_EQ(ours.from_double(x), theirs.from_double(x)) << std::hex << bits;
  }
}

TEST_P(HalfValues, IntegersNarrowAsNvidias) {
  std::mt19937_64 random(2);
  std::vector<uint64_t> values = {0, 1, 2047, 2048, 2049, 65504, 65519, 65520, ~0ull, 1ull << 63};
  for (int i = 0; i < 500'000; ++i) values.push_back(random() >> (random() % 64));
  for (int bit = 8; bit < 64; ++bit) {  // around a tie
    for (int64_t offset : {-1, 0, 1}) values.push_back((0x81ull << bit >> 1) + uint64_t(offset));
  }
  for (uint64_t x : values) {
    ASSERT_EQ(ours.from_int(int(x)), theirs.from_int(int(x))) << x;
    ASSERT_EQ(ours.from_unsigned(unsigned(x)), theirs.from_unsigned(unsigned(x))) << x;
    ASSERT_EQ(ours.from_int64((long long)(x)), theirs.from_int64((long long)(x))) << x;
    ASSERT_EQ(ours.from_uint64(x), theirs.from_uint64(x)) << x;
  }
}

TEST_P(HalfValues, ArithmeticIsNvidias) {
  std::mt19937 random(3);
  for (int i = 0; i < 1'000'000; ++i) {
    const uint32_t bits = random();
    const uint16_t x = uint16_t(bits), y = uint16_t(bits >> 16);
    ASSERT_EQ(ours.add(x, y), theirs.add(x, y)) << std::hex << bits;
    ASSERT_EQ(ours.subtract(x, y), theirs.subtract(x, y)) << std::hex << bits;
    ASSERT_EQ(ours.multiply(x, y), theirs.multiply(x, y)) << std::hex << bits;
    ASSERT_EQ(ours.divide(x, y), theirs.divide(x, y)) << std::hex << bits;
    ASSERT_EQ(ours.less(x, y), theirs.less(x, y)) << std::hex << bits;
    ASSERT_EQ(ours.equal(x, y), theirs.equal(x, y)) << std::hex << bits;
  }
}

TEST_P(HalfValues, PairsLieInMemoryAsNvidias) {
  EXPECT_EQ(ours.pair_from_floats(1.5f, -2), theirs.pair_from_floats(1.5f, -2));
}

INSTANTIATE_TEST_SUITE_P(, HalfValues,
                         testing::Values(Case{"half", stand_in_values().half, nvidia_values().half},
                                         Case{"bfloat16", stand_in_values().bfloat16,
                                              nvidia_values().bfloat16}),
                         [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST(Errors, AreNamedAndDescribedAsNvidias) {
#define EXPECT_SAME(name, value, text)           \
  EXPECT_STREQ(nvidia_error_name(value), #name); \
  EXPECT_STREQ(nvidia_error_text(value), text) << #name;
  CUDASIM_ERRORS(EXPECT_SAME)
#undef EXPECT_SAME
}

}  // namespace
