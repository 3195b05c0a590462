// SPDX-License-Identifier: MIT
// layer_norm and batch_norm.
#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

struct Case {
  Tensor input, weight, bias, mean, var;
  const nlohmann::json* row;

  Case(const nlohmann::json& c, ScalarType dtype) : row(&c) {
    auto get = [&](const char* group, const char* name, ScalarType t) {
      return c[group].contains(name) ? to_tensor(c[group][name]).to(t) : Tensor();
    };
    input = get("inputs", "input", dtype).requires_grad_();
    weight = get("params", "weight", dtype);
    bias = get("params", "bias", dtype);
    for (const Tensor& t : {weight, bias}) {
      if (t.defined()) t.requires_grad_();
    }
    mean = get("buffers", "running_mean", dtype == kDouble ? kDouble : kFloat);
    var = get("buffers", "running_var", dtype == kDouble ? kDouble : kFloat);
  }
  std::vector<Tensor> inputs() const {
    std::vector<Tensor> list{input};
    if (weight.defined()) list.push_back(weight);
    if (bias.defined()) list.push_back(bias);
    return list;
  }
  /// Output and gradients, fused and composed, against PyTorch's.
  void check(const Tensor& out) const {
    EXPECT_TRUE(close(out, to_tensor((*row)["output"])));
    Tensor g = to_tensor((*row)["grad_output"]).to(input.dtype());
    std::vector<Tensor> composed = autograd::grad({out}, inputs(), {g}, true, true);
    std::vector<Tensor> fused = autograd::grad({out}, inputs(), {g});
    std::vector<const char*> names{"input"};
    if (weight.defined()) names.push_back("weight");
    if (bias.defined()) names.push_back("bias");
    for (size_t i = 0; i < names.size(); ++i) {
      SCOPED_TRACE(names[i]);
      Tensor expected = to_tensor((*row)["grads"][names[i]]);
      EXPECT_TRUE(close(fused[i], expected));
      EXPECT_TRUE(close(composed[i], expected));
    }
  }
};

TEST(LayerNorm, EqualsPyTorchs) {
  int checked = 0;
  for (const auto& c : reference("modules")["cases"]) {
    if (c["module"] != "LayerNorm") continue;
    for (ScalarType dtype : {kDouble, kFloat}) {
      SCOPED_TRACE(detail::str(c["name"].get<std::string>(), dtype));
      Case k(c, dtype);
      k.check(layer_norm(k.input, to_ints(c["options"]["normalized_shape"]), k.weight, k.bias,
                         c["options"].value("eps", 1e-5)));
    }
    ++checked;
  }
  EXPECT_EQ(checked, 6);
}

TEST(BatchNorm, EqualsPyTorchs) {
  int checked = 0;
  for (const auto& c : reference("modules")["cases"]) {
    if (c["module"] != "BatchNorm1d" && c["module"] != "BatchNorm2d") continue;
    for (ScalarType dtype : {kDouble, kFloat}) {
      SCOPED_TRACE(detail::str(c["name"].get<std::string>(), dtype));
      Case k(c, dtype);
      const auto& o = c["options"];
      bool train = c["mode"] == "train" || !k.mean.defined();
      double momentum = 0.1;
      if (o.contains("momentum")) {
        // A cumulative average: the weight of this batch is 1 / (batches so far + 1).
        momentum = o["momentum"].is_null()
                       ? 1.0 / (to_tensor(c["buffers"]["num_batches_tracked"]).item<double>() + 1)
                       : o["momentum"].get<double>();
      }
      k.check(batch_norm(k.input, k.weight, k.bias, k.mean, k.var, train, momentum,
                         o.value("eps", 1e-5)));
      if (c["buffers_after"].contains("running_mean")) {
        EXPECT_TRUE(close(k.mean, to_tensor(c["buffers_after"]["running_mean"])));
        EXPECT_TRUE(close(k.var, to_tensor(c["buffers_after"]["running_var"])));
        EXPECT_GT(k.mean._version(), 0);
      }
    }
    ++checked;
  }
  EXPECT_EQ(checked, 14);
}

/// Fused and composed gradients, and those of float and 16-bit inputs against double.
template <class F>
void compare_ways(const F& norm, IntArrayRef sizes, IntArrayRef channel_sizes) {
  Tensor wide;
  std::vector<Tensor> expected;
  for (ScalarType dtype : {kDouble, kFloat, kHalf, kBFloat16}) {
    SCOPED_TRACE(dtype_name(dtype));
    auto input = [&](IntArrayRef s, uint64_t seed) {
      return noise(s, kBFloat16, seed).to(dtype).requires_grad_();
    };
    Tensor x = input(sizes, 1), w = input(channel_sizes, 2), b = input(channel_sizes, 3);
    Tensor y = norm(x, w, b), g = noise(sizes, kBFloat16, 4).to(dtype);
    std::vector<Tensor> composed = autograd::grad({y}, {x, w, b}, {g}, true, true);
    std::vector<Tensor> fused = autograd::grad({y}, {x, w, b}, {g});
    if (dtype == kDouble) {
      wide = y.detach();
      expected = fused;
    }
    EXPECT_TRUE(close(y, wide));
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_TRUE(close(fused[i], expected[i])) << i;
      EXPECT_TRUE(close(composed[i], expected[i])) << i;
    }
  }
}

TEST(LayerNorm, FusedAndComposedGradientsAgree) {
  for (int64_t n : {5, 16, 37, 128}) {
    auto norm = [&](const Tensor& x, const Tensor& w, const Tensor& b) {
      return layer_norm(x, {n}, w, b);
    };
    compare_ways(norm, {3, 7, n}, {n});
  }
}

TEST(BatchNorm, FusedAndComposedGradientsAgree) {
  for (bool training : {true, false}) {
    auto norm = [&](const Tensor& x, const Tensor& w, const Tensor& b) {
      ScalarType dtype = x.dtype() == kDouble ? kDouble : kFloat;
      Tensor mean = full({3}, 0.25, dtype), var = full({3}, 2.0, dtype);
      return batch_norm(x, w, b, mean, var, training);
    };
    compare_ways(norm, {21, 3}, {3});
    compare_ways(norm, {4, 3, 19}, {3});
    compare_ways(norm, {2, 3, 5, 7}, {3});
  }
}

// Central differences of the gradient along a direction.
TEST(Normalization, SecondGradientsAreDerivativesOfTheFirst) {
  for (int which : {0, 1}) {
    Tensor w = noise({3}, kDouble, 2), v = noise({6, 3}, kDouble, 5);
    auto norm = [&](const Tensor& x) {
      return which == 0 ? layer_norm(x, {3}, w)
                        : batch_norm(x, w, Tensor(), Tensor(), Tensor(), true);
    };
    auto gradient = [&](const Tensor& x, bool create) {
      Tensor y = norm(x);
      return autograd::grad({(y * y * y).sum()}, {x}, {}, std::nullopt, create)[0];
    };
    Tensor x = noise({6, 3}, kDouble).requires_grad_();
    Tensor second = autograd::grad({(gradient(x, true) * v).sum()}, {x})[0];
    Tensor base = x.detach();
    double h = 1e-5;
    Tensor up = (base + v * h).requires_grad_(), down = (base - v * h).requires_grad_();
    Tensor difference = (gradient(up, false) - gradient(down, false)) / (2 * h);
    EXPECT_TRUE(allclose(second, difference, 1e-5, 1e-6)) << which;
  }
}

TEST(Normalization, ResultsAreTheSameForAnyNumberOfThreads) {
  int threads = get_num_threads();
  Tensor x = noise({80, 8, 200}).requires_grad_(), w = noise({8}, kFloat, 2).requires_grad_(),
         v = noise({200}, kFloat, 3).requires_grad_();
  std::vector<Tensor> results[2];
  for (int i = 0; i < 2; ++i) {
    set_num_threads(1 + 2 * i);
    Tensor y = batch_norm(x, w, w, Tensor(), Tensor(), true), z = layer_norm(x, {200}, v, v);
    results[i] = autograd::grad({(y * y * y).sum()}, {x, w});
    for (Tensor& t : autograd::grad({(z * z * z).sum()}, {x, v})) results[i].push_back(t);
  }
  set_num_threads(threads);
  for (size_t j = 0; j < 4; ++j) EXPECT_TRUE(identical(results[0][j], results[1][j])) << j;
}

TEST(Normalization, NothingAndNaNPassThrough) {
  EXPECT_EQ(layer_norm(zeros({0, 3}), {3}).size(0), 0);
  Tensor w = ones({3}, TensorOptions().requires_grad(true));
  layer_norm(zeros({0, 3}), {3}, w).sum().backward();
  EXPECT_TRUE(identical(w.grad(), zeros({3})));
  Tensor x = noise({2, 3});
  x.select(0, 0).select(0, 1).fill_(NAN);
  Tensor y = layer_norm(x, {3});
  EXPECT_TRUE(std::isnan(y.sum().item<double>()));
  EXPECT_FALSE(std::isnan(y.select(0, 1).sum().item<double>()));
}

template <class F>
std::string error_of(const F& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.message();
  }
  return "none";
}

TEST(Normalization, WhatDoesNotFitIsNamed) {
  Tensor x = ones({2, 3});
  EXPECT_EQ(
      error_of([&] { layer_norm(x, {2}); }),
      "Given normalized_shape=[2], expected input with shape [*, 2], but got input of size[2, 3]");
  EXPECT_EQ(
      error_of([&] { layer_norm(x, {3}, ones({2})); }),
      "Expected weight to be of same shape as normalized_shape, but got weight of shape [2] and "
      "normalized_shape = [3]");
  EXPECT_EQ(error_of([&] { batch_norm(x, {}, {}, ones({4}), ones({4}), true); }),
            "running_mean should contain 3 elements not 4");
  EXPECT_EQ(error_of([&] {
              batch_norm(ones({1, 3}), {}, {}, {}, {}, true);
            }),
            "Expected more than 1 value per channel when training, got input size [1, 3]");
  EXPECT_NE(error_of([&] {
              batch_norm(x, {}, {}, {}, {}, false);
            }).find("Expected running_mean and running_var to be defined"),
            std::string::npos);
  EXPECT_NE(error_of([&] { layer_norm(x.to(kLong), {3}); }).find("not implemented for 'Long'"),
            std::string::npos);
}

}  // namespace
}  // namespace adjoint::testing
