// SPDX-License-Identifier: MIT
// Products of float are of float; on demand the factors are rounded to TF32.
#include <bit>

#include "cuda_test.h"

namespace adjoint::testing {
namespace {

/// Restores the switches.
class TensorFloat32 : public CudaTest {
 protected:
  void TearDown() override {
    globalContext().setFloat32MatmulPrecision(before_);
    CudaTest::TearDown();
  }

 private:
  const Float32MatmulPrecision before_ = globalContext().float32MatmulPrecision();
};

/// To 10 bits of mantissa, away from zero in the middle of two.
float rounded(float x) {
  return std::bit_cast<float>((std::bit_cast<uint32_t>(x) + 0x1000u) & ~0x1fffu);
}

/// x * y as a product of matrices computes it, and what its gradient for x is.
struct Products {
  float value, gradient;
};
Products multiply(float x, float y, ScalarType type = kFloat) {
  Tensor a = full({1, 1}, x, dtype(type).device(kGpu0)).requires_grad_();
  Tensor b = full({1, 1}, y, dtype(type).device(kGpu0));
  Tensor product = a.mm(b);
  product.backward(ones_like(product));
  return {product.item<float>(), a.grad().item<float>()};
}

constexpr float kX = 1 + 0x1p-12f + 0x1p-20f, kY = 3 - 0x1p-13f;

TEST_F(TensorFloat32, IsOffAtFirst) {
  EXPECT_FALSE(globalContext().allowTF32CuBLAS());
  EXPECT_EQ(multiply(kX, kY).value, kX * kY);
  EXPECT_EQ(multiply(kX, kY).gradient, kY);
}

TEST_F(TensorFloat32, RoundsTheFactorsWhereItIsAllowed) {
  ASSERT_NE(rounded(kX), kX);
  ASSERT_NE(rounded(kY), kY);
  globalContext().setAllowTF32CuBLAS(true);
  EXPECT_EQ(multiply(kX, kY).value, rounded(kX) * rounded(kY));
  EXPECT_EQ(multiply(kX, kY).gradient, rounded(kY));
}

TEST_F(TensorFloat32, TheSwitchIsNoticedByProductsThatWereMadeBefore) {
  for (int round = 0; round < 2; ++round) {
    for (bool allow : {false, true}) {
      globalContext().setAllowTF32CuBLAS(allow);
      EXPECT_EQ(multiply(kX, kY).gradient, allow ? rounded(kY) : kY);
    }
  }
}

TEST_F(TensorFloat32, IsForFloatAlone) {
  globalContext().setFloat32MatmulPrecision("medium");
  EXPECT_EQ(multiply(kX, kY, kDouble).gradient, kY);
  EXPECT_EQ(multiply(kX, 1.5f, kHalf).value, 1.5f);
}

}  // namespace
}  // namespace adjoint::testing
