// SPDX-License-Identifier: MIT
// dropout: which elements it keeps, what they become, and its gradients.
#include <cmath>

#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

TEST(Dropout, KeepsElementsWhoseUniformNumberIsNotBelowP) {
  for (ScalarType dtype : {kFloat, kDouble, kHalf, kBFloat16}) {
    Tensor x = noise({5, 27}, dtype) + 2;
    manual_seed(11);
    Tensor kept = rand({5, 27}) >= 0.75;
    manual_seed(11);
    Tensor expected = where(kept, x * 4, zeros_like(x));
    EXPECT_TRUE(identical(dropout(x, 0.75, true), expected)) << dtype_name(dtype);
    manual_seed(11);
    Tensor transposed = x.t().contiguous().t();
    EXPECT_TRUE(identical(dropout(transposed, 0.75, true), expected));
  }
}

TEST(Dropout, GradientsOfAnyOrderPassWhereElementsWereKept) {
  Tensor x = noise({40}, kDouble).requires_grad_();
  Tensor y = dropout(x, 0.5, true);
  Tensor kept = (y != 0).to(kDouble) * 2;
  EXPECT_TRUE(identical(autograd::grad({y}, {x}, {ones({40}, kDouble)}, true)[0], kept));
  Tensor g = autograd::grad({(y * y).sum()}, {x}, {}, std::nullopt, true)[0];
  EXPECT_TRUE(close(autograd::grad({g.sum()}, {x})[0], kept * kept * 2));
}

TEST(Dropout, OfProbability0Or1OrInEvaluationIsExact) {
  Tensor x = noise({10});
  EXPECT_TRUE(dropout(x, 0, true).is_same(x));
  EXPECT_TRUE(dropout(x, 0.5, false).is_same(x));
  EXPECT_TRUE(identical(dropout(x, 1, true), zeros({10})));
  EXPECT_EQ(dropout(zeros({0, 3}), 0.5, true).numel(), 0);
}

TEST(Dropout, DropsAsManyAsAskedForWhateverTheThreads) {
  Tensor x = ones({100000});
  set_num_threads(1);
  manual_seed(12);
  Tensor y = dropout(x, 0.3, true);
  EXPECT_NEAR((y == 0).sum().item<double>(), 30000, 5 * std::sqrt(100000 * 0.3 * 0.7));
  set_num_threads(2);
  manual_seed(12);
  EXPECT_TRUE(identical(dropout(x, 0.3, true), y));
}

TEST(Dropout, ProbabilitiesOutsideOf0To1AreRefused) {
  for (double p : {-0.1, 1.5, std::nan("")}) EXPECT_THROW(dropout(ones({2}), p, true), ValueError);
  try {
    dropout(ones({2}), 1.5, true);
  } catch (const ValueError& e) {
    EXPECT_EQ(e.message(), "dropout probability has to be between 0 and 1, but got 1.5");
  }
  EXPECT_THROW(dropout(ones({2}, kLong), 0.5, true), NotImplementedError);
}

}  // namespace
}  // namespace adjoint::testing
