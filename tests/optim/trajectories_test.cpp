// SPDX-License-Identifier: MIT
// The optimizers go where PyTorch's go (tests/reference/data/optim.json): twelve steps in single
// precision, with each option, with parameter groups and with gradients that are missing.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "adjoint/ops.h"
#include "adjoint/optim/adam.h"
#include "adjoint/optim/sgd.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

using Json = nlohmann::json;

Json read_reference() {
  std::ifstream file(std::string(ADJOINT_TESTS_DIR) + "/reference/data/optim.json");
  return Json::parse(file);
}

struct Parameters {
  Tensor w, b;
  Tensor& named(const std::string& name) { return name == "w" ? w : b; }
};
Tensor shaped(const Json& row, const std::string& name) {
  Tensor flat = tensor(row[name].get<std::vector<float>>());
  return name == "w" ? flat.view({3, 4}) : flat;
}

bool flag(const Json& value) { return value.get<bool>(); }

/// The options that stand in a group; the others keep their defaults.
template <class Options>
Options options_of(const Json& group) {
  Options options;
  for (const auto& [key, value] : group.items()) {
    if (key == "params") continue;
    if (key == "lr")
      options.lr(value);
    else if (key == "weight_decay")
      options.weight_decay(value);
    else if (key == "maximize")
      options.maximize(flag(value));
    else if constexpr (std::is_same_v<Options, optim::SGDOptions>) {
      if (key == "momentum")
        options.momentum(value);
      else if (key == "dampening")
        options.dampening(value);
      else if (key == "nesterov")
        options.nesterov(flag(value));
      else
        ADD_FAILURE() << "an option that the test does not know: " << key;
    } else {
      if (key == "betas")
        options.betas({value[0], value[1]});
      else if (key == "eps")
        options.eps(value);
      else if (key == "amsgrad")
        options.amsgrad(flag(value));
      else
        ADD_FAILURE() << "an option that the test does not know: " << key;
    }
  }
  return options;
}

template <class Optimizer, class Options>
std::unique_ptr<optim::Optimizer> make(const Json& run, Parameters& parameters) {
  std::vector<optim::OptimizerParamGroup> groups;
  for (const Json& group : run["groups"]) {
    std::vector<Tensor> params;
    for (const std::string name : group["params"]) params.push_back(parameters.named(name));
    groups.emplace_back(params, std::make_unique<Options>(options_of<Options>(group)));
  }
  return std::make_unique<Optimizer>(std::move(groups));
}

std::unique_ptr<optim::Optimizer> make_optimizer(const Json& run, Parameters& parameters) {
  if (run["optimizer"] == "SGD") return make<optim::SGD, optim::SGDOptions>(run, parameters);
  if (run["optimizer"] == "Adam") return make<optim::Adam, optim::AdamOptions>(run, parameters);
  return make<optim::AdamW, optim::AdamWOptions>(run, parameters);
}

class Trajectories : public ::testing::TestWithParam<const char*> {};

TEST_P(Trajectories, EqualPyTorchsAtEveryStep) {
  const Json reference = read_reference();
  int runs = 0;
  for (const Json& run : reference["runs"]) {
    if (run["optimizer"] != GetParam()) continue;
    ++runs;
    SCOPED_TRACE(run["name"].get<std::string>());
    Parameters parameters{shaped(reference["start"][0], "w"), shaped(reference["start"][0], "b")};
    parameters.w.requires_grad_();
    parameters.b.requires_grad_();
    auto optimizer = make_optimizer(run, parameters);
    for (size_t step = 0; step < run["steps"].size(); ++step) {
      optimizer->zero_grad();
      for (const char* name : {"w", "b"}) {
        const Json& missing = run["missing"];
        if (std::find(missing.begin(), missing.end(), Json{step, name}) != missing.end()) continue;
        parameters.named(name).mutable_grad() = shaped(reference["gradients"][step], name);
      }
      optimizer->step();
      for (const char* name : {"w", "b"}) {
        // Each step rounds a few times, and what it rounded stays.
        EXPECT_TRUE(is_close(parameters.named(name).detach(), shaped(run["steps"][step], name),
                             {4.0 * double(step + 1), 1}))
            << name << " after step " << step;
      }
    }
  }
  EXPECT_GE(runs, 9);
}

INSTANTIATE_TEST_SUITE_P(Optimizers, Trajectories, ::testing::Values("SGD", "Adam", "AdamW"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace adjoint::testing
