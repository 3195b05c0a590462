// SPDX-License-Identifier: MIT
// What every module can do: names, modes, conversion, printing.
#include <gtest/gtest.h>

#include <memory>
#include <sstream>

#include "tests/support/reference.h"

namespace adjoint {
namespace {

using testing::identical;
using testing::noise;

template <class M>
std::string printed(const M& module) {
  std::ostringstream out;
  out << module;
  return out.str();
}

struct NetImpl : nn::Module {
  NetImpl() {
    fc1 = register_module("fc1", nn::Linear(4, 3));
    fc2 = register_module("fc2", nn::Linear(nn::LinearOptions(3, 2).bias(false)));
    scale = register_parameter("scale", ones({2}));
    count = register_buffer("count", zeros({}, kLong));
  }
  Tensor forward(const Tensor& x) { return fc2(relu(fc1(x))) * scale; }
  nn::Linear fc1{nullptr}, fc2{nullptr};
  Tensor scale, count;
};
ADJOINT_MODULE(Net);

TEST(Module, KnowsItsParametersByName) {
  Net net;
  EXPECT_EQ(net->name(), "Net");
  EXPECT_EQ(net->named_parameters().keys(),
            (std::vector<std::string>{"scale", "fc1.weight", "fc1.bias", "fc2.weight"}));
  EXPECT_EQ(net->named_parameters(false).keys(), std::vector<std::string>{"scale"});
  EXPECT_EQ(net->named_buffers().keys(), std::vector<std::string>{"count"});
  EXPECT_EQ(net->named_modules().keys(), (std::vector<std::string>{"", "fc1", "fc2"}));
  EXPECT_EQ(net->named_modules("net", false).keys(),
            (std::vector<std::string>{"net.fc1", "net.fc2"}));
  for (const Tensor& p : net->parameters()) EXPECT_TRUE(p.requires_grad() && p.is_leaf());
  EXPECT_TRUE(net->parameters()[1].is_same(net->fc1->weight));
}

TEST(Module, RefusesNamesThatAreEmptyDottedOrTaken) {
  Net net;
  for (const char* name : {"", "a.b", "scale", "count", "fc1"}) {
    EXPECT_THROW(net->register_parameter(name, ones({1})), Error) << name;
    EXPECT_THROW(net->register_buffer(name, ones({1})), Error) << name;
    EXPECT_THROW(net->register_module(name, nn::Linear(1, 1)), Error) << name;
  }
  EXPECT_THROW(net->register_module("empty", nn::Linear(nullptr)), Error);
  EXPECT_THROW(net->register_parameter("computed", ones({1}).requires_grad_() * 2), Error);
  EXPECT_THROW(net->register_parameter("whole", ones({1}, kLong)), Error);
  EXPECT_EQ(net->named_parameters().size(), 4u);
}

TEST(Module, AnEmptyHandleSaysSo) {
  nn::Linear none{nullptr};
  EXPECT_TRUE(none.is_empty());
  EXPECT_THROW(none(ones({1, 1})), Error);
}

TEST(Module, TrainAndEvalReachEverySubmodule) {
  nn::Sequential outer(nn::Dropout(0.5), nn::Sequential(nn::Dropout(1.0)));
  const Tensor x = noise({10});
  EXPECT_FALSE(identical(outer(x), x));
  outer->eval();
  for (const auto& module : outer->modules()) EXPECT_FALSE(module->is_training());
  EXPECT_TRUE(identical(outer(x), x));
  outer->train();
  for (const auto& module : outer->modules()) EXPECT_TRUE(module->is_training());
}

TEST(Module, ToADtypeKeepsParametersTheSameTensors) {
  Net net;
  const Tensor weight = net->fc1->weight;
  optim::SGD sgd(net->parameters(), optim::SGDOptions(0.1));
  net(noise({2, 4})).sum().backward();
  net->to(kDouble);
  EXPECT_TRUE(weight.is_same(net->fc1->weight));
  EXPECT_TRUE(weight.is_same(net->named_parameters()["fc1.weight"]));
  EXPECT_EQ(weight.dtype(), kDouble);
  EXPECT_EQ(weight.grad().dtype(), kDouble);
  EXPECT_EQ(net->count.dtype(), kLong);
  EXPECT_TRUE(weight.requires_grad() && weight.is_leaf());
  const Tensor before = weight.detach().clone();
  sgd.zero_grad();
  net(noise({2, 4}, kDouble)).sum().backward();
  sgd.step();
  EXPECT_FALSE(identical(weight.detach(), before));
  EXPECT_THROW(net->to(kLong), TypeError);
}

TEST(Module, ZeroGradAndRequiresGradReachEveryParameter) {
  Net net;
  net(noise({2, 4})).sum().backward();
  net->zero_grad(false);
  for (const Tensor& p : net->parameters()) EXPECT_TRUE(equal(p.grad(), zeros_like(p)));
  net->zero_grad();
  for (const Tensor& p : net->parameters()) EXPECT_FALSE(p.grad().defined());
  net->requires_grad_(false);
  EXPECT_FALSE(net(noise({2, 4})).requires_grad());
}

TEST(Module, ApplyVisitsSubmodulesBeforeTheirParent) {
  nn::Sequential net(nn::Linear(1, 2), nn::Sequential(nn::ReLU()));
  std::vector<std::string> names;
  net->apply([&](nn::Module& module) { names.push_back(module.name()); });
  EXPECT_EQ(names, (std::vector<std::string>{"Linear", "ReLU", "Sequential", "Sequential"}));
}

TEST(Module, ReplaceModuleTakesTheOldOnesPlace) {
  Net net;
  const auto fresh = std::make_shared<nn::LinearImpl>(7, 7);
  net->replace_module("fc1", fresh);
  EXPECT_EQ(net->named_children()["fc1"], fresh);
  EXPECT_EQ(net->named_parameters().keys(),
            (std::vector<std::string>{"scale", "fc1.weight", "fc1.bias", "fc2.weight"}));
  EXPECT_THROW(net->replace_module("fc3", fresh), Error);
  EXPECT_THROW(net->replace_module("fc1", nullptr), Error);
}

TEST(Module, PrintsAsPyTorchsTree) {
  EXPECT_EQ(printed(nn::Linear(2, 3)), "Linear(in_features=2, out_features=3, bias=True)");
  const nn::Sequential net(nn::Conv2d(nn::Conv2dOptions(1, 2, 3).padding(1)), nn::BatchNorm2d(2),
                           nn::ReLU(), nn::MaxPool2d(2),
                           nn::Sequential(nn::Flatten(), nn::Dropout(0.5)),
                           nn::LayerNorm(std::vector<int64_t>{4}), nn::Embedding(5, 3), nn::GELU(),
                           nn::Softmax(nn::SoftmaxOptions(1)));
  EXPECT_EQ(printed(net), R"(Sequential(
  (0): Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
  (1): BatchNorm2d(2, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True)
  (2): ReLU()
  (3): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
  (4): Sequential(
    (0): Flatten(start_dim=1, end_dim=-1)
    (1): Dropout(p=0.5, inplace=False)
  )
  (5): LayerNorm((4,), eps=1e-05, elementwise_affine=True)
  (6): Embedding(5, 3)
  (7): GELU(approximate='none')
  (8): Softmax(dim=1)
))");
}

TEST(Sequential, RunsItsLayersInOrder) {
  nn::Linear first(2, 3), last(3, 1);
  nn::Sequential net(first, nn::Tanh());
  net->push_back(last);
  EXPECT_EQ(net->size(), 3u);
  const Tensor x = noise({5, 2});
  EXPECT_TRUE(identical(net(x).detach(), last(tanh(first(x))).detach()));
  EXPECT_EQ(&net->at<nn::LinearImpl>(2), last.get());
  EXPECT_THROW(net->at<nn::ReLUImpl>(0), TypeError);
  EXPECT_THROW(net->ptr(3), IndexError);
  EXPECT_THROW(nn::Sequential()(x), Error);
}

TEST(Layers, RefuseImpossibleSettings) {
  EXPECT_THROW(nn::Linear(-1, 2), ValueError);
  EXPECT_THROW(nn::Conv2d(nn::Conv2dOptions(3, 4, 1).groups(2)), ValueError);
  EXPECT_THROW(nn::Conv2d(nn::Conv2dOptions(4, 3, 1).groups(2)), ValueError);
  EXPECT_THROW(nn::Conv2d(nn::Conv2dOptions(4, 4, 1).groups(0)), ValueError);
  EXPECT_THROW(nn::Dropout(1.5), ValueError);
  EXPECT_THROW(nn::Embedding(nn::EmbeddingOptions(3, 2).padding_idx(3)), ValueError);
  EXPECT_THROW(nn::BatchNorm1d(3)(ones({2, 3, 4, 5})), ValueError);
  EXPECT_THROW(nn::BatchNorm2d(3)(ones({2, 3})), ValueError);
}

TEST(Embedding, OfAGivenWeightIsFrozenUnlessToldOtherwise) {
  const Tensor weight = noise({4, 2});
  EXPECT_FALSE(nn::Embedding(weight.clone())->weight.requires_grad());
  nn::Embedding trained(weight.clone(), false);
  EXPECT_TRUE(trained->weight.requires_grad());
  EXPECT_TRUE(identical(trained(tensor({2, 0})).detach(), stack({weight[2], weight[0]})));
}

TEST(ClipGradNorm, ScalesAllGradientsToTheNorm) {
  Tensor a = ones({3}).requires_grad_(), b = ones({1}).requires_grad_(), c = ones({1});
  a.mutable_grad() = full({3}, 2.0);
  b.mutable_grad() = full({1}, 2.0);
  EXPECT_EQ(nn::utils::clip_grad_norm_({a, b, c}, 10).item<float>(), 4);
  EXPECT_TRUE(equal(a.grad(), full({3}, 2.0)));
  EXPECT_EQ(nn::utils::clip_grad_norm_({a, b, c}, 1).item<float>(), 4);
  EXPECT_TRUE(allclose(a.grad(), full({3}, 0.5)));
  nn::utils::clip_grad_value_({a, b, c}, 0.25);
  EXPECT_TRUE(equal(b.grad(), full({1}, 0.25)));
}

TEST(ParametersToVector, AndBackGivesTheSame) {
  Net net;
  const Tensor vector = nn::utils::parameters_to_vector(net->parameters()).detach();
  EXPECT_EQ(vector.numel(), 2 + 12 + 3 + 6);
  nn::utils::vector_to_parameters(vector * 2, net->parameters());
  EXPECT_TRUE(equal(nn::utils::parameters_to_vector(net->parameters()), vector * 2));
}

}  // namespace
}  // namespace adjoint
