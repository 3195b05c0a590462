// SPDX-License-Identifier: MIT
// The stand-ins' half and bfloat16, against the library's and against exact arithmetic.
// tests/cudasim/conformance compares them with NVIDIA's, where these are.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

#include "adjoint/half.h"

namespace {

template <class T>
struct Types;
template <>
struct Types<__half> {
  using Ours = adjoint::Half;
  static constexpr int kMantissaBits = 10;
};
template <>
struct Types<__nv_bfloat16> {
  using Ours = adjoint::BFloat16;
  static constexpr int kMantissaBits = 7;
};

template <class T>
class HalfOfDevice : public testing::Test {
 protected:
  using Ours = typename Types<T>::Ours;
  static T from_bits(unsigned bits) { return std::bit_cast<T>(uint16_t(bits)); }
};
using HalfTypes = testing::Types<__half, __nv_bfloat16>;
TYPED_TEST_SUITE(HalfOfDevice, HalfTypes);

TYPED_TEST(HalfOfDevice, HasTheValuesOfTheLibrarys) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    const TypeParam x = this->from_bits(bits);
    const float ours = float(std::bit_cast<typename TestFixture::Ours>(x));
    if (std::isnan(ours)) {
      EXPECT_TRUE(std::isnan(float(x)) && __hisnan(x)) << bits;
    } else {
      EXPECT_EQ(std::bit_cast<uint32_t>(float(x)), std::bit_cast<uint32_t>(ours)) << bits;
    }
  }
}

TYPED_TEST(HalfOfDevice, RoundsFloatsAsTheLibrary) {
  std::mt19937 random(1);
  for (int i = 0; i < 300'000; ++i) {
    const float x = std::bit_cast<float>(uint32_t(random()));
    if (std::isnan(x)) continue;
    const auto ours = std::bit_cast<uint16_t>(typename TestFixture::Ours(x));
    ASSERT_EQ(std::bit_cast<uint16_t>(TypeParam(x)), ours) << x;
  }
  EXPECT_EQ(std::bit_cast<uint16_t>(TypeParam(NAN)), 0x7fff);
}

TYPED_TEST(HalfOfDevice, RoundsDoublesOnce) {
  // Just above the middle of 1 and the next number: a float of it is that middle, which rounds
  // to 1.
  const double step = std::ldexp(1.0, -Types<TypeParam>::kMantissaBits);
  EXPECT_EQ(double(float(TypeParam(1 + step / 2 + 0x1p-40))), 1 + step);
  EXPECT_EQ(double(float(TypeParam(1 + step / 2))), 1.0);
}

TYPED_TEST(HalfOfDevice, RoundsProductsWithASumOnce) {
  const float step = std::ldexp(1.0f, -Types<TypeParam>::kMantissaBits);
  const TypeParam one(1.0f), next(1 + step), tiny(std::ldexp(1.0f, -14));
  // (1 + step)^2 - (1 + 2 step) = step^2, which a product of its own would have lost.
  EXPECT_EQ(float(__hfma(next, next, TypeParam(-1 - 2 * step))), step * step);
  EXPECT_EQ(float(__hfma(tiny, tiny, one)), 1.0f);
  EXPECT_TRUE(__hisnan(__hfma(one, one, TypeParam(NAN))));
}

TYPED_TEST(HalfOfDevice, RoundsInTheDirectionOfTheName) {
  const float x = 1 + 0x1p-20f;
  const auto bits = [](TypeParam y) {
    return std::bit_cast<uint16_t>(y) - std::bit_cast<uint16_t>(TypeParam(1.0f));
  };
  if constexpr (std::is_same_v<TypeParam, __half>) {
    EXPECT_EQ(bits(__float2half_rn(x)), 0);
    EXPECT_EQ(bits(__float2half_rz(x)), 0);
    EXPECT_EQ(bits(__float2half_rd(x)), 0);
    EXPECT_EQ(bits(__float2half_ru(x)), 1);
    EXPECT_EQ(float(__float2half_rz(1e6f)), 65504.0f);
    EXPECT_EQ(float(__float2half_rn(65519.0f)), 65504.0f);
    EXPECT_EQ(float(__float2half_rn(65520.0f)), INFINITY);
  } else {
    EXPECT_EQ(bits(__float2bfloat16_rn(x)), 0);
    EXPECT_EQ(bits(__float2bfloat16_ru(x)), 1);
    EXPECT_EQ(float(__float2bfloat16_rn(3.4e38f)), float(INFINITY));
  }
}

TEST(HalfOfDeviceCounted, LargeIntegersRoundOnce) {
  // 2^62 + 2^54 is the middle of two bfloat16; one more is above it.
  const long long middle = (1ll << 62) + (1ll << 54);
  EXPECT_EQ(float(__ll2bfloat16_rn(middle)), 0x1p62f);
  EXPECT_EQ(float(__ll2bfloat16_rn(middle + 1)), 0x1p62f + 0x1p55f);
  EXPECT_EQ(float(__ll2bfloat16_rn(-middle - 1)), -0x1p62f - 0x1p55f);
  EXPECT_EQ(float(__int2half_rn(2049)), 2048.0f);
  EXPECT_EQ(float(__int2half_rn(2051)), 2052.0f);
}

TEST(HalfOfDeviceCounted, PairsHaveTheirFirstInTheLowBits) {
  EXPECT_EQ(std::bit_cast<uint32_t>(__floats2half2_rn(1, -2)), 0xc0003c00u);
  EXPECT_EQ(std::bit_cast<uint32_t>(__floats2bfloat162_rn(1, -2)), 0xc0003f80u);
  EXPECT_EQ(
      __half22float2(__hfma2(__float2half2_rn(2), __floats2half2_rn(3, 4), __float2half2_rn(1))).y,
      9);
}

}  // namespace
