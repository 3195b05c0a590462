// SPDX-License-Identifier: MIT
// Activations as layers: their settings, their text, in place.
#include <gtest/gtest.h>

#include <sstream>

#include "adjoint/adjoint.h"
#include "tests/support/compare.h"

namespace adjoint {
namespace {

namespace F = nn::functional;
using testing::is_close;
using testing::same_bits;

Tensor inputs() { return tensor({-7.0f, -2.0f, -0.4f, 0.0f, 0.3f, 2.5f, 8.0f, 30.0f}); }

TEST(Activation, LayersAreTheFunctionsWithTheirSettings) {
  const Tensor x = inputs();
  auto expect_layer = [&](auto layer, const Tensor& expected) {
    EXPECT_TRUE(same_bits(layer->forward(x.clone()), expected)) << *layer;
    const auto copy = layer->clone();
    EXPECT_TRUE(same_bits(copy->template as<nn::Layer>()->forward(x.clone()), expected)) << *layer;
  };
  expect_layer(nn::LogSigmoid(), log_sigmoid(x));
  expect_layer(nn::SiLU(), silu(x));
  expect_layer(nn::Mish(), mish(x));
  expect_layer(nn::Hardsigmoid(), hardsigmoid(x));
  expect_layer(nn::Hardswish(), hardswish(x));
  expect_layer(nn::Softsign(), x / (1 + abs(x)));
  expect_layer(nn::Tanhshrink(), x - tanh(x));
  expect_layer(nn::ReLU(), relu(x));
  expect_layer(nn::ReLU6(), clamp(x, 0, 6));
  expect_layer(nn::SELU(), selu(x));
  expect_layer(nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.3)), leaky_relu(x, 0.3));
  expect_layer(nn::ELU(nn::ELUOptions().alpha(0.7)), elu(x, 0.7));
  expect_layer(nn::CELU(nn::CELUOptions().alpha(0.7)), celu(x, 0.7));
  expect_layer(nn::Hardtanh(nn::HardtanhOptions().min_val(-2).max_val(3)), hardtanh(x, -2, 3));
  expect_layer(nn::Threshold(1, -1), threshold(x, 1, -1));
  expect_layer(nn::Softplus(nn::SoftplusOptions().beta(2).threshold(3)), softplus(x, 2, 3));
  expect_layer(nn::Hardshrink(0.35), hardshrink(x, 0.35));
  expect_layer(nn::Softshrink(0.35), softshrink(x, 0.35));
  expect_layer(nn::GLU(0), glu(x, 0));
  expect_layer(nn::Softmin(0), softmax(-x, 0));
  expect_layer(nn::PReLU(nn::PReLUOptions().init(0.6)), prelu(x, tensor({0.6f})));
}

TEST(Activation, FunctionsTakeTheirOptions) {
  const Tensor x = inputs();
  EXPECT_TRUE(same_bits(F::leaky_relu(x, F::LeakyReLUFuncOptions().negative_slope(0.3)),
                        leaky_relu(x, 0.3)));
  EXPECT_TRUE(same_bits(F::softplus(x, F::SoftplusFuncOptions().beta(2)), softplus(x, 2)));
  EXPECT_TRUE(same_bits(F::glu(x, F::GLUFuncOptions(0)), glu(x, 0)));
  EXPECT_TRUE(same_bits(F::softmin(x, F::SoftminFuncOptions(0)), softmax(-x, 0)));
  EXPECT_TRUE(same_bits(F::logsigmoid(x), log_sigmoid(x)));
  EXPECT_TRUE(same_bits(F::softsign(x), x / (1 + abs(x))));
  EXPECT_TRUE(same_bits(F::elu(x), elu(x)));
  EXPECT_TRUE(same_bits(F::relu(x, F::ReLUFuncOptions(false)), relu(x)));
}

TEST(Activation, InPlaceTheyReturnTheirChangedInput) {
  auto expect_in_place = [](auto layer, auto function) {
    const Tensor x = inputs(), y = layer->forward(x);
    EXPECT_TRUE(y.is_same(x)) << *layer;
    EXPECT_TRUE(same_bits(x, function(inputs()))) << *layer;
  };
  expect_in_place(nn::ReLU(true), [](const Tensor& x) { return relu(x); });
  expect_in_place(nn::ReLU6(nn::ReLU6Options().inplace(true)),
                  [](const Tensor& x) { return relu6(x); });
  expect_in_place(nn::SELU(nn::SELUOptions(true)), [](const Tensor& x) { return selu(x); });
  expect_in_place(nn::LeakyReLU(nn::LeakyReLUOptions().inplace(true)),
                  [](const Tensor& x) { return leaky_relu(x); });
  expect_in_place(nn::ELU(nn::ELUOptions().inplace(true)), [](const Tensor& x) { return elu(x); });
  expect_in_place(nn::CELU(nn::CELUOptions().inplace(true)),
                  [](const Tensor& x) { return celu(x); });
  expect_in_place(nn::Hardtanh(nn::HardtanhOptions().inplace(true)),
                  [](const Tensor& x) { return hardtanh(x); });
  expect_in_place(nn::Threshold(nn::ThresholdOptions(1, 2).inplace(true)),
                  [](const Tensor& x) { return threshold(x, 1, 2); });
}

TEST(Activation, PReLULearnsItsSlopes) {
  nn::PReLU layer(nn::PReLUOptions().num_parameters(2).init(0.5));
  EXPECT_EQ(layer->named_parameters().keys(), std::vector<std::string>{"weight"});
  EXPECT_TRUE(is_close(layer->weight.detach(), full({2}, 0.5)));
  layer->forward(tensor({{-1.f, 2.f}, {-3.f, -4.f}})).sum().backward();
  EXPECT_TRUE(is_close(layer->weight.grad(), tensor({-4.f, -4.f})));
}

TEST(Activation, PrintsAsPyTorchPrints) {
  auto printed = [](const auto& layer) {
    std::ostringstream out;
    out << *layer;
    return out.str();
  };
  EXPECT_EQ(printed(nn::ReLU()), "ReLU()");
  EXPECT_EQ(printed(nn::ReLU(true)), "ReLU(inplace=True)");
  EXPECT_EQ(printed(nn::ReLU6()), "ReLU6()");
  EXPECT_EQ(printed(nn::SELU()), "SELU()");
  EXPECT_EQ(printed(nn::LeakyReLU()), "LeakyReLU(negative_slope=0.01)");
  EXPECT_EQ(printed(nn::ELU(nn::ELUOptions().inplace(true))), "ELU(alpha=1.0, inplace=True)");
  EXPECT_EQ(printed(nn::CELU()), "CELU(alpha=1.0)");
  EXPECT_EQ(printed(nn::Hardtanh()), "Hardtanh(min_val=-1.0, max_val=1.0)");
  EXPECT_EQ(printed(nn::Threshold(0.1, 20)), "Threshold(threshold=0.1, value=20)");
  EXPECT_EQ(printed(nn::Softplus()), "Softplus(beta=1.0, threshold=20.0)");
  EXPECT_EQ(printed(nn::Hardshrink()), "Hardshrink(0.5)");
  EXPECT_EQ(printed(nn::Softshrink()), "Softshrink(0.5)");
  EXPECT_EQ(printed(nn::GLU()), "GLU(dim=-1)");
  EXPECT_EQ(printed(nn::Softmin(1)), "Softmin(dim=1)");
  EXPECT_EQ(printed(nn::PReLU()), "PReLU(num_parameters=1)");
  EXPECT_EQ(printed(nn::SiLU()), "SiLU()");
  EXPECT_EQ(printed(nn::Mish()), "Mish()");
}

}  // namespace
}  // namespace adjoint
