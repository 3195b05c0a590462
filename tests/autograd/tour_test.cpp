// SPDX-License-Identifier: MIT
// The tutorial pages that the project started from: the numbers and errors that PyTorch gives for
// them (tests/reference/data/tour.json).
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "adjoint/autograd.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

nlohmann::json read_tour() {
  std::ifstream file(std::string(ADJOINT_TESTS_DIR) + "/reference/data/tour.json");
  return nlohmann::json::parse(file);
}

/// What PyTorch says with other words for types and hints, and where its C++ frontend has others.
std::string in_our_words(std::string text) {
  auto replace = [&](const std::string& from, const std::string& to) {
    for (size_t at; (at = text.find(from)) != std::string::npos;) text.replace(at, from.size(), to);
  };
  replace("torch.FloatTensor", "FloatTensor");
  replace("torch.DoubleTensor", "DoubleTensor");
  replace("torch.Size([3])", "[3]");
  replace("torch.Size([2, 2])", "[2, 2]");
  replace("The differentiated Tensor at index 0 appears",
          "One of the differentiated Tensors appears");
  return text.substr(0, text.find(" Hint:"));
}

TEST(Tour, ErrorsSayWhatPyTorchSays) {
  auto x = [] { return ones({2, 2}, requires_grad()); };
  const std::map<std::string, std::function<void()>> cases{
      {"scalar outputs", [&] { (x() + 2).backward(); }},
      {"freed graph",
       [&] {
         Tensor a = x(), out = (a * a).sum();
         out.backward();
         out.backward();
       }},
      {"saved result modified",
       [&] {
         Tensor y = x().exp();
         y.add_(1);
         y.sum().backward();
       }},
      {"saved input modified",
       [&] {
         Tensor y = x() * 1, z = y * y;
         y.mul_(2);
         z.sum().backward();
       }},
      {"saved leaf modified",
       [] {
         Tensor w = ones({3}, requires_grad()), z = (w * w).sum();
         {
           NoGradGuard no_grad;
           w.add_(1);
         }
         z.backward();
       }},
      {"saved f64 result modified",
       [] {
         Tensor w = ones({2, 3}, TensorOptions(kDouble).requires_grad(true)), y = w.sigmoid();
         y.index({0, 0}) = 5.0;
         y.sum().backward();
       }},
      {"leaf in place", [&] { x().add_(1); }},
      {"view of a leaf in place", [&] { x()[0].mul_(2); }},
      {"leaf by index",
       [&] {
         x().index({0, 0}) = 5.0;
       }},
      {"no grad_fn", [] { ones({1}).backward(); }},
      {"gradient of another shape", [&] { (x() * 2).backward(ones({3})); }},
      {"unused input", [&] { autograd::grad({(x() * 2).sum()}, {ones({1}, requires_grad())}); }},
      {"requires_grad of integers", [] { ones({2}, kLong).requires_grad_(); }},
      {"requires_grad off on a result", [&] { (x() * 2).requires_grad_(false); }},
      {"retain_grad without grad", [] { ones({2}).retain_grad(); }},
  };
  nlohmann::json tour = read_tour();
  ASSERT_EQ(tour["errors"].size(), cases.size());
  for (const auto& error : tour["errors"]) {
    std::string name = error["name"];
    ASSERT_TRUE(cases.contains(name)) << name;
    EXPECT_TRUE(throws<Error>(in_our_words(error["text"]), cases.at(name))) << name;
  }
}

TEST(Tour, RecordingAndGradients) {
  Tensor x = ones({2, 2}, requires_grad());
  EXPECT_EQ(x.grad_fn(), nullptr);
  Tensor y = x + 2, z = y * y * 3, out = z.mean();
  EXPECT_STREQ(y.grad_fn()->name(), "AddBackward1");
  EXPECT_STREQ(z.grad_fn()->name(), "MulBackward1");
  EXPECT_STREQ(out.grad_fn()->name(), "MeanBackward0");
  EXPECT_EQ(out.item<float>(), 27.0f);
  EXPECT_FALSE(x.grad().defined());
  out.backward();
  EXPECT_TRUE(is_close(x.grad(), full({2, 2}, 4.5)));
}

TEST(Tour, RequiresGradIsSwitchedOnLater) {
  Tensor a = tensor({{0.5, 2.0}, {3.0, -1.0}});
  a = (a * 3) / (a - 1);
  EXPECT_TRUE(is_close(a, tensor({{-3.0, 6.0}, {4.5, 1.5}})));
  EXPECT_FALSE(a.requires_grad());
  a.requires_grad_(true);
  Tensor b = (a * a).sum();
  EXPECT_STREQ(b.grad_fn()->name(), "SumBackward0");
  EXPECT_EQ(b.item<float>(), 67.5f);
}

TEST(Tour, AVectorJacobianProduct) {
  Tensor x = tensor({0.5, -1.25, 0.75}, requires_grad()), y = x * 2;
  while (y.data().norm().item<float>() < 1000) y = y * 2;
  EXPECT_TRUE(is_close(y.detach(), tensor({512., -1280., 768.})));
  y.backward(tensor({0.1, 1.0, 0.0001}));
  EXPECT_TRUE(is_close(x.grad(), tensor({102.4, 1024., 0.1024})));
}

TEST(Tour, NotRecording) {
  Tensor x = tensor({0.5, -1.25, 0.75}, requires_grad());
  EXPECT_TRUE(x.pow(2).requires_grad());
  EXPECT_STREQ(x.pow(2).grad_fn()->name(), "PowBackward0");
  {
    NoGradGuard no_grad;
    EXPECT_FALSE(x.pow(2).requires_grad());
  }
  Tensor y = x.detach();
  EXPECT_FALSE(y.requires_grad());
  EXPECT_TRUE(x.eq(y).all().item<bool>());
}

TEST(Tour, AScalarFunction) {
  Tensor a = tensor({2., 3.}, requires_grad()), b = a + 3, c = b * b * 3, out = c.mean();
  EXPECT_EQ(out.item<float>(), 91.5f);
  out.backward();
  EXPECT_TRUE(is_close(a.grad(), tensor({15., 18.})));
}

TEST(Tour, GradientsAccumulate) {
  Tensor x = tensor({1., 2., 3.}, requires_grad());
  for (int times = 1; times <= 3; ++times) {
    (x * x).sum().backward();
    EXPECT_TRUE(is_close(x.grad(), tensor({2., 4., 6.}) * times));
  }
  x.grad().zero_();
  Tensor y = x * 2;
  y.retain_grad();
  (y * y).sum().backward();
  EXPECT_TRUE(is_close(y.grad(), tensor({4., 8., 12.})));
  EXPECT_TRUE(is_close(x.grad(), tensor({8., 16., 24.})));
}

TEST(Tour, GradientsOfGradients) {
  Tensor x = tensor({1., 2., 3.}, requires_grad());
  Tensor g = autograd::grad({x.pow(3).sum()}, {x}, {}, {}, true).at(0);
  EXPECT_TRUE(is_close(g.detach(), tensor({3., 12., 27.})));
  EXPECT_STREQ(g.grad_fn()->name(), "MulBackward0");
  EXPECT_TRUE(is_close(autograd::grad({g.sum()}, {x}).at(0), tensor({6., 12., 18.})));
}

}  // namespace
}  // namespace adjoint::testing
