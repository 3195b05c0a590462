// SPDX-License-Identifier: MIT
// The switches of globalContext().
#include <adjoint/adjoint.h>
#include <gtest/gtest.h>

namespace adjoint::testing {
namespace {

class ContextTest : public ::testing::Test {
 protected:
  void TearDown() override { context_.setFloat32MatmulPrecision(before_); }
  Context& context_ = globalContext();
  const Float32MatmulPrecision before_ = context_.float32MatmulPrecision();
};

TEST_F(ContextTest, NothingThatRoundsMoreOrVariesIsOnAtFirst) {
  EXPECT_EQ(context_.float32MatmulPrecision(), Float32MatmulPrecision::HIGHEST);
  EXPECT_FALSE(context_.allowTF32CuBLAS());
  EXPECT_FALSE(context_.allowTF32CuDNN());
  EXPECT_TRUE(context_.deterministicCuDNN());
}

TEST_F(ContextTest, ThePrecisionOfProductsIsOneSwitchByTwoNames) {
  context_.setAllowTF32CuBLAS(true);
  EXPECT_EQ(context_.float32MatmulPrecision(), Float32MatmulPrecision::HIGH);
  context_.setFloat32MatmulPrecision("highest");
  EXPECT_FALSE(context_.allowTF32CuBLAS());
  context_.setFloat32MatmulPrecision("medium");
  EXPECT_EQ(context_.float32MatmulPrecision(), Float32MatmulPrecision::MEDIUM);
  EXPECT_TRUE(context_.allowTF32CuBLAS());
  context_.setFloat32MatmulPrecision(Float32MatmulPrecision::HIGH);
  EXPECT_TRUE(context_.allowTF32CuBLAS());
  context_.setAllowTF32CuBLAS(false);
  EXPECT_EQ(context_.float32MatmulPrecision(), Float32MatmulPrecision::HIGHEST);
}

TEST_F(ContextTest, APrecisionOfAnotherNameIsRefused) {
  try {
    context_.setFloat32MatmulPrecision("higher");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.message(),
              "setFloat32MatmulPrecision: expected 'highest', 'high' or 'medium', got 'higher'");
  }
  EXPECT_EQ(context_.float32MatmulPrecision(), Float32MatmulPrecision::HIGHEST);
}

}  // namespace
}  // namespace adjoint::testing
