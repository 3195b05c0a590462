// SPDX-License-Identifier: MIT
// Reductions, lines and products of shapes that a device divides in more than one way: among
// threads, warps and blocks, with whole vectors and without. The reference is the same operation in
// double on the CPU.
#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

/// Same values as `t`, as the reference takes them.
Tensor exact(const Tensor& t) { return t.detach().to(kCPU, kDouble); }

/// The same numbers, laid out in other ways.
std::vector<Tensor> layouts(IntArrayRef sizes, uint64_t seed) {
  Tensor dense = noise(sizes, kFloat, seed);
  DimVector wider = sizes, turned = sizes;
  const size_t last = sizes.size() - 1;
  wider[last] += 3;
  std::swap(turned[0], turned[last]);
  return {dense, noise(wider, kFloat, seed).narrow(-1, 1, sizes[last]),
          noise(turned, kFloat, seed).transpose(0, -1),
          noise({sizes[0] * 2, sizes[last]}, kFloat, seed)
              .reshape({sizes[0] * 2, sizes[last]})
              .slice(0, 1, sizes[0] * 2, 2)};
}

const int64_t kShapes[][2] = {{1, 70000}, {2, 5001},  {3, 1027},  {40, 260},
                              {700, 33},  {600, 4},   {5000, 3},  {20000, 1},
                              {9, 4096},  {33, 1000}, {2100, 64}, {3, 70000}};

TEST(Large, SumsOfRowsColumnsAndAllAreThoseOfDoubles) {
  for (auto& s : kShapes) {
    for (const Tensor& x : layouts({s[0], s[1]}, 1)) {
      const Tensor y = exact(x);
      for (int64_t dim : {0, 1}) {
        EXPECT_TRUE(close(x.sum({dim}), y.sum({dim}))) << s[0] << "x" << s[1] << " dim " << dim;
        EXPECT_TRUE(close(x.norm(2, {dim}, false), y.norm(2, {dim}, false))) << s[0] << "x" << s[1];
      }
      EXPECT_TRUE(close(x.mean(), y.mean())) << s[0] << "x" << s[1];
    }
  }
}

TEST(Large, SumsOverSomeOfSeveralDimensionsAreThoseOfDoubles) {
  for (auto sizes : {DimVector{30, 7, 64}, DimVector{6, 5, 1003}, DimVector{400, 3, 17}}) {
    const Tensor dense = noise(sizes);
    for (const Tensor& x : {dense, dense.transpose(0, 1), dense.transpose(1, 2)}) {
      for (std::vector<int64_t> dims : {std::vector<int64_t>{0, 2}, {1}, {0, 1}, {1, 2}}) {
        EXPECT_TRUE(close(x.sum(dims), exact(x).sum(dims)));
        EXPECT_TRUE(close(x.norm(3, dims, true), exact(x).norm(3, dims, true)));
      }
    }
  }
}

TEST(Large, SixteenBitNumbersAndIntegersAreReducedInTheirVectors) {
  for (ScalarType dtype : {kHalf, kBFloat16}) {
    for (auto& s : kShapes) {
      const Tensor x = noise({s[0], s[1]}, dtype), y = exact(x);
      EXPECT_TRUE(close(x.sum({0}), y.sum({0}))) << s[0] << "x" << s[1];
      EXPECT_TRUE(close(x.sum({1}), y.sum({1}))) << s[0] << "x" << s[1];
      EXPECT_TRUE(identical(x.max(), y.max().to(dtype))) << s[0] << "x" << s[1];
    }
  }
  for (auto& s : kShapes) {
    const Tensor x = noise_below(1000, {s[0], s[1]}), wide = x.cpu();
    EXPECT_TRUE(identical(x.sum({0}), wide.sum({0}))) << s[0] << "x" << s[1];
    EXPECT_TRUE(identical(x.to(kInt).sum({1}), wide.sum({1}))) << s[0] << "x" << s[1];
    const Tensor bytes = noise_below(256, {s[0], s[1]}, 2).to(kByte), flags = x.lt(999);
    EXPECT_TRUE(identical(bytes.max(), bytes.cpu().to(kLong).max().to(kByte)));
    EXPECT_TRUE(identical(bytes.min(), bytes.cpu().to(kLong).min().to(kByte)));
    EXPECT_TRUE(identical(flags.all(), flags.cpu().to(kLong).min().to(kBool)));
    EXPECT_TRUE(identical(flags.any(0), flags.cpu().to(kLong).sum({0}).gt(0)));
  }
}

TEST(Large, WideColumnsAreReducedInVectors) {
  for (ScalarType dtype : {kFloat, kHalf}) {
    const Tensor x = noise({5, 40000}, dtype);
    EXPECT_TRUE(close(x.sum({0}), exact(x).sum({0})));
    EXPECT_TRUE(identical(std::get<0>(x.max(0)), std::get<0>(exact(x).max(0)).to(dtype)));
  }
}

TEST(Large, TheFirstOfEqualExtremaIsFoundInEveryLayout) {
  for (auto& s : kShapes) {
    // Few different numbers: many ties.
    Tensor x = noise_below(5, {s[0], s[1]}, 3).to(kFloat);
    for (const Tensor& t : {x, x.t().contiguous().t()}) {
      for (int64_t dim : {0, 1}) {
        auto [values, indices] = t.max(dim);
        auto [expected_values, expected] = t.cpu().to(kLong).max(dim);
        EXPECT_TRUE(identical(indices, expected)) << s[0] << "x" << s[1] << " dim " << dim;
        EXPECT_TRUE(identical(values, expected_values.to(kFloat)));
        EXPECT_TRUE(identical(t.argmin(dim), t.cpu().to(kLong).argmin(dim)));
      }
      EXPECT_TRUE(identical(t.argmax(), t.cpu().to(kLong).argmax()));
    }
    Tensor with_nan = x.clone();
    with_nan[s[0] - 1].fill_(NAN);
    EXPECT_TRUE(with_nan.max().isnan().item<bool>());
    EXPECT_EQ(with_nan.argmin().item<int64_t>(), (s[0] - 1) * s[1]);
  }
}

TEST(Large, SoftmaxOfLinesOfEveryLength) {
  for (int64_t n : {2, 31, 130, 513, 1024, 4097, 9000}) {
    for (int64_t others : {1, 3, 70}) {
      for (int64_t dim : {0, 1}) {
        const Tensor dense = noise({others, n}) * 5, x = dim == 1 ? dense : dense.t().contiguous();
        const Tensor y = exact(x);
        EXPECT_TRUE(close(softmax(x, dim), softmax(y, dim))) << n << " " << others;
        EXPECT_TRUE(close(log_softmax(x, dim), log_softmax(y, dim))) << n << " " << others;
        EXPECT_TRUE(close(logsumexp(x, {dim}), logsumexp(y, {dim}))) << n << " " << others;
        for (bool log : {false, true}) {
          auto gradient = [&](const Tensor& of) {
            const Tensor input = of.detach().requires_grad_();
            const Tensor out = log ? log_softmax(input, dim) : softmax(input, dim);
            return autograd::grad({out}, {input}, {noise(x.sizes(), kDouble, 2).to(out)})[0];
          };
          EXPECT_TRUE(close(gradient(x), gradient(y))) << n << " " << others;
        }
      }
    }
  }
}

TEST(Large, ClassLossesOfManySamplesAndManyClasses) {
  const int64_t shapes[][2] = {{1, 3}, {5000, 4}, {300, 130}, {64, 1000}, {3, 9001}};
  for (auto& s : shapes) {
    const Tensor x = noise({s[0], s[1]}) * 3, weight = noise({s[1]}, kFloat, 2).abs() + 0.5;
    const Tensor target = noise_below(s[1], {s[0]}, 3);
    const int64_t ignored = target[s[0] / 2].item<int64_t>();
    for (Reduction reduction : {Reduction::None, Reduction::Mean, Reduction::Sum}) {
      for (double smoothing : {0.0, 0.2}) {
        auto loss_and_gradient = [&](const Tensor& of, const Tensor& w, const Tensor& t,
                                     bool separate) {
          const Tensor input = of.detach().requires_grad_();
          const int64_t ignore = s[0] > 1 ? ignored : -100;
          const Tensor loss = separate ? nll_loss(input, t, w, reduction, ignore)
                                       : cross_entropy(input, t, w, reduction, ignore, smoothing);
          return std::pair(loss.detach(), autograd::grad({loss.sum()}, {input})[0]);
        };
        for (bool separate : {false, true}) {
          auto [loss, gradient] = loss_and_gradient(x, weight, target, separate);
          auto [expected, expected_gradient] =
              loss_and_gradient(exact(x), exact(weight), target.cpu(), separate);
          EXPECT_TRUE(close(loss, expected)) << s[0] << "x" << s[1];
          EXPECT_TRUE(close(gradient, expected_gradient)) << s[0] << "x" << s[1];
        }
      }
    }
  }
}

TEST(Large, NormalizationsOfManyRowsAndLongOnes) {
  const int64_t shapes[][2] = {{700, 6}, {500, 40}, {40, 600}, {9, 9000}, {1, 2}};
  for (auto& s : shapes) {
    auto run = [&](const Tensor& of, bool batch) {
      const Tensor x = of.detach().requires_grad_();
      const Tensor weight = noise({s[1]}, kDouble, 2).to(x).detach().requires_grad_(),
                   bias = noise({s[1]}, kDouble, 3).to(x).detach().requires_grad_();
      Tensor y =
          batch ? batch_norm(x, weight, bias, {}, {}, true) : layer_norm(x, {s[1]}, weight, bias);
      auto grads = autograd::grad({y}, {x, weight, bias}, {noise(y.sizes(), kDouble, 4).to(y)});
      grads.push_back(y.detach());
      return grads;
    };
    for (bool batch : {false, true}) {
      if (batch && s[0] == 1) continue;
      const Tensor x = noise({s[0], s[1]}) + 0.5;
      auto got = run(x, batch), expected = run(exact(x), batch);
      for (size_t i = 0; i < got.size(); ++i) {
        EXPECT_TRUE(close(got[i], expected[i])) << s[0] << "x" << s[1] << " " << batch << " " << i;
      }
    }
  }
}

TEST(Large, BatchNormOfImages) {
  for (auto sizes : {DimVector{2, 3, 5, 5}, DimVector{16, 4, 30, 30}, DimVector{3, 70, 2, 1}}) {
    auto run = [&](const Tensor& of, bool training) {
      const Tensor x = of.detach().requires_grad_();
      const Tensor mean = full({sizes[1]}, 0.1, x.options().requires_grad(false)),
                   var = full({sizes[1]}, 0.8, x.options().requires_grad(false));
      Tensor y = batch_norm(x, {}, {}, mean, var, training);
      return std::vector<Tensor>{autograd::grad({y}, {x}, {noise(sizes, kDouble, 4).to(y)})[0],
                                 y.detach(), mean, var};
    };
    for (bool training : {false, true}) {
      const Tensor x = noise(sizes) + 0.5;
      auto got = run(x, training), expected = run(exact(x), training);
      for (size_t i = 0; i < got.size(); ++i) EXPECT_TRUE(close(got[i], expected[i])) << i;
    }
  }
}

TEST(Large, ProductsOfOperandsOfAnyStrides) {
  for (ScalarType dtype : {kFloat, kDouble, kHalf, kBFloat16}) {
    for (int64_t n : {1, 5, 33}) {
      const Tensor left = noise({2 * n, 14}, dtype), right = noise({7, 40}, dtype, 2);
      const Tensor as[] = {left.slice(0, 0, 2 * n, 2).slice(1, 0, 14, 2),  // no stride of 1
                           left.narrow(0, 0, n).narrow(1, 3, 7), noise({7, n}, dtype).t(),
                           noise({1, 7}, dtype).expand({n, 7}),
                           noise({n, 1}, dtype).expand({n, 7})};
      const Tensor bs[] = {right.narrow(1, 1, 9), noise({9, 7}, dtype).t(),
                           right.slice(1, 0, 18, 2), noise({7, 1}, dtype)};
      for (const Tensor& a : as) {
        for (const Tensor& b : bs) {
          EXPECT_TRUE(close(mm(a, b), mm(exact(a), exact(b))));
          const Tensor bias = noise({b.size(1)}, dtype, 5);
          EXPECT_TRUE(close(addmm(bias, a, b), addmm(exact(bias), exact(a), exact(b))));
          const Tensor batch = noise({3, 7, n}, dtype).transpose(1, 2);
          const Tensor others = b.unsqueeze(0).expand({3, 7, b.size(1)});
          EXPECT_TRUE(close(bmm(batch, others), bmm(exact(batch), exact(others))));
        }
      }
    }
    const Tensor none = empty({3, 0}, dtype), bias = noise({4}, dtype);
    EXPECT_TRUE(identical(mm(none, empty({0, 4}, dtype)), zeros({3, 4}, dtype)));
    EXPECT_TRUE(identical(addmm(bias, none, empty({0, 4}, dtype)), bias.expand({3, 4})));
  }
}

}  // namespace
}  // namespace adjoint::testing
