// SPDX-License-Identifier: MIT
// What is special to softmax and its relatives: every length of a line, layouts, dtypes, errors.
#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

Tensor by_definition(const Tensor& x, int64_t dim) {
  Tensor e = exp(x.to(kDouble));
  return e / e.sum(dim, true);
}

TEST(Softmax, OfRowsAndColumnsOfAnyLengthIsItsDefinition) {
  for (ScalarType dtype : {kFloat, kDouble, kHalf, kBFloat16}) {
    for (int64_t n : {1, 3, 8, 15, 16, 17, 33, 64, 67, 200}) {
      for (int64_t inner : {1, 5, 16, 19}) {
        Tensor x = noise({3, n, inner}, dtype) * 3;
        Tensor expected = by_definition(x, 1);
        EXPECT_TRUE(close(softmax(x, 1), expected)) << n << "x" << inner;
        EXPECT_TRUE(close(log_softmax(x, 1), log(expected))) << n << "x" << inner;
        EXPECT_TRUE(close(logsumexp(x, {1}), log(exp(x.to(kDouble)).sum({1}))))
            << n << "x" << inner;
      }
    }
  }
}

TEST(Softmax, FusedGradientsAreThoseOfTheFormulas) {
  for (int64_t n : {1, 7, 16, 40, 100}) {
    for (int64_t dim : {0, 1, 2}) {
      Tensor x = noise({4, 3, 5}, kDouble).requires_grad_();
      if (dim == 1) x = noise({4, n, 5}, kDouble).requires_grad_();
      if (dim == 2) x = noise({3, 4, n}, kDouble).requires_grad_();
      for (int which : {0, 1, 2}) {
        Tensor y = which == 0   ? softmax(x, dim)
                   : which == 1 ? log_softmax(x, dim)
                                : logsumexp(x, {dim});
        Tensor weights = noise(y.sizes(), kDouble, 3);
        Tensor fused = autograd::grad({y}, {x}, {weights}, true)[0];
        Tensor composed = autograd::grad({y}, {x}, {weights}, true, true)[0];
        EXPECT_TRUE(close(fused, composed)) << which << " " << dim << " " << n;
      }
    }
  }
}

TEST(Softmax, LogsumexpTakesSeveralDimensions) {
  Tensor x = noise({2, 3, 4, 5}, kDouble).requires_grad_();
  for (std::vector<int64_t> dims : {std::vector<int64_t>{0, 1}, {1, 2}, {0, 3}, {1, 3}, {}}) {
    for (bool keepdim : {false, true}) {
      Tensor y = logsumexp(x, dims, keepdim), expected = log(exp(x).sum(dims, keepdim));
      EXPECT_TRUE(close(y, expected));
      Tensor weights = noise(y.sizes(), kDouble, 3);
      EXPECT_TRUE(close(autograd::grad({y}, {x}, {weights})[0],
                        autograd::grad({expected}, {x}, {weights})[0]));
    }
  }
  EXPECT_EQ(logsumexp(arange(3), {0}).dtype(), kFloat);
}

TEST(Softmax, OfATransposedTensorIsThatOfItsCopy) {
  Tensor x = noise({6, 40});
  EXPECT_TRUE(identical(softmax(x.t(), 0), softmax(x.t().contiguous(), 0)));
  EXPECT_TRUE(identical(softmax(x.slice(1, 3, 20), -1), softmax(x.slice(1, 3, 20).clone(), 1)));
}

TEST(Softmax, ComputesInTheDtypeAskedFor) {
  Tensor x = noise({4}, kHalf).requires_grad_();
  EXPECT_EQ(softmax(x, 0, kFloat).dtype(), kFloat);
  EXPECT_TRUE(identical(log_softmax(arange(3), 0, kDouble), log_softmax(arange(3).to(kDouble), 0)));
  EXPECT_EQ(autograd::grad({softmax(x, 0, kFloat).sum()}, {x})[0].dtype(), kHalf);
  EXPECT_THROW(softmax(arange(3), 0), NotImplementedError);
  EXPECT_THROW(softmax(x, 1), IndexError);
}

TEST(Softmax, IsTheSameForAnyNumberOfThreads) {
  Tensor x = noise({700, 30});
  set_num_threads(1);
  Tensor rows = softmax(x, 1), columns = softmax(x, 0);
  set_num_threads(2);
  EXPECT_TRUE(identical(softmax(x, 1), rows));
  EXPECT_TRUE(identical(softmax(x, 0), columns));
}

}  // namespace
}  // namespace adjoint::testing
