// SPDX-License-Identifier: MIT
// max, min, argmax and argmin along dimensions of every layout, and what their gradients reach.
#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

const std::vector<ScalarType> kNumeric{kByte, kInt, kLong, kHalf, kBFloat16, kFloat, kDouble};

/// Element by element, without the library's kernels.
void expect_extrema(const Tensor& x, int64_t dim) {
  auto [values, indices] = x.max(dim);
  auto [low, low_indices] = x.min(dim);
  EXPECT_TRUE(identical(x.argmax(dim), indices));
  EXPECT_TRUE(identical(x.argmin(dim), low_indices));
  Tensor moved = x.transpose(dim, -1).unsqueeze(0).flatten(0, -2).to(kCPU, kDouble).contiguous();
  auto flat = [&](const Tensor& t) {
    return t.unsqueeze(dim).transpose(dim, -1).flatten().to(kCPU, kDouble).contiguous();
  };
  Tensor v = flat(values), i = flat(indices), lv = flat(low), li = flat(low_indices);
  int64_t n = moved.size(-1);
  for (int64_t row = 0; row < moved.size(0); ++row) {
    const double* p = moved.data_ptr<double>() + row * n;
    int64_t largest = 0, smallest = 0;
    for (int64_t k = 1; k < n; ++k) {
      if (p[k] > p[largest]) largest = k;
      if (p[k] < p[smallest]) smallest = k;
    }
    ASSERT_EQ(i.data_ptr<double>()[row], double(largest)) << "row " << row;
    ASSERT_EQ(v.data_ptr<double>()[row], p[largest]);
    ASSERT_EQ(li.data_ptr<double>()[row], double(smallest));
    ASSERT_EQ(lv.data_ptr<double>()[row], p[smallest]);
  }
}

TEST(Extremum, AlongEachDimensionOfEveryLayoutAndDtype) {
  for (ScalarType dtype : kNumeric) {
    SCOPED_TRACE(dtype_name(dtype));
    Tensor x = noise_below(50, {5, 67, 33}).to(dtype);  // many ties
    for (int64_t dim = 0; dim < 3; ++dim) {
      expect_extrema(x, dim);
      expect_extrema(x.transpose(0, 2), dim);
      expect_extrema(x.slice(1, 1, std::nullopt, 3), dim);
      expect_extrema(x.slice(2, 0, 1).expand({5, 67, 4}), dim);
    }
  }
}

TEST(Extremum, OfA0dTensorIsItself) {
  Tensor x = tensor(3.0).requires_grad_();
  auto [value, index] = x.max(0);
  EXPECT_TRUE(identical(value.detach(), x.detach()));
  EXPECT_TRUE(identical(index, zeros({}, kLong)));
  EXPECT_TRUE(identical(x.argmin(-1), zeros({}, kLong)));
  value.backward();
  EXPECT_TRUE(identical(x.grad(), tensor(1.0)));
}

TEST(Extremum, GradientByDimensionReachesTheIndexOfATransposedTensor) {
  Tensor x = tensor({{1., 5., 2.}, {7., 0., 7.}}).requires_grad_();
  auto [values, indices] = x.t().max(1, true);
  (values * tensor({{2.}, {3.}, {4.}})).sum().backward();
  EXPECT_TRUE(identical(x.grad(), tensor({{0., 3., 0.}, {2., 0., 4.}})));
}

TEST(Extremum, IndicesThatWereChangedDoNotGoUnnoticed) {
  Tensor x = tensor({1., 2.}).requires_grad_();
  auto [value, index] = x.max(0);
  index.zero_();
  EXPECT_THROW(value.backward(), Error);
}

}  // namespace
}  // namespace adjoint::testing
