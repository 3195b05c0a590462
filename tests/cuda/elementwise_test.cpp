// SPDX-License-Identifier: MIT
// Element-wise kernels on the GPU: the CPU's values also where arithmetic has edges, and no more
// launches than needed.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "adjoint/adjoint.h"
#include "cudasim.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

const std::vector<ScalarType> kFloats = {kFloat, kDouble, kHalf, kBFloat16};
const std::vector<ScalarType> kAll = {kFloat, kDouble, kHalf, kBFloat16, kLong, kInt, kByte, kBool};

using Compute = std::function<Tensor(Device)>;
::testing::AssertionResult devices_agree(const Compute& f) {
  return is_close(f(Device("cuda")).to(kCPU), f(kCPU), {.ulps = 0});
}

Tensor special_numbers(ScalarType dtype, Device device) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  std::vector<double> values = {0.0,  -0.0,  1,     -1,   0.5,          -0.5,          inf,
                                -inf, 1e10,  -1e10, 1e20, -1e20,        255,           256,
                                -300, 1e-40, NAN,   3e9,  2147483648.0, -2147483648.0, 65504};
  return from_blob(values.data(), {int64_t(values.size())}, TensorOptions(kDouble).device(kCPU))
      .clone()
      .to(dtype)
      .to(device);
}

TEST(CudaElementwise, CastsAreTheCpusAlsoOutOfRange) {
  for (ScalarType from : kFloats) {
    for (ScalarType to : kAll) {
      EXPECT_TRUE(devices_agree([=](Device d) { return special_numbers(from, d).to(to); }))
          << toString(from) << " to " << toString(to);
    }
  }
}

TEST(CudaElementwise, ComparisonsAndExtremaTreatSpecialNumbersAsTheCpuDoes) {
  using Binary = Tensor (*)(const Tensor&, const Tensor&);
  for (Binary f : {Binary(eq), Binary(ne), Binary(lt), Binary(le), Binary(gt), Binary(ge),
                   Binary(logical_and), Binary(logical_or), Binary(maximum), Binary(minimum)}) {
    for (ScalarType dtype : kFloats) {
      EXPECT_TRUE(devices_agree([=](Device d) {
        Tensor x = special_numbers(dtype, d);
        return f(x.unsqueeze(0), x.unsqueeze(1));
      })) << toString(dtype);
    }
  }
}

TEST(CudaElementwise, IntegersWrapAsOnTheCpu) {
  std::vector<int64_t> values = {0,   1,         -1,        2,         -3,       255,
                                 256, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
  for (ScalarType dtype : {kLong, kInt, kByte}) {
    auto integers = [&](Device d) {
      TensorOptions there = TensorOptions(kLong).device(kCPU);
      return from_blob(values.data(), {int64_t(values.size())}, there).clone().to(dtype).to(d);
    };
    for (auto f : {+[](const Tensor&a, const Tensor&b) { return a + b; },
                   +[](const Tensor&a, const Tensor&b) { return sub(a, b, 3); },
                   +[](const Tensor&a, const Tensor&b) { return a * b; },
                   +[](const Tensor&a, const Tensor&b) { return pow(a, b); }}) {
      EXPECT_TRUE(devices_agree([&](Device d) {
        Tensor x = integers(d);
        return f(x.unsqueeze(0), x.unsqueeze(1));
      })) << toString(dtype);
    }
    for (auto f :
         {+[](const Tensor& x) { return abs(x); }, +[](const Tensor& x) { return -x; },
          +[](const Tensor& x) { return square(x); }, +[](const Tensor& x) { return x.sum(); },
          +[](const Tensor& x) { return x.prod(); }}) {
      EXPECT_TRUE(devices_agree([&](Device d) { return f(integers(d)); })) << toString(dtype);
    }
  }
}

TEST(CudaElementwise, RandomNumbersAreTheCpusForEveryLengthAndAlignment) {
  for (ScalarType dtype : kFloats) {
    for (int64_t n : {1, 2, 3, 4, 5, 1001}) {
      auto memory = [=](Device d) {
        manual_seed(42);
        return zeros({n + 1}, TensorOptions(dtype).device(d)).narrow(0, n % 2, n);
      };
      EXPECT_TRUE(devices_agree([&](Device d) { return memory(d).uniform_(-2, 5); }));
      EXPECT_TRUE(devices_agree([&](Device d) { return memory(d).bernoulli_(0.3); }));
      EXPECT_TRUE(devices_agree([&](Device d) { return dropout(memory(d).fill_(3), 0.4, true); }));
    }
  }
  for (ScalarType dtype : {kLong, kInt, kByte, kFloat, kDouble}) {
    EXPECT_TRUE(devices_agree([=](Device d) {
      manual_seed(1);
      return randint(0, 200, {1001}, TensorOptions(dtype).device(d));
    }));
  }
  EXPECT_TRUE(devices_agree([](Device d) {
    manual_seed(1);
    return randint(-5000000000, 5000000000, {1001}, TensorOptions(kLong).device(d));
  }));
}

TEST(CudaElementwise, TransposedCopiesOfEveryElementSize) {
  const std::vector<std::vector<int64_t>> orders = {{1, 0, 2}, {2, 1, 0}, {0, 2, 1}};
  for (ScalarType dtype : {kByte, kHalf, kFloat, kDouble}) {
    for (const auto& order : orders) {
      EXPECT_TRUE(devices_agree([&](Device d) {
        Tensor x = arange(40 * 3 * 33, TensorOptions(kLong).device(kCPU)).view({40, 3, 33});
        return x.to(dtype).to(d).permute(order).contiguous();
      })) << toString(dtype);
    }
  }
}

uint64_t launches_of(const std::function<void()>& f) {
  f();  // makes what is made once
  cudasim::settle();
  const uint64_t before = cudasim::counters().launches;
  f();
  cudasim::settle();
  return cudasim::counters().launches - before;
}

TEST(CudaElementwise, AnOperationIsOneLaunchWhateverTheLayout) {
  TensorOptions there = Device("cuda");
  Tensor x = ones({33, 40}, there), row = ones({40}, there), column = ones({33, 1}, there);
  Tensor turned = ones({40, 33}, there).t();
  EXPECT_EQ(launches_of([&] { x + row; }), 1u);
  EXPECT_EQ(launches_of([&] { x* column; }), 1u);
  EXPECT_EQ(launches_of([&] { x / turned; }), 1u);
  EXPECT_EQ(launches_of([&] { x * 3; }), 1u);
  EXPECT_EQ(launches_of([&] { turned.contiguous(); }), 1u);
}

TEST(CudaElementwise, AnOptimizersStepIsOneLaunchForSixtyFourParameters) {
  for (auto [parameters, launches] : {std::pair(5, 1u), std::pair(64, 1u), std::pair(65, 2u)}) {
    std::vector<Tensor> list;
    for (int i = 0; i < parameters; ++i) {
      list.push_back(ones({i + 1, 5}, TensorOptions(Device("cuda"))).requires_grad_());
      list.back().mutable_grad() = ones_like(list.back());
    }
    optim::Adam adam(list);
    EXPECT_EQ(launches_of([&] { adam.step(); }), launches);
    optim::SGD sgd(list, optim::SGDOptions(0.1).momentum(0.9));
    EXPECT_EQ(launches_of([&] { sgd.step(); }), launches);
  }
}

TEST(CudaElementwise, ClippingGradientsNeverWaitsForTheDevice) {
  std::vector<Tensor> list;
  for (int i = 0; i < 3; ++i) {
    list.push_back(ones({4, 5}, TensorOptions(Device("cuda"))).requires_grad_());
    list.back().mutable_grad() = ones_like(list.back());
  }
  nn::utils::clip_grad_norm_(list, 1.0);
  cudasim::settle();
  const uint64_t before = cudasim::counters().synchronizations;
  nn::utils::clip_grad_norm_(list, 1.0);
  nn::utils::clip_grad_value_(list, 0.1);
  EXPECT_EQ(cudasim::counters().synchronizations, before);
}

}  // namespace
}  // namespace adjoint::testing
