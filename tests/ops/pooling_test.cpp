// SPDX-License-Identifier: MIT
// max_pool2d.
#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

std::string error_of(const Tensor& x, std::vector<int64_t> kernel,
                     std::vector<int64_t> padding = {0}) {
  try {
    max_pool2d(x, kernel, {}, padding);
  } catch (const Error& e) {
    return e.message();
  }
  return "none";
}

TEST(Pooling, EqualsPyTorchs) {
  int checked = 0;
  for (const auto& c : reference("modules")["cases"]) {
    if (c["module"] != "MaxPool2d") continue;
    const auto& o = c["options"];
    auto ints = [&](const char* name, std::vector<int64_t> otherwise) {
      return o.contains(name) ? to_ints(o[name]) : otherwise;
    };
    for (ScalarType dtype : {kDouble, kFloat, kHalf, kBFloat16}) {
      Tensor x = to_tensor(c["inputs"]["input"]).to(dtype).requires_grad_();
      Tensor y = max_pool2d(x, ints("kernel_size", {}), ints("stride", {}), ints("padding", {0}),
                            ints("dilation", {1}), o.value("ceil_mode", false));
      EXPECT_TRUE(close(y, to_tensor(c["output"]))) << c["name"] << dtype_name(dtype);
      Tensor g = to_tensor(c["grad_output"]).to(dtype);
      Tensor composed = autograd::grad({y}, {x}, {g}, true, true)[0];
      y.backward(g);
      EXPECT_TRUE(close(x.grad(), to_tensor(c["grads"]["input"])))
          << c["name"] << dtype_name(dtype);
      EXPECT_TRUE(close(composed, to_tensor(c["grads"]["input"])))
          << c["name"] << dtype_name(dtype);
    }
    ++checked;
  }
  EXPECT_GE(checked, 7);
}

// The windows side by side in registers against the same ones found one by one.
TEST(Pooling, TwoByTwoWindowsAreThoseOfAnyWindow) {
  for (int64_t width : {2, 3, 13, 26, 31, 32, 33, 70}) {
    Tensor x = noise({2, 3, 5, width});
    x.select(3, width / 2).fill_(NAN);
    x.select(2, 1).fill_(0.5);
    x.requires_grad_();
    Tensor wide = x.detach().to(kDouble).requires_grad_();  // double takes the other way
    Tensor y = max_pool2d(x, 2), expected = max_pool2d(wide, 2);
    EXPECT_TRUE(close(y, expected)) << width;
    Tensor g = noise(y.sizes(), kFloat, 2);
    y.backward(g);
    expected.backward(g.to(kDouble));
    EXPECT_TRUE(close(x.grad(), wide.grad())) << width;
  }
}

TEST(Pooling, OfTiesTheFirstGetsTheGradientAndNaNIsLargest) {
  for (ScalarType dtype : {kDouble, kFloat, kHalf}) {
    Tensor x = ones({1, 2, 2}, TensorOptions(dtype).requires_grad(true));
    max_pool2d(x, 2).sum().backward();
    EXPECT_TRUE(identical(x.grad(), tensor({{{1, 0}, {0, 0}}}).to(dtype)));
    Tensor z = tensor({{{1., 2., 0.}, {double(NAN), 3., double(NAN)}, {0., 1., 2.}}}, kDouble)
                   .to(dtype)
                   .requires_grad_();
    Tensor y = max_pool2d(z, 3);
    EXPECT_TRUE(std::isnan(y.item<double>()));
    y.sum().backward();
    EXPECT_TRUE(identical(z.grad(), tensor({{{0, 0, 0}, {1, 0, 0}, {0, 0, 0}}}).to(dtype)));
  }
}

TEST(Pooling, SecondGradientsComeFromTheSamePlaces) {
  Tensor x = noise({2, 2, 5, 5}, kDouble).requires_grad_();
  Tensor y = max_pool2d(x, 3, 1);
  Tensor g = autograd::grad({(y * y * y).sum()}, {x}, {}, std::nullopt, true)[0];
  Tensor gg = autograd::grad({g.sum()}, {x})[0];
  // d/dx of sum over windows of 3 max^2 is 6 max at the maximum: the gradient of (3 y^2).sum().
  Tensor again = max_pool2d(x, 3, 1);
  EXPECT_TRUE(close(gg, autograd::grad({(again * again * 3).sum()}, {x})[0]));
}

TEST(Pooling, ReadsImagesOfAnyStrides) {
  Tensor x = noise({2, 6, 7, 3}).permute({0, 3, 2, 1});
  EXPECT_TRUE(identical(max_pool2d(x, 2), max_pool2d(x.contiguous(), 2)));
  EXPECT_EQ(max_pool2d(zeros({0, 3, 4, 4}), 2).size(0), 0);
}

TEST(Pooling, ResultsAreTheSameForAnyNumberOfThreads) {
  int threads = get_num_threads();
  Tensor x = noise({16, 8, 30, 30}).requires_grad_();
  std::vector<Tensor> results[2];
  for (int i = 0; i < 2; ++i) {
    set_num_threads(1 + 2 * i);
    for (int64_t stride : {1, 2}) {
      Tensor y = max_pool2d(x, 1 + stride, stride);
      results[i].push_back(y.detach());
      results[i].push_back(autograd::grad({(y * y).sum()}, {x})[0]);
    }
  }
  set_num_threads(threads);
  for (size_t j = 0; j < results[0].size(); ++j)
    EXPECT_TRUE(identical(results[0][j], results[1][j]));
}

// With padding and more dilation than image, the window at -2 has the places -2 and 1.
TEST(Pooling, AWindowThatStepsOverTheImageIsAnError) {
  auto pool = [](const Tensor& x) { return max_pool2d(x, {1, 2}, 1, {0, 2}, {1, 3}); };
  EXPECT_EQ(pool(ones({1, 1, 2, 3})).size(3), 4);
  try {
    pool(ones({1, 1, 2, 1}));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& e) {
    EXPECT_NE(e.message().find("expected every window to have an element"), std::string::npos)
        << e.message();
  }
}

TEST(Pooling, WhatDoesNotFitIsNamed) {
  Tensor image = ones({1, 1, 4, 4});
  EXPECT_NE(
      error_of(ones({2, 3}), {2}).find("non-empty 3D or 4D (batch mode) tensor expected for input"),
      std::string::npos);
  EXPECT_EQ(error_of(ones({1, 1, 2, 2}), {3}),
            "Given input size: (1x2x2). Calculated output size: (1x0x0). Output size is too small");
  EXPECT_EQ(error_of(image, {2}, {2}),
            "pad should be at most half of effective kernel size, but got pad=2, kernel_size=2 and "
            "dilation=1");
  EXPECT_NE(error_of(image, {0}).find("stride should not be zero"), std::string::npos);
  EXPECT_NE(error_of(image.to(kLong), {2}).find("not implemented for 'Long'"), std::string::npos);
}

}  // namespace
}  // namespace adjoint::testing
