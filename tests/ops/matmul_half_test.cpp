// SPDX-License-Identifier: MIT
// Matrix products of 16-bit numbers: summed in float, rounded once.
#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

/// Of the exact product, rounded: operands are small multiples of 1/8, so sums are exact in float.
Tensor eighths(IntArrayRef sizes, uint64_t seed) {
  return (noise(sizes, kDouble, seed) * 16).to(kInt).to(kDouble) / 8;
}

TEST(MatmulHalf, SumsAreExactWhereFloatsAre) {
  for (ScalarType dtype : {kHalf, kBFloat16}) {
    for (std::vector<int64_t> s :
         {std::vector<int64_t>{3, 5, 7}, {1, 300, 20}, {70, 600, 300}, {65, 1, 1}}) {
      Tensor a = eighths({s[0], s[1]}, 1), b = eighths({s[1], s[2]}, 2), bias = eighths({s[2]}, 3);
      Tensor x = a.to(dtype), y = b.to(dtype);
      Tensor exact = a.mm(b);
      EXPECT_TRUE(identical(x.mm(y), exact.to(dtype)));
      EXPECT_TRUE(identical(y.t().mm(x.t()), exact.t().to(dtype)));
      EXPECT_TRUE(identical(x.t().contiguous().t().mm(y.t().contiguous().t()), exact.to(dtype)));
      EXPECT_TRUE(identical(addmm(bias.to(dtype), x, y), (exact + bias).to(dtype)));
      Tensor batch = stack({x, x * 2}).bmm(stack({y, y}));
      EXPECT_TRUE(identical(batch, stack({exact.to(dtype), (exact * 2).to(dtype)})));
    }
  }
}

TEST(MatmulHalf, OfNothingIsZero) {
  EXPECT_TRUE(identical(zeros({2, 0}, kHalf).mm(zeros({0, 3}, kHalf)), zeros({2, 3}, kHalf)));
}

TEST(MatmulHalf, ResultsAreTheSameForAnyNumberOfThreads) {
  int threads = get_num_threads();
  Tensor a = noise({300, 700}, kBFloat16), b = noise({700, 300}, kBFloat16, 2);
  set_num_threads(1);
  Tensor one = a.mm(b);
  set_num_threads(3);
  EXPECT_TRUE(identical(one, a.mm(b)));
  set_num_threads(threads);
}

}  // namespace
}  // namespace adjoint::testing
