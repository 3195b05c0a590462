// SPDX-License-Identifier: MIT
// cat and stack.
#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

std::string error_of(std::vector<Tensor> tensors, int64_t dim,
                     Tensor (*join)(TensorList, int64_t)) {
  try {
    join(tensors, dim);
  } catch (const Error& e) {
    return e.message();
  }
  return "none";
}

TEST(Join, CatPutsTensorsBehindEachOther) {
  Tensor a = tensor({{1, 2}, {3, 4}}), b = tensor({{5}, {6}});
  EXPECT_TRUE(identical(cat({a, b}, 1), tensor({{1, 2, 5}, {3, 4, 6}})));
  EXPECT_TRUE(identical(cat({a, b.t()}, -2), tensor({{1, 2}, {3, 4}, {5, 6}})));
  EXPECT_TRUE(identical(cat({a.t(), zeros({2, 0}, kLong), zeros({0}, kLong)}, 1), a.t()));
}

TEST(Join, StackMakesADimension) {
  Tensor a = tensor({1, 2}), b = tensor({3, 4});
  EXPECT_TRUE(identical(stack({a, b}), tensor({{1, 2}, {3, 4}})));
  EXPECT_TRUE(identical(stack({a, b}, -1), tensor({{1, 3}, {2, 4}})));
  EXPECT_TRUE(identical(stack({tensor(1), tensor(2)}), a));
}

TEST(Join, DtypesPromoteAsPyTorchs) {
  const std::map<std::string, ScalarType> dtypes{
      {"f32", kFloat}, {"f64", kDouble}, {"f16", kHalf}, {"bf16", kBFloat16},
      {"i64", kLong},  {"i32", kInt},    {"u8", kByte},  {"bool", kBool}};
  int checked = 0;
  for (const auto& table : reference("ops")["promotion"]) {
    if (table["op"] != "cat" && table["op"] != "stack") continue;
    if (table["left"] != "tensor" || table["right"] != "tensor") continue;
    for (size_t i = 0; i < table["rows"].size(); ++i) {
      for (size_t j = 0; j < table["columns"].size(); ++j) {
        Tensor a = ones({1}, dtypes.at(table["rows"][i])),
               b = ones({1}, dtypes.at(table["columns"][j]));
        Tensor joined = table["op"] == "cat" ? cat({a, b}) : stack({a, b});
        EXPECT_EQ(joined.dtype(), dtypes.at(table["result"][i][j])) << table["op"] << i << " " << j;
        ++checked;
      }
    }
  }
  EXPECT_EQ(checked, 128);
}

TEST(Join, GradientsAreTheParts) {
  auto options = TensorOptions(kDouble).requires_grad(true);
  Tensor a = tensor({{1., 2.}}, options), b = tensor({{3., 4.}, {5., 6.}}, options);
  Tensor none = zeros({0}, options);
  Tensor y = cat({a, none, b});
  EXPECT_STREQ(y.grad_fn()->name(), "CatBackward0");
  std::vector<Tensor> g = autograd::grad({(y * y * y).sum()}, {a, b, none}, {}, std::nullopt, true);
  EXPECT_TRUE(close(g[0], tensor({{3., 12.}}, kDouble)));
  EXPECT_TRUE(close(g[1], tensor({{27., 48.}, {75., 108.}}, kDouble)));
  EXPECT_EQ(g[2].numel(), 0);
  EXPECT_TRUE(
      close(autograd::grad({g[1].sum()}, {b})[0], tensor({{18., 24.}, {30., 36.}}, kDouble)));

  Tensor z = stack({b, b * 2}, 1);
  z.backward(tensor({{{1., 2.}, {3., 4.}}, {{5., 6.}, {7., 8.}}}, kDouble));
  EXPECT_TRUE(close(b.grad(), tensor({{7., 10.}, {19., 22.}}, kDouble)));
}

TEST(Join, AGradientComesBackInTheInputsDtype) {
  Tensor a = ones({2}, TensorOptions(kHalf).requires_grad(true));
  cat({a, ones({1}, kDouble)}).sum().backward();
  EXPECT_TRUE(identical(a.grad(), ones({2}, kHalf)));
}

TEST(Join, WhatDoesNotFitIsNamed) {
  Tensor x = ones({2, 3}), v = ones({3});
  EXPECT_EQ(error_of({x, ones({2, 2})}, 0, cat),
            "Sizes of tensors must match except in dimension 0. Expected size 3 but got size 2 for "
            "tensor number 1 in the list.");
  EXPECT_EQ(error_of({x, v}, 0, cat), "Tensors must have same number of dimensions: got 2 and 1");
  EXPECT_EQ(error_of({}, 0, cat), "torch.cat(): expected a non-empty list of Tensors");
  EXPECT_EQ(error_of({tensor(1.), tensor(2.)}, 0, cat),
            "zero-dimensional tensor (at position 0) cannot be concatenated");
  EXPECT_EQ(error_of({v, v}, 1, cat),
            "Dimension out of range (expected to be in range of [-1, 0], but got 1)");
  EXPECT_EQ(
      error_of({v, ones({2})}, 0, stack),
      "stack expects each tensor to be equal size, but got [3] at entry 0 and [2] at entry 1");
  EXPECT_EQ(error_of({}, 0, stack), "stack expects a non-empty TensorList");
}

}  // namespace
}  // namespace adjoint::testing
