// SPDX-License-Identifier: MIT
// Small methods of Tensor that have no row among the operations.
#include <gtest/gtest.h>

#include <limits>

#include "adjoint/adjoint.h"

namespace adjoint {
namespace {

template <class E, class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const E& e) {
    return e.what();
  }
  return "nothing was thrown";
}

TEST(TensorAccessor, ReadsAndWritesElementsOfAStridedTensor) {
  const Tensor base = arange(6, device(kCPU).dtype(kFloat)).view({2, 3});
  const Tensor transposed = base.t();
  auto a = transposed.accessor<float, 2>();
  EXPECT_EQ(a.size(0), 3);
  EXPECT_EQ(a.sizes(), IntArrayRef({3, 2}));
  EXPECT_EQ(a.stride(1), 3);
  EXPECT_EQ(a[2][1], 5);
  a[2][0] = 7;
  EXPECT_EQ(base[0][2].item<float>(), 7);
}

TEST(TensorAccessor, RefusesAnotherNumberOfDimensionsOrType) {
  const Tensor t = zeros({2, 2}, device(kCPU));
  EXPECT_EQ(message_of<Error>([&] { t.accessor<float, 1>(); }),
            "TensorAccessor expected 1 dims but tensor has 2");
  EXPECT_EQ(message_of<TypeError>([&] { t.accessor<int64_t, 2>(); }),
            "expected scalar type Long but found Float");
}

TEST(TensorMethods, IsNonzeroNeedsOneElement) {
  EXPECT_TRUE(tensor(2).is_nonzero());
  EXPECT_FALSE(tensor({0.0}).is_nonzero());
  EXPECT_EQ(message_of<Error>([] { ones({2}).is_nonzero(); }),
            "Boolean value of Tensor with more than one value is ambiguous");
  EXPECT_EQ(message_of<Error>([] { ones({0}).is_nonzero(); }),
            "Boolean value of Tensor with no values is ambiguous");
}

TEST(TensorMethods, MasksCombineByOperators) {
  const Tensor a = tensor({true, true, false, false}), b = tensor({true, false, true, false});
  EXPECT_TRUE(equal(a & b, tensor({true, false, false, false})));
  EXPECT_TRUE(equal(a | b, tensor({true, true, true, false})));
  EXPECT_TRUE(equal(a ^ b, tensor({false, true, true, false})));
  EXPECT_TRUE(equal(~a, tensor({false, false, true, true})));
  EXPECT_TRUE(equal(a & false, tensor({false, false, false, false})));
}

TEST(TensorMethods, BitsOfIntegersCombineByOperators) {
  const Tensor a = tensor({12, 5, -1});
  EXPECT_TRUE(equal(a & 6, tensor({4, 4, 6})));
  EXPECT_TRUE(equal(1 | a, tensor({13, 5, -1})));
  EXPECT_TRUE(equal(a ^ tensor({4, 4, 4}), tensor({8, 1, -5})));
  EXPECT_TRUE(equal(~a, tensor({-13, -6, 0})));
  EXPECT_TRUE(equal(a & tensor({true, true, false}), tensor({0, 1, 0})));
  EXPECT_TRUE(equal(a % 5, tensor({2, 0, 4})));
  EXPECT_EQ(message_of<NotImplementedError>([] { ones({2}) & ones({2}); }),
            "\"bitwise_and\" not implemented for 'Float'");
}

TEST(TensorMethods, InfinitiesAndNaNAreToldFromFiniteNumbers) {
  const double inf = std::numeric_limits<double>::infinity();
  const Tensor t = tensor({1.0, inf, -inf, std::numeric_limits<double>::quiet_NaN()});
  EXPECT_TRUE(equal(t.isinf(), tensor({false, true, true, false})));
  EXPECT_TRUE(equal(t.isfinite(), tensor({true, false, false, false})));
  EXPECT_TRUE(equal(tensor({1, 2}).isfinite(), tensor({true, true})));
  EXPECT_TRUE(equal(tensor({1, 2}).isinf(), tensor({false, false})));
}

TEST(TensorMethods, NewTensorsTakeDtypeUnlessToldOtherwise) {
  const Tensor t = zeros({1}, kDouble);
  EXPECT_EQ(t.new_zeros({2}).dtype(), kDouble);
  EXPECT_EQ(t.new_empty({2, 3}).sizes(), IntArrayRef({2, 3}));
  EXPECT_TRUE(equal(t.new_ones({2}, kLong), tensor({1, 1})));
  EXPECT_EQ(t.new_ones({2}).dtype(), kDouble);
  EXPECT_EQ(t.new_ones({2}, kLong).dtype(), kLong);
  EXPECT_EQ(t.new_full({2}, 0.5).dtype(), kDouble);
  EXPECT_TRUE(equal(t.new_full({2}, 0.5), tensor({0.5, 0.5}, kDouble)));
}

TEST(TensorMethods, ProductsOfVectorsHaveNodesOfTheirOwn) {
  const Tensor m = tensor({{1., 2.}, {3., 4.}}).requires_grad_();
  const Tensor v = tensor({5., 6.}).requires_grad_();
  EXPECT_TRUE(equal(m.mv(v), tensor({17., 39.})));
  EXPECT_TRUE(equal(v.dot(v), tensor(61.)));
  EXPECT_TRUE(equal(v.outer(m[0]), tensor({{5., 10.}, {6., 12.}})));
  EXPECT_STREQ(matmul(m, v).grad_fn()->name(), "MvBackward0");
  EXPECT_STREQ(matmul(v, v).grad_fn()->name(), "DotBackward0");
  EXPECT_EQ(message_of<Error>([&] { v.dot(m); }), "1D tensors expected, but got 1D and 2D tensors");
  EXPECT_EQ(message_of<Error>([&] { v.mv(m); }), "vector + matrix @ vector expected, got 1, 1, 2");
}

}  // namespace
}  // namespace adjoint
