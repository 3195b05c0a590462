// SPDX-License-Identifier: MIT
// Learning rates over epochs are PyTorch's (tests/reference/optim.py).
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <set>

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
  return nullptr;
}

TEST(LRScheduler, GivesPyTorchsRates) {
  std::set<std::string> not_covered;
  for (const json& schedule : testing::reference("optim")["schedules"]) {
    std::vector<optim::OptimizerParamGroup> groups;
    for (double lr : schedule["base_lr"])
      groups.emplace_back(std::vector<Tensor>{ones({1})}, std::make_unique<optim::SGDOptions>(lr));
    optim::SGD optimizer(groups);
    const auto scheduler = make(schedule, optimizer);
    if (!scheduler) {
      not_covered.insert(schedule["scheduler"].get<std::string>());
      continue;
    }
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
  EXPECT_EQ(not_covered, (std::set<std::string>{"ExponentialLR", "LinearLR", "MultiStepLR"}));
}

TEST(LRScheduler, RefusesPeriodsBelowOne) {
  optim::SGD optimizer({ones({1})});
  EXPECT_THROW(optim::StepLR(optimizer, 0), ValueError);
  EXPECT_THROW(optim::CosineAnnealingLR(optimizer, 0), ValueError);
}

}  // namespace
}  // namespace adjoint
