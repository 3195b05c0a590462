// SPDX-License-Identifier: MIT
// Optimizers step as PyTorch's do (tests/reference/optim.py), and go on from a saved state
// as if they had never stopped.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>

#include "tests/support/reference.h"

namespace adjoint {
namespace {

using nlohmann::json;
using testing::identical;
using testing::noise;
using testing::reference;

Tensor row(const json& values, const std::string& name, ScalarType dtype = kFloat) {
  const Tensor t = tensor(values.at(name).get<std::vector<double>>(), kDouble).to(dtype);
  return name == "w" ? t.reshape({3, 4}) : t;
}

optim::SGDOptions sgd_options(const json& group) {
  return optim::SGDOptions(group.value("lr", 1e-3))
      .momentum(group.value("momentum", 0.0))
      .dampening(group.value("dampening", 0.0))
      .weight_decay(group.value("weight_decay", 0.0))
      .nesterov(group.value("nesterov", false))
      .maximize(group.value("maximize", false));
}

template <class Options>
Options adam_options(const json& group) {
  Options o(group.value("lr", 1e-3));
  if (group.contains("betas")) o.betas({group["betas"][0], group["betas"][1]});
  return o.eps(group.value("eps", o.eps()))
      .weight_decay(group.value("weight_decay", o.weight_decay()))
      .amsgrad(group.value("amsgrad", false))
      .maximize(group.value("maximize", false));
}

optim::RMSpropOptions rmsprop_options(const json& group) {
  return optim::RMSpropOptions(group.value("lr", 1e-2))
      .alpha(group.value("alpha", 0.99))
      .eps(group.value("eps", 1e-8))
      .weight_decay(group.value("weight_decay", 0.0))
      .momentum(group.value("momentum", 0.0))
      .centered(group.value("centered", false))
      .maximize(group.value("maximize", false));
}

optim::AdagradOptions adagrad_options(const json& group) {
  return optim::AdagradOptions(group.value("lr", 1e-2))
      .lr_decay(group.value("lr_decay", 0.0))
      .weight_decay(group.value("weight_decay", 0.0))
      .initial_accumulator_value(group.value("initial_accumulator_value", 0.0))
      .eps(group.value("eps", 1e-10));
}

using Params = std::map<std::string, Tensor>;

template <class Rule, class Options>
std::unique_ptr<optim::Optimizer> make(const json& run, const Params& params,
                                       Options (*options)(const json&)) {
  std::vector<optim::OptimizerParamGroup> groups;
  for (const json& group : run["groups"]) {
    std::vector<Tensor> members;
    for (const std::string name : group["params"]) members.push_back(params.at(name));
    groups.emplace_back(std::move(members), std::make_unique<Options>(options(group)));
  }
  return std::make_unique<Rule>(std::move(groups));
}

std::unique_ptr<optim::Optimizer> make_optimizer(const json& run, const Params& params) {
  const std::string rule = run["optimizer"];
  if (rule == "SGD") return make<optim::SGD>(run, params, sgd_options);
  if (rule == "Adam") return make<optim::Adam>(run, params, adam_options<optim::AdamOptions>);
  if (rule == "AdamW") return make<optim::AdamW>(run, params, adam_options<optim::AdamWOptions>);
  if (rule == "RMSprop") return make<optim::RMSprop>(run, params, rmsprop_options);
  return make<optim::Adagrad>(run, params, adagrad_options);
}

Params start(ScalarType dtype = kFloat) {
  Params params;
  for (const char* name : {"w", "b"})
    params[name] = row(reference("optim")["start"][0], name, dtype).requires_grad_();
  return params;
}

void set_gradients(const json& run, size_t step, Params& params) {
  for (auto& [name, param] : params) {
    param.mutable_grad() = row(reference("optim")["gradients"][step], name, param.dtype());
    for (const json& missing : run["missing"])
      if (missing[0] == step && missing[1] == name) param.mutable_grad().reset();
  }
}

// Each step rounds a few times, by at most half an eps of the largest number that the element, or
// what is added to it, has been: `scale`, which is kept from step to step.
void expect_close(const Tensor& got, const Tensor& expected, Tensor& scale, size_t steps,
                  const std::string& where) {
  scale = scale.maximum(expected.abs().to(kDouble));
  const Tensor error = (got.detach().to(kDouble) - expected.to(kDouble)).abs();
  const double eps = std::numeric_limits<float>::epsilon();
  EXPECT_TRUE((error <= scale * (2 * eps * double(steps))).all().item<bool>())
      << where << ": " << got << " instead of " << expected;
}

TEST(OptimizerTrajectories, AreThoseOfPyTorch) {
  for (const json& run : reference("optim")["runs"]) {
    Params params = start();
    const auto optimizer = make_optimizer(run, params);
    std::map<std::string, Tensor> scale, largest_grad;
    for (auto& [name, param] : params) {
      scale[name] = param.detach().abs().to(kDouble);
      largest_grad[name] = zeros_like(scale[name]);
    }
    for (size_t step = 0; step < run["steps"].size(); ++step) {
      set_gradients(run, step, params);
      for (auto& [name, param] : params)
        if (param.grad().defined())
          largest_grad[name] = largest_grad[name].maximum(param.grad().abs().to(kDouble));
      optimizer->step();
      for (auto& [name, param] : params)
        expect_close(param, row(run["steps"][step], name), scale[name], step + 1,
                     detail::str(run["name"].get<std::string>(), ", ", name, " after step ", step));
    }

    const auto state = optimizer->state_dict();
    size_t index = 0;
    for (const json& group : run["groups"]) {
      for (const std::string name : group["params"]) {
        const std::string prefix = std::to_string(index++) + ".";
        for (const auto& [entry, expected] : run["state"][name].items()) {
          const Tensor* got = state.find(prefix + entry);
          ASSERT_TRUE(got) << run["name"] << ": " << prefix + entry;
          if (entry == "step") {
            EXPECT_EQ(got->item<double>(), expected.get<double>());
            continue;
          }
          Tensor size = largest_grad[name].maximum(scale[name]);
          if (entry.ends_with("_sq") || entry == "square_avg") size = size.square();
          if (entry == "sum") size = size.square() * double(run["steps"].size());
          expect_close(*got, row(run["state"][name], entry).reshape_as(*got), size,
                       run["steps"].size(), run["name"].get<std::string>() + " " + entry);
        }
      }
    }
  }
}

TEST(OptimizerTrajectories, OfHalfPrecisionFollowThoseOfFloat) {
  for (const json& run : reference("optim")["runs"]) {
    if (run["name"] != "SGD momentum" && run["name"] != "AdamW") continue;
    std::map<ScalarType, Params> ends;
    for (ScalarType dtype : {kFloat, kHalf, kBFloat16}) {
      Params& params = ends[dtype] = start(dtype);
      const auto optimizer = make_optimizer(run, params);
      for (size_t step = 0; step < 6; ++step) {
        set_gradients(run, step, params);
        params["w"].grad()[1][1].fill_(0);  // so small that its square is no Half
        optimizer->step();
      }
    }
    for (ScalarType dtype : {kHalf, kBFloat16}) {
      const double eps = dtype == kHalf ? 0x1p-10 : 0x1p-7;
      for (auto& [name, param] : ends[dtype]) {
        ASSERT_EQ(param.dtype(), dtype);
        const Tensor expected = ends[kFloat][name].detach();
        const Tensor error = (param.detach().to(kFloat) - expected).abs();
        // Two roundings a step of what is no larger than the largest.
        EXPECT_TRUE((error <= expected.abs().max() * (12 * eps)).all().item<bool>())
            << run["name"] << " " << param << expected;
      }
    }
  }
}

TEST(OptimizerState, LoadedElsewhereGivesTheSameContinuation) {
  for (const json& run : reference("optim")["runs"]) {
    Params params = start();
    const auto optimizer = make_optimizer(run, params);
    for (size_t step = 0; step < 6; ++step) {
      set_gradients(run, step, params);
      optimizer->step();
    }
    Params copies;
    for (auto& [name, param] : params) copies[name] = param.detach().clone().requires_grad_();
    const auto other = make_optimizer(run, copies);
    other->load_state_dict(optimizer->state_dict());
    for (size_t step = 6; step < 12; ++step) {
      set_gradients(run, step, params);
      optimizer->step();
      set_gradients(run, step, copies);
      other->step();
      for (auto& [name, param] : params)
        EXPECT_TRUE(identical(param.detach(), copies[name].detach())) << run["name"];
    }
  }
}

TEST(OptimizerState, ThatDoesNotFitIsRefusedAndChangesNothing) {
  Tensor p = noise({3}).requires_grad_();
  optim::Adam adam({p});
  p.mutable_grad() = ones({3});
  adam.step();
  const auto before = adam.state_dict();
  const Tensor one = ones({}), moment = ones({3});
  for (const TensorDict& bad :
       {TensorDict{{"0.step", one}},                         // moments missing
        TensorDict{{"0.step", one}, {"0.exp_avg", moment}},  // one missing
        TensorDict{{"0.step", one}, {"0.exp_avg", ones({2})}, {"0.exp_avg_sq", moment}},
        TensorDict{{"0.step", -one}, {"0.exp_avg", moment}, {"0.exp_avg_sq", moment}},
        TensorDict{{"0.step", one * NAN}, {"0.exp_avg", moment}, {"0.exp_avg_sq", moment}},
        TensorDict{{"0.step", moment}, {"0.exp_avg", moment}, {"0.exp_avg_sq", moment}},
        TensorDict{{"1.step", one}, {"1.exp_avg", moment}, {"1.exp_avg_sq", moment}},
        TensorDict{{"0.momentum_buffer", moment}}}) {
    EXPECT_THROW(adam.load_state_dict(bad), Error);
    const auto after = adam.state_dict();
    ASSERT_EQ(after.keys(), before.keys());
    for (const auto& item : before) EXPECT_TRUE(identical(item.value(), after[item.key()]));
  }
}

TEST(Sgd, MomentumThatIsTurnedOnLaterStartsFromTheGradient) {
  Tensor p = zeros({2}).requires_grad_();
  optim::SGD sgd({p}, optim::SGDOptions(1));
  p.mutable_grad() = ones({2});
  sgd.step();
  auto& options = static_cast<optim::SGDOptions&>(sgd.param_groups()[0].options());
  options.momentum(0.5);
  sgd.step();
  EXPECT_TRUE(equal(p, full({2}, -2.0)));
  sgd.step();
  EXPECT_TRUE(equal(p, full({2}, -3.5)));
}

TEST(Optimizer, LeavesParametersWithoutGradientAlone) {
  Tensor p = noise({3}).requires_grad_(), q = noise({3}).requires_grad_();
  const Tensor before = q.detach().clone();
  optim::AdamW adam({p, q});
  p.mutable_grad() = ones({3});
  adam.step();
  EXPECT_TRUE(identical(q.detach(), before));
  EXPECT_EQ(adam.state_dict().keys(),
            (std::vector<std::string>{"0.step", "0.exp_avg", "0.exp_avg_sq"}));
}

TEST(Optimizer, ZeroGradSetsGradientsToNoneOrToZero) {
  Tensor p = noise({3}).requires_grad_();
  optim::SGD sgd({p});
  p.mutable_grad() = ones({3});
  const Tensor grad = p.grad();
  sgd.zero_grad(false);
  EXPECT_TRUE(p.grad().is_same(grad));
  EXPECT_TRUE(equal(grad, zeros({3})));
  sgd.zero_grad();
  EXPECT_FALSE(p.grad().defined());
}

TEST(Optimizer, StepsOnViewsOfAnyStrides) {
  const Tensor base = noise({4, 3});
  Tensor p = base.clone().t().detach().requires_grad_();
  Tensor dense = base.t().contiguous().requires_grad_();
  for (Tensor* t : {&p, &dense}) {
    t->mutable_grad() = noise({3, 4}, kFloat, 2);
    optim::Adam({*t}).step();
  }
  ASSERT_FALSE(p.is_contiguous());
  EXPECT_TRUE(identical(p.detach(), dense.detach()));
}

TEST(Optimizer, AStepThatThrowsChangesNothing) {
  Tensor first = ones({3}).requires_grad_(), second = ones({4}).requires_grad_();
  optim::SGD sgd({first, second}, optim::SGDOptions(0.5).momentum(0.9));
  first.mutable_grad() = ones({3});
  second.mutable_grad() = ones({5});
  EXPECT_THROW(sgd.step(), Error);
  EXPECT_TRUE(identical(first.detach(), ones({3})));
  EXPECT_EQ(sgd.state_dict().size(), 0u);
  second.mutable_grad() = ones({4});
  sgd.step();
  EXPECT_TRUE(identical(first.detach(), full({3}, 0.5)));
}

template <class Rule>
void expect_that_a_refused_step_changes_nothing() {
  Tensor first = ones({3}).requires_grad_(), second = ones({4}).requires_grad_();
  Rule optimizer({first, second});
  first.mutable_grad() = ones({3});
  second.mutable_grad() = ones({5});
  EXPECT_THROW(optimizer.step(), Error);
  EXPECT_TRUE(identical(first.detach(), ones({3})));
  EXPECT_EQ(optimizer.state_dict().size(), 0u);
}
TEST(Optimizer, AStepOfSeveralOperationsThatThrowsChangesNothing) {
  expect_that_a_refused_step_changes_nothing<optim::RMSprop>();
  expect_that_a_refused_step_changes_nothing<optim::Adagrad>();
}

// Nothing that is recorded may be changed by a step that nobody sees.
TEST(Optimizer, RefusesToStepOnInferenceTensors) {
  Tensor p;
  {
    InferenceMode inference;
    p = ones({2});
  }
  auto expect_refusal = [&](optim::Optimizer& optimizer) {
    p.mutable_grad() = ones({2});
    EXPECT_THROW(optimizer.step(), Error);
    EXPECT_TRUE(equal(p, ones({2})));
    EXPECT_EQ(optimizer.state_dict().size(), 0u);
    InferenceMode inference;
    optimizer.step();
    EXPECT_FALSE(equal(p, ones({2})));
    p.fill_(1);
  };
  optim::SGD sgd({p}, 0.5);
  expect_refusal(sgd);
  optim::Adam adam({p}, 0.5);
  expect_refusal(adam);
  optim::AdamW adamw({p}, 0.5);
  expect_refusal(adamw);
  optim::RMSprop rmsprop({p}, 0.5);
  expect_refusal(rmsprop);
  optim::Adagrad adagrad({p}, 0.5);
  expect_refusal(adagrad);
}

TEST(Optimizer, AStepIsSeenByTheChecksOfSavedTensors) {
  Tensor w = noise({3}).requires_grad_();
  const Tensor loss = (w * w).sum();
  w.mutable_grad() = ones({3});
  optim::SGD({w}).step();
  EXPECT_THROW(loss.backward(), Error);
}

TEST(Optimizer, ComputesTheLossOfAClosureWithGradients) {
  Tensor w = ones({2}).requires_grad_();
  optim::SGD sgd({w}, optim::SGDOptions(0.5));
  NoGradGuard no_grad;
  const Tensor loss = sgd.step([&] {
    sgd.zero_grad();
    Tensor value = w.sum();
    value.backward();
    return value;
  });
  EXPECT_EQ(loss.item<float>(), 2);
  EXPECT_TRUE(equal(w, full({2}, 0.5)));
}

TEST(Optimizer, RefusesImpossibleSettingsAndParameters) {
  Tensor p = ones({2}).requires_grad_();
  EXPECT_THROW(optim::SGD({p}, optim::SGDOptions(-1)), ValueError);
  EXPECT_THROW(optim::SGD({p}, optim::SGDOptions(NAN)), ValueError);
  EXPECT_THROW(optim::SGD({p}, optim::SGDOptions(1).momentum(-1)), ValueError);
  EXPECT_THROW(optim::SGD({p}, optim::SGDOptions(1).weight_decay(-1)), ValueError);
  EXPECT_THROW(optim::SGD({p}, optim::SGDOptions(1).nesterov(true)), ValueError);
  EXPECT_THROW(optim::Adam({p}, optim::AdamOptions(1).betas({1, 0.5})), ValueError);
  EXPECT_THROW(optim::Adam({p}, optim::AdamOptions(1).betas({0.5, -0.1})), ValueError);
  EXPECT_THROW(optim::AdamW({p}, optim::AdamWOptions(1).eps(-1)), ValueError);
  EXPECT_THROW(optim::RMSprop({p}, optim::RMSpropOptions(1).alpha(-1)), ValueError);
  EXPECT_THROW(optim::RMSprop({p}, optim::RMSpropOptions(1).momentum(-1)), ValueError);
  EXPECT_THROW(optim::Adagrad({p}, optim::AdagradOptions(1).lr_decay(-1)), ValueError);
  EXPECT_THROW(optim::LBFGS({p}, optim::LBFGSOptions(1).line_search_fn("armijo")), ValueError);
  EXPECT_THROW(optim::LBFGS(std::vector<optim::OptimizerParamGroup>{{{p}}, {{p * 1}}}), ValueError);
  EXPECT_THROW(optim::SGD({p * 2}), ValueError);
  EXPECT_THROW(optim::SGD(std::vector<optim::OptimizerParamGroup>{{{p}}, {{p}}}), ValueError);
  p.mutable_grad() = ones({3});
  EXPECT_THROW(optim::SGD({p}).step(), Error);
}

}  // namespace
}  // namespace adjoint
