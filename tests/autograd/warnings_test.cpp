// SPDX-License-Identifier: MIT
// What the library warns about.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "adjoint/adjoint.h"

namespace adjoint::testing {
namespace {

/// The warnings that f() gives.
template <class F>
std::vector<std::string> warnings_of(F f) {
  struct Listener : WarningHandler {
    void process(const Warning& warning) override { heard.push_back(warning.msg()); }
    std::vector<std::string> heard;
  } listener;
  WarningUtils::WarningHandlerGuard guard(&listener);
  WarningUtils::WarnAlways always;
  f();
  return listener.heard;
}

#define EXPECT_WARNS(phrase, ...)                                             \
  do {                                                                        \
    const std::vector<std::string> heard = warnings_of([&] { __VA_ARGS__; }); \
    ASSERT_EQ(heard.size(), 1u);                                              \
    EXPECT_NE(heard[0].find(phrase), std::string::npos) << heard[0];          \
  } while (false)
#define EXPECT_QUIET(...) EXPECT_TRUE(warnings_of([&] { __VA_ARGS__; }).empty())

TEST(Warnings, OfTheGradOfATensorThatIsNoLeaf) {
  Tensor x = ones({2}, requires_grad()), y = x * 2, kept = x * 3;
  EXPECT_WARNS(
      "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its "
      ".grad attribute won't be populated during autograd.backward().",
      y.grad());
  kept.retain_grad();
  EXPECT_QUIET(x.grad(); kept.grad(); ones({2}).grad(); y.detach().grad());
  EXPECT_QUIET((y + kept).sum().backward(); x.grad(); kept.grad());
}

TEST(Warnings, OfBackwardThatCreatesAGraph) {
  Tensor x = ones({2}, requires_grad());
  EXPECT_WARNS(
      "Using backward() with create_graph=True will create a reference cycle between the "
      "parameter and its gradient which can cause a memory leak.",
      (x * x).sum().backward({}, true, true));
  x.mutable_grad().reset();
  EXPECT_QUIET(autograd::grad({(x * x).sum()}, {x}, {}, true, true));
  EXPECT_QUIET((x * x).sum().backward());
}

TEST(Warnings, OfATargetOfAnotherSize) {
  EXPECT_WARNS(
      "Using a target size ([3, 1]) that is different to the input size ([3]). This will "
      "likely lead to incorrect results due to broadcasting. Please ensure they have the "
      "same size.",
      mse_loss(ones({3}), ones({3, 1})));
  EXPECT_QUIET(mse_loss(ones({3, 1}), ones({3, 1})));
}

TEST(Warnings, OfASpreadOfTooFewElements) {
  EXPECT_WARNS(
      "std(): degrees of freedom is <= 0. Correction should be strictly less than the "
      "reduction factor",
      ones({1}).std());
  EXPECT_WARNS("var(): degrees of freedom is <= 0.", ones({3, 1}).var({1}, true));
  EXPECT_QUIET(ones({2}).std(); ones({1}).var(false));
}

}  // namespace
}  // namespace adjoint::testing
