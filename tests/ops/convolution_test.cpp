// SPDX-License-Identifier: MIT
// conv2d: PyTorch's numbers, a plain loop, and its gradients as one another's transposes.
#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

struct Options {
  std::vector<int64_t> stride{1}, padding{0}, dilation{1};
  int64_t groups = 1;
};

Tensor convolve(const Tensor& x, const Tensor& w, const Tensor& b, const Options& o) {
  return conv2d(x, w, b, o.stride, o.padding, o.dilation, o.groups);
}

/// As the definition says, in double.
Tensor plain(const Tensor& input, const Tensor& weight, const Options& o) {
  Tensor x = input.to(kCPU, kDouble).contiguous(), w = weight.to(kCPU, kDouble).contiguous();
  int64_t s[] = {o.stride[0], o.stride.back()}, p[] = {o.padding[0], o.padding.back()},
          d[] = {o.dilation[0], o.dilation.back()};
  int64_t n = x.size(0), c = w.size(1), m = w.size(0), kh = w.size(2), kw = w.size(3);
  int64_t h = (x.size(2) + 2 * p[0] - d[0] * (kh - 1) - 1) / s[0] + 1;
  int64_t v = (x.size(3) + 2 * p[1] - d[1] * (kw - 1) - 1) / s[1] + 1;
  Tensor out = zeros({n, m, h, v}, dtype(kDouble).device(kCPU));
  double* to = out.data_ptr<double>();
  auto at = [](const Tensor& t, int64_t i, int64_t j, int64_t k, int64_t l) {
    return t.data_ptr<double>()[((i * t.size(1) + j) * t.size(2) + k) * t.size(3) + l];
  };
  for (int64_t i = 0; i < n * m * h * v; ++i) {
    int64_t image = i / (m * h * v), o_ = i / (h * v) % m, y = i / v % h, xx = i % v;
    int64_t group = o_ / (m / o.groups);
    for (int64_t t = 0; t < c * kh * kw; ++t) {
      int64_t ch = t / (kh * kw), ky = t / kw % kh, kx = t % kw;
      int64_t iy = y * s[0] - p[0] + ky * d[0], ix = xx * s[1] - p[1] + kx * d[1];
      if (iy < 0 || ix < 0 || iy >= x.size(2) || ix >= x.size(3)) continue;
      to[i] += at(x, image, group * c + ch, iy, ix) * at(w, o_, ch, ky, kx);
    }
  }
  return out.to(input.device());
}

struct Shape {
  std::vector<int64_t> input, weight;
  Options options;
};
const std::vector<Shape>& shapes() {
  static const std::vector<Shape> list{
      {{2, 1, 28, 28}, {8, 1, 3, 3}, {}},
      {{3, 8, 13, 13}, {16, 8, 3, 3}, {}},
      {{2, 3, 9, 11}, {5, 3, 3, 2}, {{2, 3}, {1, 2}, {1}, 1}},
      {{1, 4, 10, 12}, {6, 2, 3, 3}, {{1}, {2}, {2, 1}, 2}},
      {{2, 6, 7, 7}, {6, 1, 5, 5}, {{1}, {2}, {1}, 6}},
      {{2, 2, 8, 9}, {13, 2, 1, 1}, {{3, 2}, {0}, {1}, 1}},
      {{1, 3, 6, 40}, {7, 3, 2, 7}, {{1, 4}, {1, 3}, {2, 3}, 1}},
      {{1, 2, 5, 5}, {3, 2, 3, 3}, {{2}, {4}, {3}, 1}},
      {{1, 40, 6, 6}, {20, 40, 3, 3}, {{1}, {1}, {1}, 1}},   // many taps: several blocks
      {{1, 3, 150, 160}, {4, 3, 3, 3}, {{1}, {1}, {1}, 1}},  // several blocks of rows
      {{40, 2, 4, 4}, {3, 2, 2, 2}, {}},                     // several chunks of images
      {{1, 2, 3, 2}, {2, 2, 2, 2}, {{5}, {1}, {1}, 1}},      // a stride past the kernel
  };
  return list;
}

std::string error_of(const Tensor& x, const Tensor& w, const Tensor& b = {},
                     const Options& o = {}) {
  try {
    convolve(x, w, b, o);
  } catch (const Error& e) {
    return e.message();
  }
  return "none";
}

TEST(Convolution, EqualsPyTorchs) {
  int checked = 0;
  for (const auto& c : reference("modules")["cases"]) {
    if (c["module"] != "Conv2d" || c["options"].value("padding", nlohmann::json(0)).is_string())
      continue;
    Options o;
    const auto& options = c["options"];
    if (options.contains("stride")) o.stride = to_ints(options["stride"]);
    if (options.contains("padding")) o.padding = to_ints(options["padding"]);
    if (options.contains("dilation")) o.dilation = to_ints(options["dilation"]);
    o.groups = options.value("groups", int64_t(1));
    for (ScalarType dtype : {kDouble, kFloat, kHalf, kBFloat16}) {
      Tensor x = to_tensor(c["inputs"]["input"]).to(dtype).requires_grad_();
      Tensor w = to_tensor(c["params"]["weight"]).to(dtype).requires_grad_();
      Tensor b;
      if (c["params"].contains("bias"))
        b = to_tensor(c["params"]["bias"]).to(dtype).requires_grad_();
      Tensor y = convolve(x, w, b, o);
      EXPECT_TRUE(close(y, to_tensor(c["output"]))) << c["name"] << dtype_name(dtype);
      y.backward(to_tensor(c["grad_output"]).to(dtype));
      EXPECT_TRUE(close(x.grad(), to_tensor(c["grads"]["input"])))
          << c["name"] << dtype_name(dtype);
      EXPECT_TRUE(close(w.grad(), to_tensor(c["grads"]["weight"])))
          << c["name"] << dtype_name(dtype);
      if (b.defined()) {
        EXPECT_TRUE(close(b.grad(), to_tensor(c["grads"]["bias"])))
            << c["name"] << dtype_name(dtype);
      }
    }
    ++checked;
  }
  EXPECT_EQ(checked, 13);
}

TEST(Convolution, EqualsThePlainLoopInEveryGeometry) {
  for (const Shape& s : shapes()) {
    SCOPED_TRACE(detail::str(IntArrayRef(s.input), IntArrayRef(s.weight)));
    for (ScalarType dtype : {kDouble, kFloat, kHalf, kBFloat16}) {
      Tensor x = noise(s.input, dtype), w = noise(s.weight, dtype, 2);
      EXPECT_TRUE(close(convolve(x, w, Tensor(), s.options), plain(x, w, s.options)));
    }
  }
}

/// Multiples of 1/8: sums of their products are exact in double.
Tensor eighths(IntArrayRef sizes, uint64_t seed) {
  return (noise(sizes, kDouble, seed) * 16).to(kInt).to(kDouble) / 8;
}

// <g, C(x, w)> = <I(g, w), x> = <W(g, x), w>; and the gradients of I and W likewise.
TEST(Convolution, GradientsOfBothOrdersAreTransposes) {
  for (const Shape& s : shapes()) {
    SCOPED_TRACE(detail::str(IntArrayRef(s.input), IntArrayRef(s.weight)));
    Tensor x = eighths(s.input, 1).requires_grad_(), w = eighths(s.weight, 2).requires_grad_();
    Tensor y = convolve(x, w, Tensor(), s.options);
    Tensor g = eighths(y.sizes(), 3).requires_grad_();
    Tensor product = (y * g).sum();
    std::vector<Tensor> first = autograd::grad({product}, {x, w}, {}, true, true);
    EXPECT_TRUE(close((first[0] * x).sum(), product));
    EXPECT_TRUE(close((first[1] * w).sum(), product));

    Tensor h = eighths(s.input, 4), v = eighths(s.weight, 5);
    std::vector<Tensor> of_input = autograd::grad({(first[0] * h).sum()}, {g, w}, {}, true);
    EXPECT_TRUE(close(of_input[0], plain(h, w, s.options)));
    EXPECT_TRUE(close((of_input[1] * w).sum(), (first[0] * h).sum()));
    std::vector<Tensor> of_weight = autograd::grad({(first[1] * v).sum()}, {g, x}, {}, true);
    EXPECT_TRUE(close(of_weight[0], plain(x, v, s.options)));
    EXPECT_TRUE(close((of_weight[1] * x).sum(), (first[1] * v).sum()));
  }
}

// Many positions, and channels of every number: kernels choose their tiles, and how they divide the
// sums of the weight's gradient, by the shape.
TEST(Convolution, TilesOfEverySizeGiveTheSameSums) {
  const std::vector<Shape> large{
      {{4, 2, 64, 66}, {40, 2, 1, 1}, {}}, {{4, 40, 64, 66}, {2, 40, 1, 1}, {}},
      {{4, 3, 64, 65}, {20, 3, 2, 2}, {}}, {{4, 34, 66, 66}, {20, 34, 2, 1}, {{2}, {1}, {1}, 1}},
      {{8, 9, 20, 20}, {36, 9, 3, 3}, {}}, {{8, 12, 20, 20}, {40, 12, 3, 3}, {}},
      {{9, 1, 20, 21}, {5, 1, 3, 3}, {}},  {{70, 4, 9, 9}, {4, 1, 3, 3}, {{1}, {1}, {1}, 4}},
  };
  for (const Shape& s : large) {
    SCOPED_TRACE(detail::str(IntArrayRef(s.input), IntArrayRef(s.weight)));
    std::vector<Tensor> in_double;
    for (ScalarType dtype : {kDouble, kFloat}) {
      Tensor x = eighths(s.input, 1).to(dtype).requires_grad_(),
             w = eighths(s.weight, 2).to(dtype).requires_grad_();
      Tensor y = convolve(x, w, Tensor(), s.options);
      EXPECT_TRUE(close(y, plain(x, w, s.options)));
      Tensor g = eighths(y.sizes(), 3).to(dtype);
      std::vector<Tensor> grads = autograd::grad({y}, {x, w}, {g});
      if (dtype == kDouble) {
        EXPECT_TRUE(close((grads[0] * x).sum(), (y * g).sum()));
        EXPECT_TRUE(close((grads[1] * w).sum(), (y * g).sum()));
        in_double = grads;
      } else {
        EXPECT_TRUE(close(grads[0], in_double[0]));
        EXPECT_TRUE(close(grads[1], in_double[1]));
      }
    }
  }
}

TEST(Convolution, ReadsImagesOfAnyStrides) {
  Tensor x = noise({2, 9, 8, 3}, kDouble).permute({0, 3, 2, 1}),
         w = noise({3, 4, 2, 2}, kDouble).transpose(0, 1);
  Tensor y = conv2d(x, w);
  EXPECT_TRUE(identical(y, conv2d(x.contiguous(), w.contiguous())));
  x = x.contiguous().requires_grad_();
  w = w.contiguous().requires_grad_();
  Tensor g = noise(y.sizes(), kDouble, 3), turned = g.transpose(2, 3).contiguous().transpose(2, 3);
  std::vector<Tensor> a = autograd::grad({conv2d(x, w)}, {x, w}, {g});
  std::vector<Tensor> b = autograd::grad({conv2d(x, w)}, {x, w}, {turned});
  EXPECT_TRUE(identical(a[0], b[0]));
  EXPECT_TRUE(identical(a[1], b[1]));
}

TEST(Convolution, OfImagesWithoutPixelsIsTheBias) {
  Tensor x = zeros({2, 1, 0, 3}), w = ones({2, 1, 3, 3}), bias = tensor({1., 2.});
  Tensor y = conv2d(x, w, bias, 1, 2);
  EXPECT_TRUE(identical(y, bias.view({1, 2, 1, 1}).expand({2, 2, 2, 5}).contiguous()));
}

TEST(Convolution, NaNAndInfinityReachWhatReadsThemAndNoMore) {
  // The first element of the second row: windows at the first column read it, with their first
  // column; the place behind the first row's last window is next to it in memory.
  const Tensor meets = tensor({1, 0, 0, 1, 0, 0}, kBool),
               taps = tensor({1, 0, 0, 1, 0, 0, 0, 0, 0}, kBool);
  auto not_finite = [](const Tensor& t) { return isnan(t * 0).reshape({-1}); };
  for (double bad : {double(NAN), double(INFINITY)}) {
    Tensor x = zeros({1, 1, 4, 5}, kDouble);
    x.select(2, 1).select(2, 0).fill_(bad);
    Tensor w = ones({1, 1, 3, 3}, TensorOptions(kDouble).requires_grad(true));
    Tensor y = conv2d(x, w);
    EXPECT_TRUE(identical(not_finite(y.detach()), meets));
    y.sum().backward();
    EXPECT_TRUE(identical(not_finite(w.grad()), taps));
  }
}

TEST(Convolution, ResultsAreTheSameForAnyNumberOfThreads) {
  int threads = get_num_threads();
  for (const Shape& s : shapes()) {
    std::vector<int64_t> input = s.input;
    input[0] *= 20;
    Tensor x = noise(input).requires_grad_(), w = noise(s.weight, kFloat, 2).requires_grad_();
    std::vector<Tensor> results[2];
    for (int i = 0; i < 2; ++i) {
      set_num_threads(1 + 2 * i);
      Tensor y = convolve(x, w, Tensor(), s.options);
      results[i] = autograd::grad({(y * y).sum()}, {x, w});
      results[i].push_back(y.detach());
    }
    for (size_t j = 0; j < 3; ++j) {
      EXPECT_TRUE(identical(results[0][j], results[1][j])) << detail::str(IntArrayRef(input)) << j;
    }
  }
  set_num_threads(threads);
}

TEST(Convolution, WhatDoesNotFitIsNamed) {
  Tensor image = ones({1, 1, 4, 4});
  EXPECT_EQ(
      error_of(ones({2, 3}), ones({1, 1, 2, 2})),
      "Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: [2, 3]");
  EXPECT_EQ(
      error_of(ones({1, 2, 4, 4}), ones({1, 1, 2, 2})),
      "Given groups=1, weight of size [1, 1, 2, 2], expected input[1, 2, 4, 4] to have 1 channels, "
      "but got 2 channels instead");
  EXPECT_EQ(error_of(ones({1, 1, 2, 2}), ones({1, 1, 3, 3})),
            "Calculated padded input size per channel: (2 x 2). Kernel size: (3 x 3). Kernel size "
            "can't be "
            "greater than actual input size");
  EXPECT_EQ(
      error_of(ones({1, 3, 4, 4}), ones({2, 1, 2, 2}), {}, {{1}, {0}, {1}, 2}),
      "Given groups=2, weight of size [2, 1, 2, 2], expected input[1, 3, 4, 4] to have 2 channels, "
      "but got 3 channels instead");
  EXPECT_EQ(error_of(image, ones({2, 1, 2, 2}), ones({3})),
            "Given weight of size [2, 1, 2, 2], expected bias to be 1-dimensional with 2 elements, "
            "but got "
            "bias of size [3] instead");
  EXPECT_NE(error_of(image, ones({1, 1, 2, 2}), {}, {{0}, {0}, {1}, 1})
                .find("non-positive stride is not supported"),
            std::string::npos);
  EXPECT_NE(error_of(image, ones({1, 1, 2, 2}), {}, {{1}, {-1}, {1}, 1})
                .find("negative padding is not supported"),
            std::string::npos);
  EXPECT_NE(error_of(image, ones({1, 1, 2, 2}, kDouble))
                .find("expected scalar type Float but found Double"),
            std::string::npos);
  EXPECT_NE(error_of(image.to(kLong), ones({1, 1, 2, 2}, kLong)).find("not implemented for 'Long'"),
            std::string::npos);
}

}  // namespace
}  // namespace adjoint::testing
