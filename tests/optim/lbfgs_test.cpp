// SPDX-License-Identifier: MIT
// LBFGS goes down Rosenbrock's valley as PyTorch's does (tests/reference/plateau.py).
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/reference.h"

namespace adjoint {
namespace {

using nlohmann::json;
using testing::identical;
using testing::reference;

struct Valley {
  Tensor x = full({}, -1.5, kDouble).requires_grad_(), y = full({}, 2.0, kDouble).requires_grad_();
  Tensor loss() {
    x.mutable_grad().reset();
    y.mutable_grad().reset();
    Tensor value = (1 - x).square() + 100 * (y - x * x).square();
    value.backward();
    return value;
  }
};

optim::LBFGSOptions options(const json& o) {
  optim::LBFGSOptions out(o.value("lr", 1.0));
  out.max_iter(o.value("max_iter", 20)).history_size(o.value("history_size", 100));
  if (o.contains("max_eval")) out.max_eval(o["max_eval"].get<int64_t>());
  if (o.contains("line_search_fn")) out.line_search_fn(o["line_search_fn"].get<std::string>());
  return out;
}

TEST(Lbfgs, TakesPyTorchsPath) {
  for (const json& run : reference("plateau")["lbfgs"]) {
    SCOPED_TRACE(run["options"].dump());
    Valley valley;
    optim::LBFGS optimizer({valley.x, valley.y}, options(run["options"]));
    for (size_t step = 0; step < run["steps"].size(); ++step) {
      const Tensor loss = optimizer.step([&] { return valley.loss(); });
      // A hundred roundings, which the valley's curvature of a thousand stretches.
      EXPECT_NEAR(loss.item<double>(), run["losses"][step], 1e-8 * run["losses"][0].get<double>());
      EXPECT_NEAR(valley.x.item<double>(), run["steps"][step][0], 1e-8);
      EXPECT_NEAR(valley.y.item<double>(), run["steps"][step][1], 1e-8);
    }
    EXPECT_EQ(optimizer.state_dict()["0.func_evals"].item<double>(), run["func_evals"]);
  }
}

TEST(Lbfgs, LoadedElsewhereGivesTheSameContinuation) {
  Valley valley, other;
  const auto settings = optim::LBFGSOptions(1).max_iter(3).line_search_fn("strong_wolfe");
  optim::LBFGS optimizer({valley.x, valley.y}, settings), copy({other.x, other.y}, settings);
  optimizer.step([&] { return valley.loss(); });
  other.x.detach().copy_(valley.x.detach());
  other.y.detach().copy_(valley.y.detach());
  copy.load_state_dict(optimizer.state_dict());
  optimizer.step([&] { return valley.loss(); });
  copy.step([&] { return other.loss(); });
  EXPECT_TRUE(identical(valley.x.detach(), other.x.detach()));
  EXPECT_TRUE(identical(valley.y.detach(), other.y.detach()));
  auto incomplete = optimizer.state_dict();
  incomplete.erase("0.d");
  EXPECT_THROW(copy.load_state_dict(incomplete), Error);
}

TEST(Lbfgs, ReachesTheBottom) {
  Valley valley;
  optim::LBFGS optimizer(
      {valley.x, valley.y},
      optim::LBFGSOptions(1).max_iter(100).tolerance_change(1e-14).line_search_fn("strong_wolfe"));
  optimizer.step([&] { return valley.loss(); });
  EXPECT_NEAR(valley.x.item<double>(), 1, 1e-6);
  EXPECT_NEAR(valley.y.item<double>(), 1, 1e-6);
}

TEST(Lbfgs, StopsWhereGradientOrChangeIsWithinTheTolerance) {
  auto evaluations = [](const optim::LBFGSOptions& settings) {
    Valley valley;
    optim::LBFGS optimizer({valley.x, valley.y}, settings);
    int count = 0;
    optimizer.step([&] {
      ++count;
      return valley.loss();
    });
    return count;
  };
  EXPECT_GT(evaluations(optim::LBFGSOptions(1e-3).max_iter(5)), 3);
  EXPECT_EQ(evaluations(optim::LBFGSOptions(1e-3).max_iter(5).tolerance_grad(1e6)), 1);
  // The first step is below 0.001, the loss changes by more than 0.1.
  EXPECT_EQ(evaluations(optim::LBFGSOptions(1e-3).max_iter(5).tolerance_change(0.01)), 2);
}

TEST(Lbfgs, RefusesAHistoryOfNothing) {
  EXPECT_THROW(optim::LBFGS({ones({1})}, optim::LBFGSOptions(1).history_size(0)), ValueError);
}

TEST(Lbfgs, NeedsAClosure) {
  Valley valley;
  optim::LBFGS optimizer({valley.x, valley.y});
  EXPECT_THROW(optimizer.step(), Error);
}

// Through the base class too: what calls an optimizer need not know which.
TEST(Lbfgs, StepsThroughTheBaseClass) {
  Valley valley;
  optim::LBFGS lbfgs({valley.x, valley.y}, 1e-3);
  optim::Optimizer& optimizer = lbfgs;
  const double before = optimizer.step([&] { return valley.loss(); }).item<double>();
  EXPECT_LT(valley.loss().item<double>(), before);
}

}  // namespace
}  // namespace adjoint
