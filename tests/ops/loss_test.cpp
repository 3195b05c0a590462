// SPDX-License-Identifier: MIT
// What is special to losses: names, errors, layouts, large reductions, second derivatives.
#include <functional>

#include "tests/support/compare.h"
#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

template <class E, class F>
std::string message(const F& f) {
  try {
    f();
    settle_test_device();
  } catch (const E& e) {
    return e.message();
  }
  return "no error of this type";
}

TEST(Loss, NodesHaveTheNamesOfPyTorch) {
  Tensor x = noise({2, 3}).requires_grad_(), t = tensor({0, 2});
  Tensor image = noise({2, 3, 2, 2}).requires_grad_();
  auto name = [](const Tensor& loss) { return std::string(loss.grad_fn()->name()); };
  EXPECT_EQ(name(mse_loss(x, zeros({2, 3}))), "MseLossBackward0");
  EXPECT_EQ(name(nll_loss(x, t)), "NllLossBackward0");
  EXPECT_EQ(name(cross_entropy(x, t)), "NllLossBackward0");
  EXPECT_EQ(name(cross_entropy(image, zeros({2, 2, 2}, kLong))), "NllLoss2DBackward0");
  EXPECT_EQ(name(binary_cross_entropy_with_logits(x, zeros({2, 3}))),
            "BinaryCrossEntropyWithLogitsBackward0");
}

TEST(Loss, BadTargetsAndWeightsAreRefused) {
  Tensor x = noise({2, 3});
  for (auto f : {+[](const Tensor&a, const Tensor&t) { return nll_loss(a, t); },
                 +[](const Tensor&a, const Tensor&t) { return cross_entropy(a, t); }}) {
    std::string text = message<IndexError>([&] { f(x, tensor({0, 3})).cpu(); });
    EXPECT_NE(text.find("Target 3 is out of bounds."), std::string::npos) << text;
    EXPECT_NE(text.find("[0, 3)"), std::string::npos) << text;
    text = message<IndexError>([&] { f(x, tensor({0, -1})).cpu(); });
    EXPECT_NE(text.find("Target -1 is out of bounds."), std::string::npos) << text;
    EXPECT_EQ(message<ValueError>([&] {
                f(x, tensor({0, 1, 2}));
              }),
              "Expected input batch_size (2) to match target batch_size (3).");
    EXPECT_EQ(message<Error>([&] { f(x, zeros({2}, kInt)); }),
              "expected target dtype to be Long or Byte, but got Int");
    EXPECT_EQ(message<ValueError>([&] { f(tensor(1.0), tensor(0)); }),
              "Expected 1 or more dimensions (got 0)");
  }
  EXPECT_EQ(message<Error>([&] {
              cross_entropy(x, tensor({0, 1}), ones({2}));
            }),
            "weight tensor should be defined either for all 3 classes or no classes but got "
            "weight tensor of shape: [2]");
  EXPECT_EQ(message<Error>([&] {
              cross_entropy(x, tensor({0, 1}), {}, Reduction::Mean, -100, 2.0);
            }),
            "label_smoothing must be between 0.0 and 1.0. Got: 2");
  EXPECT_EQ(message<ValueError>([&] { binary_cross_entropy_with_logits(x, zeros({3})); }),
            "Target size (torch.Size([3])) must be the same as input size (torch.Size([2, 3]))");
  EXPECT_THROW(mse_loss(x, ones({4})), Error);
  EXPECT_THROW(mse_loss(ones({2}, kLong), ones({2}, kLong)), NotImplementedError);
}

TEST(Loss, CrossEntropyIsNllLossOfLogSoftmax) {
  for (int64_t classes : {2, 16, 17, 100}) {
    Tensor x = noise({5, classes}, kDouble) * 4, t = noise_below(classes, {5});
    Tensor w = noise({classes}, kDouble, 2).abs();
    x.requires_grad_();
    for (Reduction r : {Reduction::None, Reduction::Mean, Reduction::Sum}) {
      Tensor fused = cross_entropy(x, t, w, r), composed = nll_loss(log_softmax(x, 1), t, w, r);
      EXPECT_TRUE(close(fused, composed));
      EXPECT_TRUE(
          close(autograd::grad({fused.sum()}, {x})[0], autograd::grad({composed.sum()}, {x})[0]));
      // A transposed input, and 16 bits.
      EXPECT_TRUE(close(cross_entropy(x.t().contiguous().t(), t, w, r), composed));
      Tensor half = x.detach().to(kBFloat16);
      EXPECT_TRUE(close(cross_entropy(half, t, w.to(kBFloat16), r),
                        cross_entropy(half.to(kFloat), t, w.to(kBFloat16).to(kFloat), r)));
    }
  }
}

/// What backward() leaves of a loss in its input, the gradient of the loss being given or not.
Tensor gradient_of(const Tensor& input, const Tensor& grad,
                   const std::function<Tensor(const Tensor&)>& loss) {
  const Tensor x = input.detach().requires_grad_();
  loss(x).backward(grad);
  return x.grad();
}

TEST(Loss, CrossEntropyHasTheSameGradientWhetherItsOwnIsGivenAs1OrLeftOut) {
  for (ScalarType dtype : {kFloat, kDouble, kHalf, kBFloat16}) {
    for (int64_t classes : {1, 10, 1500}) {
      const Tensor input = randn({33, classes}).to(dtype), target = randint(0, classes, {33});
      target[5].fill_(-100);
      const Tensor weight = (rand({classes}) + 0.5).to(dtype), one = ones({}, dtype);
      for (Reduction reduction : {Reduction::Mean, Reduction::Sum}) {
        for (double smoothing : {0.0, 0.1}) {
          for (const Tensor& w : {Tensor(), weight}) {
            auto loss = [&](const Tensor& x) {
              return cross_entropy(x, target, w, reduction, -100, smoothing);
            };
            const Tensor found = gradient_of(input, Tensor(), loss);
            EXPECT_TRUE(same_bits(found, gradient_of(input, one, loss)))
                << toString(dtype) << ", " << classes << " classes, smoothing " << smoothing;
            EXPECT_TRUE(found[5].eq(0).all().item<bool>());
          }
        }
      }
    }
  }
}

TEST(Loss, CrossEntropyOfManySamplesHasItsGradientWithoutOneThatIsGiven) {
  const Tensor input = randn({5000, 3}), target = randint(0, 3, {5000});
  auto loss = [&](const Tensor& x) { return cross_entropy(x, target); };
  EXPECT_TRUE(same_bits(gradient_of(input, Tensor(), loss), gradient_of(input, ones({}), loss)));
}

TEST(Loss, CrossEntropyGivesItsGradientAgainWhereTheGraphIsRetained) {
  const Tensor x = randn({4, 3}).requires_grad_(), target = randint(0, 3, {4});
  const Tensor loss = cross_entropy(x, target);
  loss.backward({}, true);
  const Tensor first = x.grad().clone();
  loss.backward();
  EXPECT_TRUE(same_bits(x.grad(), first + first));
  EXPECT_NE(message<Error>([&] { loss.backward(); }).find("through the graph a second time"),
            std::string::npos);
}

TEST(Loss, OfASureSampleKeepsItsSmallGradientIn16Bits) {
  Tensor x = tensor({{8., 0.}}, kBFloat16).requires_grad_();
  Tensor grad = autograd::grad({cross_entropy(x, tensor({0}))}, {x})[0].to(kDouble);
  double p = 1 / (1 + std::exp(8.0));
  EXPECT_NEAR(grad[0][0].item<double>(), -p, p * 0x1p-7);
}

TEST(Loss, SecondGradientsAreThoseOfTheComposedFormulas) {
  Tensor x = noise({4, 3}, kDouble).requires_grad_(), y = noise({4, 3}, kDouble, 2);
  Tensor t = tensor({2, 0, -100, 1}), pos = tensor({0.5, 1., 3.}, kDouble);
  auto second = [&](const Tensor& loss) {
    Tensor g = autograd::grad({loss}, {x}, {}, std::nullopt, true)[0];
    return autograd::grad({(g * g * y).sum()}, {x})[0];
  };
  EXPECT_TRUE(close(second(mse_loss(x, y)), second(square(x - y).mean())));
  EXPECT_TRUE(close(second(cross_entropy(x, t)), second(nll_loss(log_softmax(x, 1), t))));
  Tensor s = sigmoid(x);
  EXPECT_TRUE(close(second(binary_cross_entropy_with_logits(x, y, {}, pos)),
                    second(-(pos * y * log(s) + (1 - y) * log(1 - s)).mean())));
}

TEST(Loss, OfBroadcastOperandsSumsTheirGradients) {
  Tensor x = noise({4, 3}, kDouble).requires_grad_(), y = noise({3}, kDouble, 2).requires_grad_();
  for (bool create_graph : {false, true}) {
    variable_list fused = autograd::grad({mse_loss(x, y)}, {x, y}, {}, std::nullopt, create_graph);
    variable_list composed = autograd::grad({square(x - y).mean()}, {x, y});
    EXPECT_TRUE(close(fused[0], composed[0]));
    EXPECT_TRUE(close(fused[1], composed[1]));
  }
}

TEST(Loss, LargeSumsAreExactAndTheSameForAnyNumberOfThreads) {
  // 0.25 and its square are exact, as is every partial sum.
  int64_t n = 300001;
  Tensor x = full({n}, 0.5), y = full({n}, 0.25);
  Tensor logits = noise({3000, 50}), targets = noise_below(50, {3000});
  set_num_threads(1);
  EXPECT_EQ(mse_loss(x, y, Reduction::Sum).item<double>(), double(float(double(n) / 16)));
  Tensor noisy = mse_loss(noise({n}), y), ce = cross_entropy(logits, targets);
  set_num_threads(2);
  EXPECT_TRUE(identical(mse_loss(noise({n}), y), noisy));
  EXPECT_TRUE(identical(cross_entropy(logits, targets), ce));
}

}  // namespace
}  // namespace adjoint::testing
