// SPDX-License-Identifier: MIT
// Learning rates over epochs are PyTorch's (tests/reference/optim.py).
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>

#include "tests/support/reference.h"

namespace adjoint {
namespace {

using nlohmann::json;

std::unique_ptr<optim::LRScheduler> make(const json& schedule, optim::Optimizer& optimizer) {
  const json& o = schedule["options"];
  if (schedule["scheduler"] == "StepLR")
    return std::make_unique<optim::StepLR>(optimizer, o["step_size"], o.value("gamma", 0.1));
  if (schedule["scheduler"] == "CosineAnnealingLR")
    return std::make_unique<optim::CosineAnnealingLR>(optimizer, o["T_max"],
                                                      o.value("eta_min", 0.0));
  if (schedule["scheduler"] == "MultiStepLR")
    return std::make_unique<optim::MultiStepLR>(
        optimizer, o["milestones"].get<std::vector<int64_t>>(), o.value("gamma", 0.1));
  if (schedule["scheduler"] == "ExponentialLR")
    return std::make_unique<optim::ExponentialLR>(optimizer, o["gamma"]);
  return std::make_unique<optim::LinearLR>(optimizer, o.value("start_factor", 1.0 / 3),
                                           o.value("end_factor", 1.0), o.value("total_iters", 5));
}

TEST(LRScheduler, GivesPyTorchsRates) {
  for (const json& schedule : testing::reference("optim")["schedules"]) {
    std::vector<optim::OptimizerParamGroup> groups;
    for (double lr : schedule["base_lr"])
      groups.emplace_back(std::vector<Tensor>{ones({1})}, std::make_unique<optim::SGDOptions>(lr));
    optim::SGD optimizer(groups);
    const auto scheduler = make(schedule, optimizer);
    for (size_t epoch = 0; epoch < 25; ++epoch) {
      EXPECT_EQ(scheduler->last_epoch(), int64_t(epoch));
      const std::vector<double> rates = scheduler->get_last_lr();
      ASSERT_EQ(rates.size(), groups.size());
      for (size_t i = 0; i < rates.size(); ++i) {
        const double expected = schedule["lr"][i][epoch], base = schedule["base_lr"][i];
        // The recursion divides by what is small near the cosine's bottom; elsewhere a few
        // roundings an epoch.
        EXPECT_NEAR(rates[i], expected,
                    8 * double(epoch + 1) * std::numeric_limits<double>::epsilon() * base)
            << schedule["name"] << ", epoch " << epoch;
        EXPECT_EQ(optimizer.param_groups()[i].options().get_lr(), rates[i]);
      }
      scheduler->step();
    }
  }
}

TEST(LRScheduler, RefusesPeriodsBelowOne) {
  optim::SGD optimizer({ones({1})});
  EXPECT_THROW(optim::StepLR(optimizer, 0), ValueError);
  EXPECT_THROW(optim::CosineAnnealingLR(optimizer, 0), ValueError);
  EXPECT_THROW(optim::LinearLR(optimizer, 0), ValueError);
  EXPECT_THROW(optim::LinearLR(optimizer, 0.5, 1.5), ValueError);
}

TEST(LRScheduler, OfAFunctionScalesTheBaseRate) {
  optim::SGD optimizer({ones({1})}, 0.5);
  optim::LambdaLR scheduler(optimizer, [](int64_t epoch) { return 1.0 / double(epoch + 1); });
  std::vector<double> rates;
  for (int epoch = 0; epoch < 4; ++epoch) {
    rates.push_back(scheduler.get_last_lr()[0]);
    scheduler.step();
  }
  EXPECT_EQ(rates, (std::vector<double>{0.5, 0.25, 0.5 * (1.0 / 3), 0.125}));
}

TEST(LRScheduler, OfAProgramGivesTheRatesItself) {
  struct Halving : optim::LRScheduler {
    using LRScheduler::LRScheduler;
    std::vector<double> get_lrs() override {
      std::vector<double> rates = get_current_lrs();
      if (step_count_ > 0)
        for (double& rate : rates) rate /= 2;
      return rates;
    }
  };
  optim::SGD optimizer({ones({1})}, 1.0);
  Halving scheduler(optimizer);
  scheduler.step();
  EXPECT_EQ(scheduler.get_last_lr()[0], 1.0);
  scheduler.step();
  EXPECT_EQ(scheduler.get_last_lr()[0], 0.5);
}

TEST(ReduceLROnPlateau, GivesPyTorchsRates) {
  for (const json& run : testing::reference("plateau")["runs"]) {
    SCOPED_TRACE(run.dump());
    using Scheduler = optim::ReduceLROnPlateauScheduler;
    optim::SGD optimizer({ones({1})}, 1.0);
    const json& o = run["options"];
    Scheduler scheduler(
        optimizer, o.value("mode", "min") == "max" ? Scheduler::max : Scheduler::min,
        o.value("factor", 0.1f), o.value("patience", 10), o.value("threshold", 1e-4),
        o.value("threshold_mode", "rel") == "abs" ? Scheduler::abs : Scheduler::rel,
        o.value("cooldown", 0), {o.value("min_lr", 0.0f)});
    for (size_t epoch = 0; epoch < run["metrics"].size(); ++epoch) {
      scheduler.step(run["metrics"][epoch].get<float>());
      // The factor is a float here.
      const double expected = run["lr"][epoch];
      EXPECT_NEAR(optimizer.param_groups()[0].options().get_lr(), expected, 1e-6 * expected);
    }
  }
}

TEST(ReduceLROnPlateau, RefusesImpossibleSettings) {
  using Scheduler = optim::ReduceLROnPlateauScheduler;
  optim::SGD optimizer({ones({1})}, 1.0);
  EXPECT_THROW(Scheduler(optimizer, Scheduler::min, 1.0f), ValueError);
  EXPECT_THROW(Scheduler(optimizer, Scheduler::min, 0.5f, 1, 0.1, Scheduler::rel, 0, {0.f, 0.f}),
               ValueError);
}

}  // namespace
}  // namespace adjoint
