// SPDX-License-Identifier: MIT
// Copies of modules; lists of modules; functions and modules of the user's in a Sequential.
#include <gtest/gtest.h>

#include "adjoint/adjoint.h"

namespace adjoint::nn {
namespace {

struct AffineImpl : Cloneable<AffineImpl> {
  explicit AffineImpl(int64_t n) : n(n) { reset(); }
  void reset() override {
    scale = register_parameter("scale", ones({n}));
    offset = register_buffer("offset", zeros({n}));
    inner = register_module("inner", Linear(n, n));
  }
  Tensor forward(const Tensor& x) { return inner(x * scale + offset); }
  int64_t n;
  Tensor scale, offset;
  Linear inner{nullptr};
};
ADJOINT_MODULE(Affine);

struct PlainImpl : Module {
  PlainImpl() { weight = register_parameter("weight", full({2}, 3.0)); }
  Tensor forward(const Tensor& x) { return x * weight; }
  Tensor weight;
};
ADJOINT_MODULE(Plain);

void expect_independent_copy(const Module& original, const Module& copy) {
  const auto values = original.named_parameters(), copies = copy.named_parameters();
  ASSERT_EQ(values.keys(), copies.keys());
  for (const auto& item : values) {
    const Tensor& twin = copies[item.key()];
    EXPECT_TRUE(equal(item->detach(), twin.detach())) << item.key();
    EXPECT_FALSE(item->is_same(twin)) << item.key();
    EXPECT_NE(item->data_ptr(), twin.data_ptr()) << item.key();
    EXPECT_EQ(item->requires_grad(), twin.requires_grad()) << item.key();
  }
}

TEST(CloneOfAModule, HasCopiesOfAllParametersUnderItsOwnMembers) {
  Affine affine(2);
  affine->scale.requires_grad_(false);
  affine->eval();
  affine->offset.fill_(4);
  auto copy = std::dynamic_pointer_cast<AffineImpl>(affine->clone());
  ASSERT_TRUE(copy);
  expect_independent_copy(*affine, *copy);
  EXPECT_TRUE(copy->scale.is_same(copy->named_parameters()["scale"]));
  EXPECT_EQ(copy->offset[1].item<float>(), 4);
  EXPECT_FALSE(copy->is_training());
  EXPECT_FALSE(copy->inner->is_training());
  const Tensor x = ones({1, 2});
  EXPECT_TRUE(equal(copy->forward(x).detach(), affine->forward(x).detach()));
}

TEST(CloneOfAModule, OfThisLibraryIsMadeOfItsOptions) {
  Sequential net(Conv2d(Conv2dOptions(1, 2, 3).bias(false)), BatchNorm2d(2), ReLU(),
                 Functional(sigmoid), Dropout(0.5), Embedding(3, 2),
                 LayerNorm(LayerNormOptions({2})));
  auto copy = std::dynamic_pointer_cast<SequentialImpl>(net->clone());
  ASSERT_TRUE(copy);
  expect_independent_copy(*net, *copy);
  EXPECT_EQ(copy->size(), net->size());
  EXPECT_FALSE(copy->at<Conv2dImpl>(0).bias.defined());
  EXPECT_EQ(copy->at<DropoutImpl>(4).options.p(), 0.5);
}

TEST(CloneOfAModule, ThrowsForAClassThatIsNotCloneable) {
  try {
    Plain()->clone();
    FAIL() << "nothing was thrown";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(),
                 "clone() has not been implemented for Plain. Subclass "
                 "torch::nn::Cloneable<Plain> instead of torch::nn::Module to inherit the ability "
                 "to clone.");
  }
}

struct ForgetfulImpl : Cloneable<ForgetfulImpl> {
  ForgetfulImpl() { weight = register_parameter("weight", ones({1})); }
  void reset() override {}
  Tensor weight;
};

TEST(CloneOfAModule, ThrowsWhereResetDoesNotRegisterWhatTheConstructorDid) {
  const auto module = std::make_shared<ForgetfulImpl>();
  try {
    module->clone();
    FAIL() << "nothing was thrown";
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()).find("The cloned module does not have the same number of "
                                         "parameters as the original module after calling reset()"),
              0);
  }
}

TEST(SequentialOfModules, TakesModulesOfTheUsersAndFunctions) {
  Sequential net(Plain(), Functional(relu), Functional(softmax, 0, std::nullopt));
  net->push_back(std::make_shared<PlainImpl>());
  net->push_back("last", Identity());
  EXPECT_EQ(net->named_parameters().keys(), (std::vector<std::string>{"0.weight", "3.weight"}));
  EXPECT_EQ(net->named_children().keys().back(), "last");
  EXPECT_TRUE(allclose(net->forward(tensor({1., 1.})).detach(), tensor({1.5, 1.5})));
  EXPECT_EQ(net->at<PlainImpl>(3).weight.numel(), 2);
  EXPECT_THROW(net->at<LinearImpl>(0), TypeError);
}

TEST(ModuleListOfModules, HoldsThemInOrderAndRegistersThem) {
  ModuleList list(Linear(2, 3), Plain());
  list->push_back(ReLU());
  EXPECT_EQ(list->size(), 3);
  EXPECT_EQ(list->named_parameters().keys(),
            (std::vector<std::string>{"0.weight", "0.bias", "1.weight"}));
  EXPECT_EQ(list->at<LinearImpl>(0).options.out_features(), 3);
  EXPECT_TRUE(list->ptr(1)->as<Plain>() != nullptr);
  EXPECT_TRUE(list->ptr(1)->as<Linear>() == nullptr);
  EXPECT_THROW(list->ptr(3), IndexError);
  ModuleList longer;
  longer->extend(*list);
  EXPECT_EQ(longer->size(), 3);
  expect_independent_copy(*list->ptr(0), *list->ptr(0)->clone());
}

TEST(FunctionsOfModules, TakeTheirArgumentsInLibTorchsOrder) {
  namespace F = functional;
  const Tensor weight = tensor({{1., 2.}, {3., 4.}});
  EXPECT_TRUE(equal(F::embedding(tensor({1}), weight), tensor({{3., 4.}})));
  EXPECT_TRUE(equal(F::batch_norm(weight, zeros({2}), ones({2}), F::BatchNormFuncOptions().eps(0)),
                    weight));
  EXPECT_TRUE(equal(F::mse_loss(weight, zeros_like(weight), Reduction::Sum), tensor(30.)));
}

}  // namespace
}  // namespace adjoint::nn
