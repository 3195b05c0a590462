// SPDX-License-Identifier: MIT
// explain(): what is said of the gradients of a loss.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>

#include "adjoint/adjoint.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

struct NetImpl : nn::Module {
  NetImpl() {
    fc1 = register_module("fc1", nn::Linear(3, 4));
    fc2 = register_module("fc2", nn::Linear(4, 2));
    unused = register_module("unused", nn::Linear(2, 2));
    NoGradGuard no_grad;
    for (Tensor& p : parameters()) p.fill_(0.5);
  }
  Tensor forward(const Tensor& x) { return fc2(relu(fc1(x))); }
  nn::Linear fc1{nullptr}, fc2{nullptr}, unused{nullptr};
};
ADJOINT_MODULE(Net);

const GradientEntry& entry_of(const GradientReport& report, const std::string& name) {
  auto found = std::find_if(report.entries.begin(), report.entries.end(), [&](const auto& entry) {
    return (entry.is_leaf ? entry.name : entry.op) == name;
  });
  if (found == report.entries.end()) throw Error("no entry of " + name + " in\n" + report.str());
  return *found;
}

GradientFault fault_of(const GradientReport& report, const std::string& name) {
  return entry_of(report, name).fault;
}

TEST(Explain, MeasuresEveryGradient) {
  Tensor x = tensor({1., 2., 0., 4.}, requires_grad());
  OrderedDict<std::string, Tensor> names;
  names.insert("x", x);
  const GradientReport report = explain((x * x).sum(), names);
  ASSERT_EQ(report.entries.size(), 3u);
  EXPECT_EQ(report.entries[0].op, "SumBackward0");
  EXPECT_EQ(report.entries[1].op, "MulBackward0");
  EXPECT_EQ(report.entries[1].stats.norm, 2.0);
  EXPECT_EQ(report.entries[1].sizes, std::vector<int64_t>{4});
  const GradientEntry& leaf = report.entries[2];
  EXPECT_TRUE(leaf.is_leaf);
  EXPECT_EQ(leaf.name, "x");
  EXPECT_EQ(leaf.stats.numel, 4);
  EXPECT_EQ(leaf.stats.zeros, 1);
  EXPECT_DOUBLE_EQ(leaf.stats.norm, std::sqrt(4. + 16 + 64));
  EXPECT_DOUBLE_EQ(leaf.stats.rms(), std::sqrt((4. + 16 + 64) / 4));
  EXPECT_FALSE(report.has_faults());
}

TEST(Explain, ChangesNoGradAndKeepsTheGraph) {
  Tensor x = tensor({2.f}, requires_grad());
  Tensor y = x * x, z = y * 3;
  y.retain_grad();
  int seen = 0;
  x.register_hook([&](const Tensor&) { ++seen; });
  explain(z.sum());
  EXPECT_FALSE(x.grad().defined());
  EXPECT_FALSE(y.grad().defined());
  EXPECT_EQ(seen, 1);
  z.sum().backward();
  EXPECT_EQ(x.grad().item<float>(), 12.f);
  const Tensor grad = y.grad();
  Tensor again = x * y.detach();
  explain(again.sum());
  EXPECT_EQ(x.grad().item<float>(), 12.f);
  EXPECT_TRUE(y.grad().is_same(grad));
}

TEST(Explain, FindsDeadGradientsAndTheOperationThatMakesThem) {
  Net net;
  const GradientReport report = explain(net(full({5, 3}, -9.0)).sum(), net);  // no unit is active
  EXPECT_TRUE(report.has_faults());
  EXPECT_EQ(fault_of(report, "fc1.weight"), GradientFault::Dead);
  EXPECT_EQ(fault_of(report, "fc1.bias"), GradientFault::Dead);
  EXPECT_EQ(fault_of(report, "fc2.bias"), GradientFault::None);
  EXPECT_EQ(entry_of(report, "ReluBackward0").makes, GradientFault::Dead);
  EXPECT_EQ(entry_of(report, "SumBackward0").makes, GradientFault::None);
  const std::string text = report.str();
  // What comes behind is dead too, but makes nothing dead.
  EXPECT_NE(
      text.find("dead (all zero):\n  made by AddmmBackward0 [5, 2]\n  leaf fc2.weight [2, 4]\n"
                "  made by ReluBackward0 [5, 4]\n  leaf fc1.weight [4, 3]\n"
                "  leaf fc1.bias [4]\nmissing"),
      std::string::npos)
      << text;
}

TEST(Explain, FindsNanAndTheOperationThatMakesIt) {
  Tensor x = tensor({0., 1.}, requires_grad());
  OrderedDict<std::string, Tensor> names;
  names.insert("x", x);
  const GradientReport report = explain((x.sqrt() * tensor({0., 1.})).sum(), names);
  EXPECT_EQ(entry_of(report, "SqrtBackward0").fault, GradientFault::None);
  EXPECT_EQ(entry_of(report, "SqrtBackward0").makes, GradientFault::NonFinite);
  EXPECT_EQ(entry_of(report, "MulBackward0").makes, GradientFault::None);
  const GradientEntry& leaf = entry_of(report, "x");
  EXPECT_EQ(leaf.fault, GradientFault::NonFinite);
  EXPECT_EQ(leaf.stats.nans, 1);
  EXPECT_EQ(leaf.stats.infs, 0);
  EXPECT_EQ(leaf.stats.norm, 0.5);  // of what is finite
  const std::string text = report.str();
  EXPECT_NE(text.find("nan or infinite:\n  made by SqrtBackward0 [2]\n  leaf x [2]: 1 nan, 0 "
                      "infinite of 2\n"),
            std::string::npos)
      << text;
}

TEST(Explain, FindsExplodingLeavesByTheirNormAndByTheOthers) {
  Tensor a = tensor({1.f}, requires_grad()), b = tensor({1.f}, requires_grad());
  Tensor c = tensor({1.f}, requires_grad());
  OrderedDict<std::string, Tensor> names;
  names.insert("a", a);
  names.insert("b", b);
  names.insert("c", c);
  GradientReport report = explain((a + b * 2 + c * 9e3).sum(), names);
  EXPECT_FALSE(report.has_faults()) << report;
  report = explain((a + b * 2 + c * 1.1e4).sum(), names);
  EXPECT_EQ(fault_of(report, "c"), GradientFault::Exploding);
  EXPECT_NE(
      report.str().find("exploding:\n  made by MulBackward1 [1]\n  leaf c [1]: norm 1.1e+04\n"),
      std::string::npos)
      << report;
  EXPECT_EQ(fault_of(report, "a"), GradientFault::None);
  ExplainOptions options;
  options.ratio = 100;
  report = explain((a + b * 2 + c * 300).sum(), names, options);
  EXPECT_EQ(fault_of(report, "c"), GradientFault::Exploding);
  EXPECT_EQ(fault_of(report, "b"), GradientFault::None);
}

TEST(Explain, FindsVanishingLeavesByTheirNormAndByTheOthers) {
  Tensor a = tensor({1.f}, requires_grad()), b = tensor({1.f}, requires_grad());
  Tensor c = tensor({1.f}, requires_grad());
  OrderedDict<std::string, Tensor> names;
  names.insert("c", c);
  EXPECT_EQ(fault_of(explain((a + b + c * 1e-3).sum(), names), "c"), GradientFault::None);
  EXPECT_EQ(fault_of(explain((a + b + c * 1e-5).sum(), names), "c"), GradientFault::Vanishing);
  EXPECT_EQ(fault_of(explain((a + c * 1e-5).sum(), names), "c"), GradientFault::None);
  EXPECT_EQ(fault_of(explain((c * 1e-11).sum(), names), "c"), GradientFault::Vanishing);
}

TEST(Explain, ListsParametersThatTheLossDoesNotDependOn) {
  Net net;
  net->fc1->weight.requires_grad_(false);
  const GradientReport report = explain(net(ones({1, 3})).sum(), net);
  EXPECT_EQ(fault_of(report, "unused.weight"), GradientFault::Missing);
  EXPECT_EQ(fault_of(report, "unused.bias"), GradientFault::Missing);
  for (const GradientEntry& entry : report.entries) EXPECT_NE(entry.name, "fc1.weight");
  EXPECT_NE(report.str().find("missing (the loss does not depend on it):\n  leaf unused.weight [2, "
                              "2]\n  leaf unused.bias [2]\n"),
            std::string::npos)
      << report;
}

TEST(Explain, NamesLineAndModuleWhereTheyWereNoted) {
  autograd::DetectAnomalyGuard detect(false);
  Net net;
  const GradientReport report = explain(net(full({5, 3}, -9.0)).sum(), net);
  const GradientEntry& fc2 = entry_of(report, "AddmmBackward0");
  EXPECT_EQ(fc2.module, "Net.fc2");
  EXPECT_FALSE(fc2.forward.empty());
  EXPECT_NE(report.str().find("made by ReluBackward0 [5, 4], forward: "), std::string::npos)
      << report;
}

TEST(Explain, SaysThatTheLossIsNotFinite) {
  Tensor x = tensor({0.f}, requires_grad());
  const GradientReport report = explain(x.log().sum());
  EXPECT_FALSE(report.loss_is_finite);
  EXPECT_TRUE(report.has_faults());
  EXPECT_EQ(report.str().find("The loss itself is not finite.\n"), 0u);
}

TEST(Explain, ThrowsNothingInAnomalyMode) {
  autograd::DetectAnomalyGuard detect;
  Tensor x = tensor({0.f}, requires_grad());
  EXPECT_TRUE(explain((x.sqrt() * 0).sum()).has_faults());
}

TEST(Explain, WritesATable) {
  Tensor x = tensor({3., 0.}, requires_grad());
  OrderedDict<std::string, Tensor> names;
  names.insert("x", x);
  std::ostringstream out;
  out << explain((x * tensor({3., 0.}) * 2).mean(), names);
  EXPECT_EQ(out.str(),
            "No faults.\n"
            "\n"
            "norm      rms       zero    nan     inf     gradient of\n"
            "1         1         0%      0       0       MeanBackward0 []\n"
            "0.707     0.5       0%      0       0       MulBackward1 [2]\n"
            "1.41      1         0%      0       0       MulBackward0 [2]\n"
            "3         2.12      50%     0       0       leaf x [2]\n");
}

TEST(Explain, RefusesWhatIsNoLoss) {
  Tensor x = ones({2}, requires_grad());
  EXPECT_TRUE(throws<Error>("explain: expected a loss of one element, got one of shape [2]",
                            [&] { explain(x * 2); }));
  EXPECT_TRUE(
      throws<Error>("explain: expected a tensor that requires grad", [] { explain(ones({})); }));
}

TEST(Explain, NormsOfHugeAndTinyGradientsNeitherOverflowNorVanish) {
  Tensor x = ones({4}, TensorOptions(kDouble).requires_grad(true));
  EXPECT_DOUBLE_EQ(explain((x * 1e200).sum()).entries.back().stats.norm, 2e200);
  EXPECT_DOUBLE_EQ(explain((x * 1e-200).sum()).entries.back().stats.norm, 2e-200);
}

}  // namespace
}  // namespace adjoint::testing
