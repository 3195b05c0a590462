// SPDX-License-Identifier: MIT
// A network whose parameters lie in segments trains to the same bits as one whose parameters do
// not, and what takes a parameter out of its segment costs no more than speed.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "adjoint/adjoint.h"
#include "tests/io/temporary_folder.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

using OptimizerOf = std::function<std::unique_ptr<optim::Optimizer>(std::vector<Tensor>)>;

struct Kind {
  const char* name;
  OptimizerOf make;
};

template <class Rule, class Options>
Kind kind(const char* name, Options options) {
  return {name, [options](std::vector<Tensor> parameters) -> std::unique_ptr<optim::Optimizer> {
            return std::make_unique<Rule>(std::move(parameters), options);
          }};
}

std::vector<Kind> kinds() {
  using namespace optim;
  return {
      kind<SGD>("SGD", SGDOptions(0.1)),
      kind<SGD>("SGD with momentum",
                SGDOptions(0.1).momentum(0.9).weight_decay(0.01).nesterov(true)),
      kind<Adam>("Adam", AdamOptions(1e-2)),
      kind<Adam>("Adam with amsgrad", AdamOptions(1e-2).amsgrad(true).weight_decay(0.1)),
      kind<Adam>("Adam without eps", AdamOptions(1e-2).eps(0)),
      kind<AdamW>("AdamW", AdamWOptions(1e-2)),
      kind<RMSprop>("RMSprop", RMSpropOptions(1e-2).momentum(0.5).centered(true)),
      kind<RMSprop>("RMSprop without eps", RMSpropOptions(1e-2).eps(0)),
      kind<Adagrad>("Adagrad", AdagradOptions(1e-2).lr_decay(0.1).initial_accumulator_value(0.5))};
}

/// Layers whose parameters are of odd sizes, so that there is something between them.
nn::Sequential network() {
  return nn::Sequential(nn::Conv2d(nn::Conv2dOptions(1, 3, 3)), nn::BatchNorm2d(3), nn::ReLU(),
                        nn::Flatten(), nn::Linear(48, 7), nn::Tanh(),
                        nn::LayerNorm(std::vector<int64_t>{7}),
                        nn::Linear(nn::LinearOptions(7, 5).bias(false)));
}

/// The same numbers whenever one is made.
struct Training {
  explicit Training(const Kind& kind, bool flat,
                    const std::function<void(nn::Module&)>& before = {})
      : net((manual_seed(4), network())), x(randn({6, 1, 6, 6})), y(randint(5, {6})) {
    if (before) before(*net);
    if (flat) net->flatten_parameters();
    optimizer = kind.make(net->parameters());
  }
  Tensor step(bool set_to_none = true) {
    optimizer->zero_grad(set_to_none);
    Tensor loss = nn::functional::cross_entropy(net->forward(x), y);
    loss.backward();
    optimizer->step();
    return loss.detach();
  }
  std::vector<Tensor> state() const {
    std::vector<Tensor> all;
    for (const Tensor& p : net->parameters()) {
      all.push_back(p.detach().clone());
      if (p.grad().defined()) all.push_back(p.grad().clone());
    }
    for (const auto& item : optimizer->state_dict()) all.push_back(item.value().clone());
    return all;
  }

  nn::Sequential net;
  Tensor x, y;
  std::unique_ptr<optim::Optimizer> optimizer;
};

void expect_same(const Training& a, const Training& b, const std::string& where) {
  const std::vector<Tensor> of_a = a.state(), of_b = b.state();
  ASSERT_EQ(of_a.size(), of_b.size()) << where;
  for (size_t i = 0; i < of_a.size(); ++i)
    EXPECT_TRUE(same_bits(of_a[i], of_b[i])) << where << ", tensor " << i;
}

bool share_memory(const std::vector<Tensor>& tensors) {
  for (const Tensor& t : tensors) {
    if (t.impl()->storage() != tensors[0].impl()->storage()) return false;
  }
  return true;
}
std::vector<Tensor> gradients(const nn::Module& net) {
  std::vector<Tensor> out;
  for (const Tensor& p : net.parameters()) out.push_back(p.grad());
  return out;
}

TEST(FlattenParameters, PutsParametersAndGradientsIntoOneSegmentEach) {
  nn::Sequential net = network();
  const std::vector<Tensor> before = net->parameters();
  std::vector<Tensor> values;
  std::vector<uint32_t> versions;
  for (const Tensor& p : before) {
    values.push_back(p.detach().clone());
    versions.push_back(p.impl()->version().current());
  }
  before[2].requires_grad_(false);
  net->flatten_parameters();
  const auto after = net->named_parameters();
  ASSERT_EQ(after.size(), before.size());
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(after[i].value().is_same(before[i]));
    EXPECT_TRUE(same_bits(before[i].detach(), values[i]));
    EXPECT_EQ(before[i].impl()->version().current(), versions[i]);
    EXPECT_EQ(before[i].requires_grad(), i != 2);
    EXPECT_EQ(before[i].storage_offset() * int64_t(sizeof(float)) % 64, 0);
    if (i > 0) {
      EXPECT_GE(before[i].storage_offset(), before[i - 1].storage_offset() + before[i - 1].numel());
    }
  }
  EXPECT_TRUE(share_memory(before));
  before[2].requires_grad_(true);
  net->forward(ones({2, 1, 6, 6})).sum().backward();
  EXPECT_TRUE(share_memory(gradients(*net)));
}

TEST(FlattenParameters, ChangesNoBitOfTraining) {
  for (const Kind& kind : kinds()) {
    for (bool set_to_none : {true, false}) {
      Training plain(kind, false), flat(kind, true);
      for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(same_bits(plain.step(set_to_none), flat.step(set_to_none))) << kind.name;
      }
      expect_same(plain, flat, kind.name);
      EXPECT_TRUE(share_memory(gradients(*flat.net))) << kind.name;
    }
  }
}

TEST(FlattenParameters, OptimizersKeepTheirStateInSegments) {
  const Kind adam = kind<optim::Adam>("Adam", optim::AdamOptions(1e-2));
  Training flat(adam, true);
  flat.step();
  for (bool loaded : {false, true}) {
    if (loaded) flat.optimizer->load_state_dict(flat.optimizer->state_dict());
    std::vector<Tensor> means, squares;
    for (const auto& item : flat.optimizer->state_dict()) {
      if (item.key().ends_with(".exp_avg")) means.push_back(item.value());
      if (item.key().ends_with(".exp_avg_sq")) squares.push_back(item.value());
    }
    EXPECT_TRUE(share_memory(means)) << loaded;
    EXPECT_TRUE(share_memory(squares)) << loaded;
    EXPECT_EQ(means.size(), flat.net->parameters().size());
  }
}

TEST(FlattenParameters, KeepsTheGradientsThatAreThere) {
  nn::Sequential net = network();
  net->forward(ones({2, 1, 6, 6})).square().sum().backward();
  std::vector<Tensor> before;
  for (const Tensor& g : gradients(*net)) before.push_back(g.clone());
  net->flatten_parameters();
  EXPECT_TRUE(share_memory(gradients(*net)));
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_TRUE(same_bits(gradients(*net)[i], before[i])) << i;
  }
}

TEST(FlattenParameters, ChangesNoBitOfAccumulatedGradients) {
  const Kind sgd = kind<optim::SGD>("SGD", optim::SGDOptions(0.1).momentum(0.9));
  Training plain(sgd, false), flat(sgd, true);
  for (Training* t : {&plain, &flat}) {
    for (int i = 0; i < 4; ++i) {
      t->optimizer->zero_grad();
      for (int k = 0; k < 3; ++k) t->net->forward(t->x * double(k)).square().sum().backward();
      t->optimizer->step();
    }
  }
  expect_same(plain, flat, "three gradients a step");
  EXPECT_TRUE(share_memory(gradients(*flat.net)));
}

TEST(FlattenParameters, LeavesFrozenParametersAlone) {
  const auto freeze = [](nn::Module& net) {
    net.parameters()[1].requires_grad_(false);
    net.parameters()[4].requires_grad_(false);
  };
  for (const Kind& kind : kinds()) {
    Training plain(kind, false, freeze), flat(kind, true, freeze);
    for (int i = 0; i < 3; ++i) {
      plain.step();
      flat.step();
    }
    flat.net->parameters()[4].requires_grad_(true);
    plain.net->parameters()[4].requires_grad_(true);
    for (int i = 0; i < 3; ++i) {
      plain.step();
      flat.step();
    }
    expect_same(plain, flat, kind.name);
  }
}

TEST(FlattenParameters, AllowsALearningRateForEachGroup) {
  const Kind adam{"Adam in groups",
                  [](std::vector<Tensor> all) -> std::unique_ptr<optim::Optimizer> {
                    std::vector<optim::OptimizerParamGroup> groups;
                    for (size_t i = 0; i < 2; ++i) {
                      std::vector<Tensor> half(all.begin() + std::ptrdiff_t(i * 4),
                                               i ? all.end() : all.begin() + 4);
                      groups.emplace_back(std::move(half),
                                          std::make_unique<optim::AdamOptions>(i ? 1e-3 : 1e-2));
                    }
                    return std::make_unique<optim::Adam>(std::move(groups));
                  }};
  Training plain(adam, false), flat(adam, true);
  for (int i = 0; i < 4; ++i) {
    plain.step();
    flat.step();
  }
  expect_same(plain, flat, adam.name);
}

TEST(FlattenParameters, TakesAParameterOfTwoModulesOnce) {
  struct Tied : nn::Module {
    Tied() : first(4, 4), second(4, 4) {
      register_module("first", first);
      second->weight = first->weight;
      register_parameter("bias", zeros({3}));
    }
    Tensor forward(const Tensor& x) { return second(tanh(first(x))); }
    nn::Linear first, second;
  };
  std::vector<std::vector<Tensor>> results;
  for (bool flat : {false, true}) {
    manual_seed(3);
    Tied net;
    std::vector<Tensor> parameters = net.parameters();
    parameters.push_back(net.second->weight);
    if (flat) nn::utils::flatten_parameters(parameters);
    parameters.pop_back();
    optim::SGD sgd(parameters, optim::SGDOptions(0.1));
    const Tensor x = ones({2, 4});
    for (int i = 0; i < 3; ++i) {
      sgd.zero_grad();
      net.forward(x).square().sum().backward();
      sgd.step();
    }
    EXPECT_TRUE(net.second->weight.is_same(net.first->weight));
    results.emplace_back();
    for (const Tensor& p : parameters) {
      results.back().push_back(p.detach().clone());
      if (p.grad().defined()) results.back().push_back(p.grad().clone());
    }
  }
  ASSERT_EQ(results[0].size(), results[1].size());
  for (size_t i = 0; i < results[0].size(); ++i)
    EXPECT_TRUE(same_bits(results[0][i], results[1][i])) << i;
}

TEST(FlattenParameters, WhatIsBetweenThemIsNotPartOfTheNorm) {
  const Kind adam = kind<optim::Adam>("Adam", optim::AdamOptions(1e-2).eps(0));
  Training plain(adam, false), flat(adam, true);
  for (int i = 0; i < 3; ++i) {
    for (Training* t : {&plain, &flat}) {
      t->optimizer->zero_grad();
      nn::functional::cross_entropy(t->net->forward(t->x), t->y).backward();
    }
    EXPECT_TRUE(same_bits(nn::utils::clip_grad_norm_(plain.net->parameters(), 0.1),
                          nn::utils::clip_grad_norm_(flat.net->parameters(), 0.1)));
    nn::utils::clip_grad_value_(plain.net->parameters(), 0.01);
    nn::utils::clip_grad_value_(flat.net->parameters(), 0.01);
    plain.optimizer->step();
    flat.optimizer->step();
  }
  expect_same(plain, flat, "clipped");
}

TEST(FlattenParameters, ParametersThatMovedAreUpdatedAlone) {
  for (const Kind& kind : kinds()) {
    Training plain(kind, false), flat(kind, true);
    for (Training* t : {&plain, &flat}) {
      t->step();
      const Tensor p = t->net->parameters()[4];
      p.set_data(p.detach().clone() * 2);
      t->step();
      t->step();
    }
    expect_same(plain, flat, std::string(kind.name) + " after set_data");
    for (Training* t : {&plain, &flat}) {
      t->net->to(kDouble);
      t->x = t->x.to(kDouble);
      t->optimizer = kind.make(t->net->parameters());
      t->step();
      t->step();
    }
    expect_same(plain, flat, std::string(kind.name) + " after to(kDouble)");
    flat.net->flatten_parameters();
    EXPECT_TRUE(share_memory(flat.net->parameters()));
    for (Training* t : {&plain, &flat}) {
      t->step();
      t->step();
    }
    expect_same(plain, flat, std::string(kind.name) + " flattened again");
  }
}

TEST(FlattenParameters, AGradientThatIsHeldKeepsItsValues) {
  const Kind sgd = kind<optim::SGD>("SGD", optim::SGDOptions(0.1));
  Training flat(sgd, true);
  flat.step();
  const Tensor p = flat.net->parameters()[5], held = p.grad(), copy = held.clone();
  flat.step();
  EXPECT_FALSE(p.grad().is_same(held));
  EXPECT_TRUE(same_bits(held, copy));
  EXPECT_FALSE(same_bits(p.grad(), copy));
}

TEST(FlattenParameters, GradientsThatAreAskedForAreTensorsOfTheirOwn) {
  const Kind sgd = kind<optim::SGD>("SGD", optim::SGDOptions(0.1));
  Training flat(sgd, true);
  const Tensor weight = flat.net->parameters()[4];
  const auto loss = [&] { return flat.net->forward(flat.x).square().sum(); };
  const Tensor asked = autograd::grad({loss()}, {weight})[0].flatten(), copy = asked.clone();
  Tensor seen;
  weight.register_hook([&](const Tensor& g) { seen = g.detach(); });
  loss().backward();
  const Tensor first = seen, first_values = seen.clone();
  flat.step();
  EXPECT_TRUE(same_bits(asked, copy));
  EXPECT_TRUE(same_bits(first, first_values));
}

TEST(FlattenParameters, GradientsThatAHookOfTheNodeSeesAreTensorsOfTheirOwn) {
  nn::Linear layer(3, 2);
  layer->flatten_parameters();
  Tensor seen;
  const auto run = [&](double value) {
    layer->zero_grad();
    const Tensor out = layer->forward(full({4, 3}, value));
    out.grad_fn()->register_hook(
        [&](const variable_list& outputs, const variable_list&) { seen = outputs[1].detach(); });
    out.sum().backward();
  };
  run(1);
  const Tensor first = seen;
  run(2);
  EXPECT_TRUE(equal(first, full({2, 3}, 4.0)));
  EXPECT_TRUE(equal(layer->weight.grad(), full({2, 3}, 8.0)));
}

TEST(FlattenParameters, ANetworkAndItsOptimizerAreSavedAndGoOn) {
  for (const Kind& kind : kinds()) {
    Training plain(kind, false), flat(kind, true), other(kind, true);
    for (int i = 0; i < 3; ++i) {
      plain.step();
      flat.step();
    }
    const TemporaryFolder folder;
    save(flat.net->state_dict(), folder.path("flat"));
    save(plain.net->state_dict(), folder.path("plain"));
    EXPECT_EQ(bytes_of_file(folder.path("flat")), bytes_of_file(folder.path("plain"))) << kind.name;
    save(flat.optimizer->state_dict(), folder.path("optimizer"));
    other.net->load_state_dict(load(folder.path("flat")));
    other.optimizer->load_state_dict(load(folder.path("optimizer")));
    EXPECT_TRUE(share_memory(other.net->parameters())) << kind.name;
    for (int i = 0; i < 3; ++i) {
      plain.step();
      other.step();
    }
    expect_same(plain, other, kind.name);
  }
}

TEST(FlattenParameters, ReplaysAreEagerStepsBitForBit) {
  for (const Kind& kind : kinds()) {
    Training eager(kind, false), training(kind, true);
    auto step = capture([&](const Tensor& x) {
      training.optimizer->zero_grad();
      Tensor loss = nn::functional::cross_entropy(training.net->forward(x),
                                                  training.y.narrow(0, 0, x.size(0)));
      loss.backward();
      nn::utils::clip_grad_norm_(training.net->parameters(), 0.5);
      training.optimizer->step();
      return loss;
    });
    for (int i = 0; i < 9; ++i) {
      // Every third batch is a smaller one, with a recording of its own.
      const int64_t n = i % 3 == 2 ? 4 : 6;
      const Tensor x = eager.x.narrow(0, 0, n) * double(i);
      eager.optimizer->zero_grad();
      const Tensor loss =
          nn::functional::cross_entropy(eager.net->forward(x), eager.y.narrow(0, 0, n));
      loss.backward();
      nn::utils::clip_grad_norm_(eager.net->parameters(), 0.5);
      eager.optimizer->step();
      EXPECT_TRUE(same_bits(step.replay(x), loss.detach())) << kind.name << ", step " << i;
      EXPECT_TRUE(share_memory(gradients(*training.net))) << kind.name << ", step " << i;
    }
    EXPECT_GE(step.stats().num_replays, 5u) << kind.name;
    expect_same(eager, training, kind.name);
  }
}

TEST(FlattenParameters, ReplaysCountAsChangesOfEachParameter) {
  const Kind sgd = kind<optim::SGD>("SGD", optim::SGDOptions(0.1));
  Training training(sgd, true);
  auto step = capture([&] { return training.step(); });
  for (int i = 0; i < 3; ++i) step.replay();
  for (const Tensor& p : training.net->parameters()) {
    const uint32_t before = p.impl()->version().current();
    step.replay();
    EXPECT_NE(p.impl()->version().current(), before);
  }
}

TEST(FlattenParameters, RefusesWhatIsNoLeaf) {
  const Tensor p = ones({3}).requires_grad_();
  EXPECT_TRUE(throws<ValueError>("flatten_parameters: expected leaf tensors, got one with grad_fn=",
                                 [&] { nn::utils::flatten_parameters({p * 2}); }));
  auto step = capture([&] { nn::utils::flatten_parameters({p}); });
  EXPECT_TRUE(throws<Error>("flatten_parameters cannot be captured", [&] { step.replay(); }));
}

}  // namespace
}  // namespace adjoint::testing
