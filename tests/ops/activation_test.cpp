// SPDX-License-Identifier: MIT
// What is special to activations: fused gradients, dtypes, in-place forms, errors.
#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

using Activation = Tensor (*)(const Tensor&);

TEST(Activation, FusedGradientsAreThoseOfTheFormulas) {
  const std::pair<const char*, Activation> all[] = {
      {"tanh", tanh},
      {"sigmoid", sigmoid},
      {"relu", relu},
      {"log_sigmoid", log_sigmoid},
      {"gelu", [](const Tensor& x) { return gelu(x); }},
      {"gelu tanh", [](const Tensor& x) { return gelu(x, "tanh"); }}};
  for (auto [name, f] : all) {
    for (ScalarType dtype : {kFloat, kDouble}) {
      Tensor x = (noise({7, 9}, dtype) * 4).t().requires_grad_();
      Tensor y = f(x), weights = noise({9, 7}, dtype, 2);
      EXPECT_TRUE(close(autograd::grad({y}, {x}, {weights}, true)[0],
                        autograd::grad({y}, {x}, {weights}, true, true)[0]))
          << name << " " << dtype_name(dtype);
    }
  }
}

TEST(Activation, SecondGradientOfReluIsThatOfItsMask) {
  Tensor x = tensor({-1., 2., 3.}, kDouble).requires_grad_();
  Tensor g = autograd::grad({(relu(x) * x).sum()}, {x}, {}, std::nullopt, true)[0];
  EXPECT_TRUE(identical(g, tensor({0., 4., 6.}, kDouble)));
  EXPECT_TRUE(identical(autograd::grad({g.sum()}, {x})[0], tensor({0., 2., 2.}, kDouble)));
}

TEST(Activation, InPlaceFormsGiveTheSameValuesAndGradients) {
  const std::pair<Activation, Tensor& (Tensor::*)() const> all[] = {
      {tanh, &Tensor::tanh_}, {sigmoid, &Tensor::sigmoid_}, {relu, &Tensor::relu_}};
  for (auto [f, f_] : all) {
    Tensor x = noise({20}).requires_grad_();
    Tensor a = f(x * 2), b = x * 2;
    (b.*f_)();
    EXPECT_TRUE(identical(a, b));
    EXPECT_TRUE(identical(autograd::grad({a.sum()}, {x})[0], autograd::grad({b.sum()}, {x})[0]));
    EXPECT_THROW((x.*f_)(), Error);
  }
}

TEST(Activation, IntegersBecomeFloatingPointButInRelu) {
  Tensor x = tensor({-2, 0, 3});
  EXPECT_EQ(tanh(x).dtype(), kFloat);
  EXPECT_EQ(sigmoid(x).dtype(), kFloat);
  EXPECT_TRUE(identical(relu(x), tensor({0, 0, 3})));
  EXPECT_THROW(x.tanh_(), Error);
  EXPECT_THROW(gelu(x), NotImplementedError);
  EXPECT_THROW(relu(x > 0), Error);
  EXPECT_THROW(gelu(ones({2}), "erf"), Error);
}

TEST(Activation, LogSigmoidIsSafeFromOverflow) {
  Tensor y = log_sigmoid(tensor({-1000., 0., 1000.}, kDouble));
  EXPECT_TRUE(close(y, tensor({-1000., -0.69314718055994531, 0.}, kDouble)));
}

}  // namespace
}  // namespace adjoint::testing
