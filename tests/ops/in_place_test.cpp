// SPDX-License-Identifier: MIT
// Element-wise operations in place: the values and gradients of the function of that name.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "adjoint/autograd.h"
#include "tests/support/compare.h"
#include "tests/support/test_device.h"

namespace adjoint::testing {
namespace {

using Of = std::function<Tensor(const Tensor& x, const Tensor& y)>;
struct Pair {
  std::string name;
  Of function, in_place;
};

std::vector<Pair> pairs() {
#define UNARY(name)                                                                         \
  Pair {                                                                                    \
#name, [](const Tensor& x,                                                              \
              const Tensor&) { return name(x); }, [](const Tensor& x,                       \
                                                     const Tensor&) { return x.name##_(); } \
  }
#define BINARY(name, ...)                                                                         \
  Pair {                                                                                          \
#name ": " #__VA_ARGS__, [](const Tensor& x, const Tensor& y) { return name(x, __VA_ARGS__); }, \
        [](const Tensor& x, const Tensor& y) {                                   \
          static_cast<void>(y);                                                  \
          return x.name##_(__VA_ARGS__);                                         \
        } \
  }
// On both sides of 0.
#define ACTIVATION(name, ...)                                                                     \
  Pair {                                                                                          \
#name, [](const Tensor& x, const Tensor&) { return name(x - 0.6 __VA_OPT__(, ) __VA_ARGS__); }, \
        [](Tensor x, const Tensor&) {                                                               \
          x.sub_(0.6);                                                                              \
          return name##_(x __VA_OPT__(, ) __VA_ARGS__);                                             \
        } \
  }
  return {UNARY(square),
          UNARY(rsqrt),
          UNARY(reciprocal),
          UNARY(sign),
          UNARY(sgn),
          UNARY(sin),
          UNARY(cos),
          UNARY(erf),
          UNARY(erfc),
          UNARY(log1p),
          UNARY(expm1),
          UNARY(log2),
          UNARY(log10),
          UNARY(exp2),
          UNARY(tan),
          UNARY(asin),
          UNARY(acos),
          UNARY(atan),
          UNARY(sinh),
          UNARY(cosh),
          UNARY(asinh),
          UNARY(atanh),
          UNARY(floor),
          UNARY(ceil),
          UNARY(round),
          UNARY(trunc),
          UNARY(frac),
          UNARY(sinc),
          UNARY(nan_to_num),
          Pair{"acosh", [](const Tensor& x, const Tensor&) { return acosh(x + 1); },
               [](const Tensor& x, const Tensor&) { return x.add_(1).acosh_(); }},
          BINARY(pow, 3),
          BINARY(pow, -1.5),
          BINARY(logit, 0.35),
          BINARY(xlogy, y),
          BINARY(xlogy, 0.25),
          BINARY(atan2, y),
          BINARY(hypot, y),
          BINARY(cumsum, 0),
          BINARY(cumprod, 0),
          BINARY(addmv, y.outer(y), y, 2, 0.5),
          BINARY(remainder, y),
          BINARY(remainder, 0.25),
          BINARY(fmod, y),
          BINARY(fmod, 0.25),
          BINARY(div, y, "floor"),
          BINARY(div, 0.25, "trunc"),
          BINARY(lerp, y, y * 2),
          BINARY(lerp, y, 0.3),
          BINARY(addcmul, y, y, 2),
          BINARY(addcdiv, y, y + 1, -1),
          BINARY(clamp, 0.4, 0.6),
          BINARY(clamp_min, 0.5),
          BINARY(clamp_max, 0.5),
          ACTIVATION(silu),
          ACTIVATION(mish),
          ACTIVATION(elu, 1.5, 0.5, 2),
          ACTIVATION(selu),
          ACTIVATION(celu, 2),
          ACTIVATION(leaky_relu, 0.2),
          ACTIVATION(hardtanh, -0.2, 0.2),
          ACTIVATION(relu6),
          ACTIVATION(hardsigmoid),
          ACTIVATION(threshold, 0.1, 7)};
#undef UNARY
#undef BINARY
#undef ACTIVATION
}

struct Outcome {
  Tensor value, x_grad, y_grad;
};
/// `x` goes through a product first, for a leaf cannot be changed.
Outcome run(const Of& f, ScalarType dtype, bool in_place) {
  Tensor x = tensor({0.3, 0.45, 0.55, 0.7, 0.95}, dtype).to(test_device()).requires_grad_();
  Tensor y = tensor({0.2, 0.9, 0.35, 0.4, 0.6}, dtype).to(test_device()).requires_grad_();
  Tensor weight = tensor({1.0, -2.0, 0.5, 3.0, 1.5}, dtype).to(test_device());
  Tensor before = x * 1, after = f(before, y);
  EXPECT_EQ(after.is_same(before), in_place);
  (after * weight).sum().backward();
  return {after.detach(), x.grad(), y.grad()};
}

TEST(InPlace, GivesTheValuesAndGradientsOfTheFunction) {
  for (const Pair& pair : pairs()) {
    for (ScalarType dtype : {kFloat, kDouble}) {
      SCOPED_TRACE(pair.name);
      const Outcome apart = run(pair.function, dtype, false),
                    at_once = run(pair.in_place, dtype, true);
      EXPECT_TRUE(same_bits(at_once.value, apart.value));
      EXPECT_TRUE(same_bits(at_once.x_grad, apart.x_grad));
      ASSERT_EQ(at_once.y_grad.defined(), apart.y_grad.defined());
      if (apart.y_grad.defined()) {
        EXPECT_TRUE(same_bits(at_once.y_grad, apart.y_grad));
      }
    }
  }
}

TEST(InPlace, OnAViewGivesTheValuesAndGradientsOfTheFunction) {
  for (const Pair& pair : pairs()) {
    SCOPED_TRACE(pair.name);
    auto on_rows = [&](bool in_place) {
      const Of f = [&](const Tensor& x, const Tensor& y) {
        Tensor rows = stack({x * 2, x}), changed = rows.select(0, 1);
        if (in_place) {
          pair.in_place(changed, y);
          return rows.sum(0);
        }
        return rows.select(0, 0) + pair.function(changed, y);
      };
      return run(f, kDouble, false);
    };
    const Outcome apart = on_rows(false), at_once = on_rows(true);
    EXPECT_TRUE(is_close(at_once.value, apart.value));
    EXPECT_TRUE(is_close(at_once.x_grad, apart.x_grad));
    ASSERT_EQ(at_once.y_grad.defined(), apart.y_grad.defined());
    if (apart.y_grad.defined()) {
      EXPECT_TRUE(is_close(at_once.y_grad, apart.y_grad));
    }
  }
}

TEST(InPlace, OfMatrixProductsGiveTheValuesAndGradientsOfTheFunction) {
  const std::vector<std::pair<Of, Of>> forms = {
      {[](const Tensor& x, const Tensor& y) { return x.addmm(y, y.t(), 2, 0.5); },
       [](const Tensor& x, const Tensor& y) { return x.addmm_(y, y.t(), 2, 0.5); }},
      {[](const Tensor& x, const Tensor& y) { return x.addr(y[0], y[1], 3, -1); },
       [](const Tensor& x, const Tensor& y) { return x.addr_(y[0], y[1], 3, -1); }},
      {[](const Tensor& x, const Tensor& y) {
         return x.addbmm(stack({y, y * 2}), stack({y, y}), 0.5, 2);
       },
       [](const Tensor& x, const Tensor& y) {
         return x.addbmm_(stack({y, y * 2}), stack({y, y}), 0.5, 2);
       }},
      {[](const Tensor& x, const Tensor& y) {
         return x.expand({2, 2, 2}).clone().baddbmm(stack({y, y}), stack({y, y * 3}), -1, 2).sum(0);
       },
       [](const Tensor& x, const Tensor& y) {
         return x.expand({2, 2, 2})
             .clone()
             .baddbmm_(stack({y, y}), stack({y, y * 3}), -1, 2)
             .sum(0);
       }}};
  const TensorOptions options = TensorOptions(kDouble).device(test_device());
  for (const auto& [function, in_place] : forms) {
    auto of = [&](const Of& f) {
      Tensor x = arange(4, options).reshape({2, 2}).requires_grad_();
      Tensor y = (arange(4, options).reshape({2, 2}) * 0.5 - 0.75).requires_grad_();
      Tensor out = f(x * 1, y);
      (out * arange(4, options).reshape({2, 2})).sum().backward();
      return variable_list{out.detach(), x.grad(), y.grad()};
    };
    const variable_list apart = of(function), at_once = of(in_place);
    for (size_t i = 0; i < apart.size(); ++i) {
      EXPECT_TRUE(same_bits(at_once[i], apart[i])) << "result " << i;
    }
  }
}

TEST(InPlace, ByAnOperationOutOfPlaceCountsOneChangeAndRefusesLeaves) {
  const std::vector<std::function<void(Tensor&)>> changes = {
      [](Tensor& t) { t.addmm_(eye(2), eye(2)); },
      [](Tensor& t) { t.cumsum_(0); },
      [](Tensor& t) { t.cumprod_(1); },
      [](Tensor& t) { t.tril_(); },
      [](Tensor& t) { t.pow_(3); },
      [](Tensor& t) { t.hypot_(ones({2})); }};
  for (const auto& change : changes) {
    Tensor leaf = full({2, 2}, 2.0).requires_grad_(), t = leaf * 1;
    change(t);
    EXPECT_EQ(t._version(), 1);
    EXPECT_TRUE(throws<Error>("a leaf Variable that requires grad", [&] { change(leaf); }));
    Tensor row = leaf[0].unsqueeze(0).expand({2, 2});
    EXPECT_TRUE(throws<Error>("", [&] { change(row); }));
    EXPECT_EQ(leaf._version(), 0);
    EXPECT_TRUE(equal(leaf.detach(), full({2, 2}, 2.0)));
  }
  Tensor narrow = ones({2}) * 1;
  EXPECT_TRUE(throws<Error>("output with shape [2] doesn't match the broadcast shape [2, 2]", [&] {
    narrow.hypot_(ones({2, 2}));
  }));
}

TEST(InPlace, ProductsThatDoNotFitSayTheSizes) {
  const Tensor m = ones({2, 4}), many = ones({5, 2, 4}), more = ones({5, 4, 3});
  const auto bad = [](const char* sizes) {
    return std::string("Bad in-place call: input tensor size ") + sizes + " should match";
  };
  EXPECT_TRUE(throws<Error>(bad("[1, 3] and output tensor size [2, 3]"), [&] {
    ones({1, 3}).addmm_(m, ones({4, 3}));
  }));
  EXPECT_TRUE(throws<Error>(bad("[3] and output tensor size [2, 3]"),
                            [&] { ones({3}).addbmm_(many, more); }));
  EXPECT_TRUE(throws<Error>(bad("[2, 3] and output tensor size [5, 2, 3]"), [&] {
    ones({2, 3}).baddbmm_(many, more);
  }));
  EXPECT_TRUE(
      throws<Error>(bad("[] and output tensor size [2]"), [&] { ones({}).addmv_(m, ones({4})); }));
  EXPECT_TRUE(throws<Error>("size mismatch, got input (5), mat (2x4), vec (4)",
                            [&] { ones({5}).addmv_(m, ones({4})); }));
  EXPECT_TRUE(throws<Error>("size mismatch, input: [3], v1: [2], v2: [3]",
                            [&] { ones({3}).addr_(ones({2}), ones({3})); }));
}

TEST(InPlace, LogicalOperationsLeaveTheHistoryAsItIs) {
  Tensor leaf = tensor({0.0, 2.0, -1.0}, requires_grad()), t = leaf * 3;
  const auto node = t.grad_fn();
  t.logical_xor_(tensor({1.0, 1.0, 0.0}));
  EXPECT_TRUE(equal(t.detach(), tensor({1.0, 0.0, 1.0})));
  EXPECT_EQ(t.grad_fn(), node);
  EXPECT_EQ(t._version(), 1);
  leaf.logical_not_();
  EXPECT_TRUE(equal(leaf.detach(), tensor({1.0, 0.0, 0.0})));
  Tensor plain = tensor({0.0, 1.0, 1.0});
  plain.logical_and_(leaf);
  EXPECT_FALSE(plain.requires_grad());
  plain.logical_or_(leaf);
  EXPECT_TRUE(equal(plain, tensor({1.0, 0.0, 0.0})));
}

TEST(InPlace, ByAnOperationOutOfPlaceTakesTheRetainedGradientAlong) {
  Tensor leaf = tensor({1.0, 2.0, 3.0}, requires_grad()), t = leaf * 1;
  t.retain_grad();
  t.cumsum_(0);
  (t * tensor({1.0, 10.0, 100.0})).sum().backward();
  EXPECT_TRUE(equal(t.grad(), tensor({1.0, 10.0, 100.0})));
  EXPECT_TRUE(equal(leaf.grad(), tensor({111.0, 110.0, 100.0})));
}

TEST(InPlace, AFactorThatIsOverwrittenFailsInBackward) {
  Tensor x = eye(2).requires_grad_(), t = x * 2;
  t.addmm_(t, x);
  EXPECT_TRUE(
      throws<Error>("has been modified by an inplace operation", [&] { t.sum().backward(); }));
}

TEST(InPlace, AFactorThatIsOverwrittenDoesNotKeepItsGraphAlive) {
  for (bool by_view : {false, true}) {
    const auto held = std::make_shared<int>(0);
    {
      Tensor x = eye(2).requires_grad_(), t = x * 2;
      t.register_hook([held](const Tensor&) {});
      EXPECT_GT(held.use_count(), 1);
      t.addmm_(by_view ? t.t() : t, x);
    }
    EXPECT_EQ(held.use_count(), 1) << by_view;
  }
}

TEST(InPlace, AnOperandThatIsOverwrittenIsKeptForItsGradient) {
  const std::vector<std::pair<Of, Of>> forms = {
      {[](const Tensor& x, const Tensor& y) { return addcmul(x, x, y); },
       [](const Tensor& x, const Tensor& y) { return x.addcmul_(x, y); }},
      {[](const Tensor& x, const Tensor& y) { return addcdiv(x, y, x); },
       [](const Tensor& x, const Tensor& y) { return x.addcdiv_(y, x); }},
      {[](const Tensor& x, const Tensor& y) { return lerp(x, y, x); },
       [](const Tensor& x, const Tensor& y) { return x.lerp_(y, x); }},
      {[](const Tensor& x, const Tensor& y) { return remainder(x + y, x); },
       [](const Tensor& x, const Tensor& y) {
         Tensor divisor = x * 1;
         return x.add_(y).remainder_(divisor);
       }}};
  for (const auto& [function, in_place] : forms) {
    const Outcome apart = run(function, kDouble, false), at_once = run(in_place, kDouble, true);
    EXPECT_TRUE(same_bits(at_once.value, apart.value));
    EXPECT_TRUE(same_bits(at_once.x_grad, apart.x_grad));
    EXPECT_TRUE(same_bits(at_once.y_grad, apart.y_grad));
  }
}

TEST(InPlace, KeepsTheDtype) {
  auto refused = [](auto f) {
    return throws<Error>("can't be cast to the desired output type", [=] { f(ones({2}, kLong)); });
  };
  EXPECT_TRUE(refused([](const Tensor& t) { t.log1p_(); }));
  EXPECT_TRUE(refused([](const Tensor& t) { t.tan_(); }));
  EXPECT_TRUE(refused([](const Tensor& t) { t.remainder_(0.5); }));
  EXPECT_TRUE(refused([](const Tensor& t) { t.sinc_(); }));
  EXPECT_TRUE(refused([](const Tensor& t) { t.pow_(0.5); }));
  Tensor integers = tensor({7, -7}, kLong);
  EXPECT_TRUE(integers.floor_().is_same(integers));
  EXPECT_TRUE(equal(integers.floor_divide_(2), tensor({3, -4}, kLong)));
  EXPECT_TRUE(equal(integers.remainder_(tensor({2, 3}, kLong)), tensor({1, 2}, kLong)));
  EXPECT_TRUE(equal(integers.addcmul_(integers, integers), tensor({2, 6}, kLong)));
}

TEST(FloorDivide, HasNoGradient) {
  Tensor x = tensor({7.0, -7.0}, requires_grad()), y = floor_divide(x, 2);
  EXPECT_TRUE(is_close(y.detach(), tensor({3.0, -4.0})));
  EXPECT_TRUE(throws<NotImplementedError>("derivative for aten::floor_divide is not implemented",
                                          [&] { y.sum().backward(); }));
}

TEST(FloorDivide, AndTheRemainderMakeUpTheDividend) {
  // 6 * 0.1 is a little more than 0.6, so 0.6 // 0.1 is 5.
  Tensor a = tensor({0.6, 1.0, -0.6, 5.5}, kDouble), b = tensor({0.1, 0.1, 0.1, -2.0}, kDouble);
  EXPECT_TRUE(is_close(floor_divide(a, b), tensor({5.0, 9.0, -6.0, -3.0}, kDouble)));
  EXPECT_TRUE(is_close(floor_divide(a, b) * b + a % b, a));
}

TEST(FloorDivide, OfTheSmallestIntegerByMinusOneWraps) {
  const int64_t smallest = std::numeric_limits<int64_t>::min();
  const Tensor t = tensor({smallest}, kLong);
  EXPECT_EQ(floor_divide(t, -1).item<int64_t>(), smallest);
  EXPECT_EQ(div(t, -1, "trunc").item<int64_t>(), smallest);
  EXPECT_EQ((t % -1).item<int64_t>(), 0);
}

TEST(Prelu, HasAWeightForEachChannel) {
  const Tensor x = full({2, 3, 2}, -1.0), y = prelu(x, tensor({0.5, 0.25, 2.0}));
  EXPECT_TRUE(is_close(y.select(1, 0), full({2, 2}, -0.5)));
  EXPECT_TRUE(is_close(y.select(1, 1), full({2, 2}, -0.25)));
  EXPECT_TRUE(is_close(y.select(1, 2), full({2, 2}, -2.0)));
}

TEST(Clamp, GivesTheGradientToTheTensorThatIsTheResult) {
  Tensor x = tensor({-1.0, 0.5, 2.0, 0.0, 1.0}, requires_grad());
  Tensor low = tensor({0.0, 0.0, 0.0, 0.0, 1.5}, requires_grad());
  Tensor high = tensor({1.0, 1.0, 1.0, 1.0, 1.0}, requires_grad());
  Tensor y = clamp(x, low, high);
  EXPECT_TRUE(is_close(y.detach(), tensor({0.0, 0.5, 1.0, 0.0, 1.0})));
  y.sum().backward();
  EXPECT_TRUE(is_close(x.grad(), tensor({0.0, 1.0, 0.0, 1.0, 0.0})));
  EXPECT_TRUE(is_close(low.grad(), tensor({1.0, 0.0, 0.0, 0.0, 0.0})));
  EXPECT_TRUE(is_close(high.grad(), tensor({0.0, 0.0, 1.0, 0.0, 1.0})));
}

}  // namespace
}  // namespace adjoint::testing
