// SPDX-License-Identifier: MIT
// CPU kernels called directly, for every dtype, against formulas on single elements.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "adjoint/op_registry.h"
#include "adjoint/ops.h"
#include "core/tensor/tensor_iterator.h"

namespace adjoint {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

template <class... Args>
void call(const char* name, Args... args) {
  const OpDef* op = op_registry().find(name);
  ASSERT_NE(op, nullptr) << name;
  static_cast<const Op<void(const Stream&, Args...)>&> (*op)(Stream(), args...);
}
void call_elementwise(const char* name, const TensorIterator& iter) {
  call<const TensorIterator&>(name, iter);
}

template <class S>
constexpr bool is_float = !std::is_integral_v<S>;

/// n values that the type has, with repetitions, and NaN and infinity in floating-point types.
template <class S>
Tensor samples(int64_t n, unsigned seed, bool with_nan = true) {
  Tensor t = empty({n}, scalar_type_of<S>);
  std::mt19937 random(seed);
  for (int64_t i = 0; i < n; ++i) {
    int x = int(random() % 9) - (std::is_same_v<S, uint8_t> ? 0 : 4);
    S value = S(float(x));
    if constexpr (is_float<S>) {
      value = S(float(x) * 0.75f);
      if (with_nan && random() % 16 == 0) value = S(kNan);
      if (with_nan && random() % 16 == 0) value = S(kInf);
    } else if constexpr (std::is_same_v<S, bool>) {
      value = random() & 1;
    }
    static_cast<S*>(t.data_ptr())[i] = value;
  }
  return t;
}
template <class S>
S at(const Tensor& t, int64_t i) {
  return static_cast<const S*>(t.data_ptr())[i];
}
/// What is computed with.
template <class S>
using Number = std::conditional_t<std::is_same_v<S, Half> || std::is_same_v<S, BFloat16>, float, S>;

template <class S>
void expect_same(S actual, S expected, const char* name) {
  Number<S> a = actual, e = expected;
  EXPECT_TRUE(a == e || (a != a && e != e)) << name << ": " << +a << ", expected " << +e;
}

template <class F>
void for_numeric_dtypes(F f) {
  f.template operator()<float>();
  f.template operator()<double>();
  f.template operator()<Half>();
  f.template operator()<BFloat16>();
  f.template operator()<int64_t>();
  f.template operator()<int32_t>();
  f.template operator()<uint8_t>();
}
template <class F>
void for_all_dtypes(F f) {
  for_numeric_dtypes(f);
  f.template operator()<bool>();
}
template <class F>
void for_floating_dtypes(F f) {
  f.template operator()<float>();
  f.template operator()<double>();
  f.template operator()<Half>();
  f.template operator()<BFloat16>();
}

template <class S, class Out>
void check_binary(const char* name, Out (*expected)(Number<S>, Number<S>)) {
  for (int64_t n : {1, 15, 77, 200}) {
    Tensor a = samples<S>(n, 1), b = samples<S>(n, 2), out = empty({n}, scalar_type_of<Out>);
    call_elementwise(name, TensorIterator(out, a, b));
    for (int64_t i = 0; i < n; ++i) {
      expect_same(at<Out>(out, i), expected(at<S>(a, i), at<S>(b, i)), name);
    }
  }
}
template <class S, class Out>
void check_unary(const char* name, Out (*expected)(Number<S>)) {
  for (int64_t n : {1, 15, 77, 200}) {
    Tensor a = samples<S>(n, 3), out = empty({n}, scalar_type_of<Out>);
    call_elementwise(name, TensorIterator(out, a));
    for (int64_t i = 0; i < n; ++i) expect_same(at<Out>(out, i), expected(at<S>(a, i)), name);
  }
}

TEST(CpuKernels, CompareAsCxxDoes) {
  for_all_dtypes([]<class S>() {
    using N = Number<S>;
    check_binary<S, bool>("eq", [](N a, N b) { return a == b; });
    check_binary<S, bool>("ne", [](N a, N b) { return a != b; });
    check_binary<S, bool>("lt", [](N a, N b) { return a < b; });
    check_binary<S, bool>("le", [](N a, N b) { return a <= b; });
    check_binary<S, bool>("gt", [](N a, N b) { return a > b; });
    check_binary<S, bool>("ge", [](N a, N b) { return a >= b; });
    check_binary<S, bool>("logical_and", [](N a, N b) { return a != N(0) && b != N(0); });
    check_binary<S, bool>("logical_or", [](N a, N b) { return a != N(0) || b != N(0); });
    check_unary<S, bool>("logical_not", [](N a) { return a == N(0); });
  });
  for_floating_dtypes(
      []<class S>() { check_unary<S, bool>("isnan", [](Number<S> a) { return a != a; }); });
}

TEST(CpuKernels, ArithmeticAndExtremaOfTwo) {
  for_all_dtypes([]<class S>() {
    using N = Number<S>;
    check_binary<S, S>("mul", [](N a, N b) { return S(a * b); });
    check_binary<S, S>("maximum", [](N a, N b) { return S(a != a || a > b ? a : b); });
    check_binary<S, S>("minimum", [](N a, N b) { return S(a != a || a < b ? a : b); });
  });
  for_floating_dtypes([]<class S>() {
    check_binary<S, S>("div", [](Number<S> a, Number<S> b) { return S(a / b); });
  });
  for_numeric_dtypes([]<class S>() {
    using N = Number<S>;
    check_unary<S, S>("neg", [](N a) { return S(N(-a)); });
    check_unary<S, S>("square", [](N a) { return S(N(a * a)); });
    check_unary<S, S>("abs", [](N a) { return S(a < N(0) ? N(-a) : a); });
    check_unary<S, S>("sign", [](N a) { return S(a > N(0) ? N(1) : a < N(0) ? N(-1) : N(0)); });
  });
  for_floating_dtypes([]<class S>() {
    check_unary<S, S>("sqrt", [](Number<S> a) { return S(std::sqrt(a)); });
    check_unary<S, S>("reciprocal", [](Number<S> a) { return S(1 / a); });
    check_unary<S, S>("rsqrt", [](Number<S> a) { return S(1 / std::sqrt(a)); });
  });
}

/// Relative rounding error of a result stored as S.
template <class S>
constexpr double kRounding = std::is_same_v<S, Half>       ? 0x1p-10
                             : std::is_same_v<S, BFloat16> ? 0x1p-7
                             : std::is_same_v<S, float>    ? 0x1p-19
                                                           : 0x1p-48;

/// An activation whose kernels take no more than tensors, against formulas in double.
void check_activation(const char* name, double (*forward)(double),
                      double (*backward)(double dy, double kept)) {
  for_floating_dtypes([&]<class S>() {
    Tensor x = samples<S>(77, 1), dy = samples<S>(77, 2), out = empty({77}, scalar_type_of<S>);
    // A result stored as S, computed in float.
    const double tolerance = std::max(kRounding<S>, 0x1p-22);
    auto check = [&](int64_t i, double expected) {
      double actual = Number<S>(at<S>(out, i));
      if (std::isnan(expected) || std::isinf(expected)) {
        EXPECT_TRUE(actual == expected || (std::isnan(actual) && std::isnan(expected))) << name;
      } else {
        EXPECT_NEAR(actual, expected, tolerance * (1 + std::abs(expected))) << name;
      }
    };
    if (forward) {
      call_elementwise(name, TensorIterator(out, x));
      for (int64_t i = 0; i < 77; ++i) check(i, forward(Number<S>(at<S>(x, i))));
    } else {
      call_elementwise(name, TensorIterator(out, dy, x));
      for (int64_t i = 0; i < 77; ++i) {
        check(i, backward(Number<S>(at<S>(dy, i)), Number<S>(at<S>(x, i))));
      }
    }
  });
}

TEST(CpuKernels, Activations) {
  check_activation(
      "tanh", [](double x) { return std::tanh(x); }, nullptr);
  check_activation(
      "erf", [](double x) { return std::erf(x); }, nullptr);
  check_activation(
      "sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }, nullptr);
  check_activation(
      "log_sigmoid", [](double x) { return -std::log1p(std::exp(-x)); }, nullptr);
  check_activation("tanh_backward", nullptr, [](double dy, double y) { return dy * (1 - y * y); });
  check_activation("sigmoid_backward", nullptr,
                   [](double dy, double y) { return dy * (1 - y) * y; });
  check_activation("relu_backward", nullptr, [](double dy, double y) { return y <= 0 ? 0 : dy; });
  for_numeric_dtypes([]<class S>() {
    check_unary<S, S>("relu", [](Number<S> a) { return S(a < Number<S>(0) ? Number<S>(0) : a); });
  });
}

TEST(CpuKernels, GeluByErfAndByTanh) {
  std::vector<double> x = {-3, -1.5, -0.2, 0, 0.4, 1, 2.5}, dy = {1, 2, -1, 0.5, 3, -2, 1};
  Tensor input = tensor(x, TensorOptions(kDouble)), gradient = tensor(dy, TensorOptions(kDouble));
  Tensor out = empty_like(input);
  for (bool by_tanh : {false, true}) {
    auto gelu = [by_tanh](double v) {
      double inner = std::sqrt(2 / M_PI) * (v + 0.044715 * v * v * v);
      return 0.5 * v * (1 + (by_tanh ? std::tanh(inner) : std::erf(v / std::sqrt(2.0))));
    };
    call<const TensorIterator&, bool>("gelu", TensorIterator(out, input), by_tanh);
    for (size_t i = 0; i < x.size(); ++i)
      EXPECT_NEAR(at<double>(out, int64_t(i)), gelu(x[i]), 1e-14);
    call<const TensorIterator&, bool>("gelu_backward", TensorIterator(out, gradient, input),
                                      by_tanh);
    for (size_t i = 0; i < x.size(); ++i) {
      double slope = (gelu(x[i] + 1e-5) - gelu(x[i] - 1e-5)) / 2e-5;
      EXPECT_NEAR(at<double>(out, int64_t(i)), dy[i] * slope, 1e-8);
    }
  }
}

TEST(CpuKernels, ScaledAddition) {
  for_all_dtypes([]<class S>() {
    using N = Number<S>;
    for (int alpha : {1, 3}) {
      Tensor a = samples<S>(77, 1), b = samples<S>(77, 2), out = empty({77}, scalar_type_of<S>);
      call<const TensorIterator&, const Scalar&>("add", TensorIterator(out, a, b), Scalar(alpha));
      for (int64_t i = 0; i < 77; ++i) {
        S expected = S(N(N(at<S>(a, i)) + N(alpha) * N(at<S>(b, i))));
        expect_same(at<S>(out, i), expected, "add");
      }
    }
  });
}

TEST(CpuKernels, SelectionAndBounds) {
  for_all_dtypes([]<class S>() {
    Tensor c = samples<bool>(77, 5), a = samples<S>(77, 6), b = samples<S>(77, 7);
    Tensor out = empty({77}, scalar_type_of<S>);
    call_elementwise("where", TensorIterator(out, c, a, b));
    for (int64_t i = 0; i < 77; ++i) {
      expect_same(at<S>(out, i), at<bool>(c, i) ? at<S>(a, i) : at<S>(b, i), "where");
    }
    call<const TensorIterator&, const Scalar&>("masked_fill", TensorIterator(out, a, c), Scalar(1));
    for (int64_t i = 0; i < 77; ++i) {
      expect_same(at<S>(out, i), at<bool>(c, i) ? S(Number<S>(1)) : at<S>(a, i), "masked_fill");
    }
  });
  for_numeric_dtypes([]<class S>() {
    using N = Number<S>;
    Tensor a = samples<S>(77, 8), out = empty({77}, scalar_type_of<S>);
    call<const TensorIterator&, const Scalar&, const Scalar&>("clamp", TensorIterator(out, a),
                                                              Scalar(1), Scalar(2));
    for (int64_t i = 0; i < 77; ++i) {
      N x = at<S>(a, i);
      expect_same(at<S>(out, i), S(x < N(1) ? N(1) : x > N(2) ? N(2) : x), "clamp");
    }
  });
}

TEST(CpuKernels, PowersOfIntegersWrapAndInvert) {
  std::vector<int64_t> bases = {0, 1, -1, 2, -2, 3, 7, -5, 1000003},
                       exponents = {0, 1, 2, 3, 13, 63, 64, -1, -2, -3};
  std::vector<int64_t> x, y;
  for (int64_t a : bases) {
    for (int64_t b : exponents) {
      x.push_back(a);
      y.push_back(b);
    }
  }
  Tensor a = tensor(x), b = tensor(y), out = empty_like(a);
  call_elementwise("pow", TensorIterator(out, a, b));
  for (size_t i = 0; i < x.size(); ++i) {
    int64_t expected;
    if (y[i] >= 0) {
      uint64_t product = 1;
      for (int64_t k = 0; k < y[i]; ++k) product *= uint64_t(x[i]);
      expected = int64_t(product);
    } else {
      expected = x[i] == 1 ? 1 : x[i] == -1 ? (y[i] % 2 == 0 ? 1 : -1) : 0;
    }
    EXPECT_EQ(at<int64_t>(out, int64_t(i)), expected) << x[i] << " ^ " << y[i];
  }
  Tensor byte = full({3}, 3, TensorOptions(kByte)), byte_out = empty({3}, kByte);
  call_elementwise("pow", TensorIterator(byte_out, byte, Scalar(6), kByte));
  EXPECT_EQ(at<uint8_t>(byte_out, 2), uint8_t(729));
}

TEST(CpuKernels, PowersWithOneExponentAreCsPow) {
  for (double exponent : {0.0, 1.0, 2.0, 3.0, -1.0, 0.5, -0.5, 2.5, -3.0}) {
    std::vector<float> x = {0.f,  -0.f,   1.f,   -1.f, 2.f,   -3.f,
                            0.3f, 1e-20f, 1e20f, kInf, -kInf, kNan};
    Tensor a = tensor(x), out = empty_like(a);
    call_elementwise("pow", TensorIterator(out, a, Scalar(exponent), kFloat));
    for (size_t i = 0; i < x.size(); ++i) {
      float expected = float(std::pow(double(x[i]), exponent));
      float actual = at<float>(out, int64_t(i));
      if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(actual)) << x[i] << " ^ " << exponent;
      } else {
        EXPECT_FLOAT_EQ(actual, expected) << x[i] << " ^ " << exponent;
        EXPECT_EQ(std::signbit(actual), std::signbit(expected)) << x[i] << " ^ " << exponent;
      }
    }
  }
}

/// Reduces a [7, 45] matrix along each dimension with both orders of memory, and whole.
template <class S, class Out, class... Args>
void check_reduction(const char* name, bool with_nan,
                     const std::function<double(const std::vector<double>&)>& expected,
                     double tolerance, Args... args) {
  Tensor values = samples<S>(7 * 45, 11, with_nan);
  for (const Tensor& t : {values.reshape({7, 45}), values.reshape({45, 7}).t()}) {
    for (int dim : {0, 1, 2}) {
      int64_t rows = dim == 1 ? 7 : 1, columns = dim == 0 ? 45 : 1;
      Tensor out = empty({rows, columns}, scalar_type_of<Out>);
      call<const TensorIterator&, Args...>(name, TensorIterator::reduction(out, t), args...);
      for (int64_t o = 0; o < rows * columns; ++o) {
        std::vector<double> elements;
        for (int64_t r = 0; r < 7; ++r) {
          for (int64_t c = 0; c < 45; ++c) {
            if ((dim == 1 && r != o) || (dim == 0 && c != o)) continue;
            elements.push_back(double(Number<S>(at<S>(t, r * t.stride(0) + c * t.stride(1)))));
          }
        }
        // Too large for Half is infinity.
        double e = expected(elements);
        if (std::isinf(float(Number<Out>(Out(Number<Out>(e)))))) e = std::copysign(kInf, e);
        double a = double(Number<Out>(at<Out>(out, o)));
        if (std::isnan(e) || std::isinf(e)) {
          EXPECT_TRUE(a == e || (std::isnan(e) && std::isnan(a))) << name << " " << a << " " << e;
        } else {
          EXPECT_NEAR(a, e, tolerance * std::abs(e)) << name << ", dim " << dim;
        }
      }
    }
  }
}

double largest(const std::vector<double>& v) {
  double r = -kInf;
  for (double x : v) r = std::isnan(r) || std::isnan(x) ? kNan : std::max(r, x);
  return r;
}
double smallest(const std::vector<double>& v) {
  double r = kInf;
  for (double x : v) r = std::isnan(r) || std::isnan(x) ? kNan : std::min(r, x);
  return r;
}

TEST(CpuKernels, ExtremaOfMany) {
  for_all_dtypes([]<class S>() {
    for (bool with_nan : {false, true}) {
      check_reduction<S, S>("max", with_nan, largest, 0);
      check_reduction<S, S>("min", with_nan, smallest, 0);
    }
  });
  check_reduction<bool, bool>("any", false, largest, 0);
  check_reduction<bool, bool>("all", false, smallest, 0);
}

TEST(CpuKernels, Products) {
  auto product = [](const std::vector<double>& v) {
    double r = 1;
    for (double x : v) r *= x;
    return r;
  };
  check_reduction<float, float>("prod", true, product, kRounding<float>);
  check_reduction<double, double>("prod", true, product, kRounding<double>);
  check_reduction<int64_t, int64_t>("prod", false, product, 0);
  Tensor t = tensor(std::vector<int64_t>{2, -3, 5}), out = empty({1}, kLong);
  call_elementwise("prod", TensorIterator::reduction(out, t));
  EXPECT_EQ(at<int64_t>(out, 0), -30);
}

TEST(CpuKernels, Norms) {
  for_floating_dtypes([]<class S>() {
    for (bool with_nan : {false, true}) {
      for (double p : {0.0, 1.0, 2.0, 3.0, 0.5, double(kInf), -double(kInf)}) {
        auto norm = [p](const std::vector<double>& v) {
          std::vector<double> magnitudes;
          double total = 0;
          for (double x : v) {
            magnitudes.push_back(std::abs(x));
            total += p == 0 ? double(x != 0) : std::isnan(x) ? x : std::pow(std::abs(x), p);
          }
          if (p == kInf) return largest(magnitudes);
          if (p == -kInf) return smallest(magnitudes);
          return p == 0 ? total : std::pow(total, 1 / p);
        };
        Scalar scalar(p);
        check_reduction<S, S, const Scalar&>("norm", with_nan, norm, kRounding<S>, scalar);
      }
    }
  });
}

template <class S>
void check_search(const char* name, const char* arg_name, bool max) {
  for (bool with_nan : {false, true}) {
    Tensor values = samples<S>(3 * 41 * 5, 12, with_nan);
    for (const Tensor& t :
         {values.reshape({3, 41, 5}), values.reshape({5, 41, 3}).permute({2, 1, 0}),
          values.reshape({41, 3, 5}).transpose(0, 1)}) {
      for (int64_t dim : {0, 1, 2}) {
        int64_t size[] = {t.size(0), t.size(1), t.size(2)};
        const int64_t n = size[dim];
        size[dim] = 1;
        Tensor found = empty({size[0], size[1], size[2]}, scalar_type_of<S>);
        Tensor where = empty({size[0], size[1], size[2]}, kLong), arg = empty_like(where);
        call<const Tensor&, const Tensor&, const Tensor&, int64_t>(name, found, where, t, dim);
        if constexpr (!std::is_same_v<S, bool>) {
          call<const Tensor&, const Tensor&, int64_t>(arg_name, arg, t, dim);
        }
        for (int64_t i = 0; i < where.numel(); ++i) {
          int64_t a = i / (size[1] * size[2]), b = i / size[2] % size[1], c = i % size[2];
          auto element = [&](int64_t k) {
            return Number<S>(
                at<S>(t, a * t.stride(0) + b * t.stride(1) + c * t.stride(2) + k * t.stride(dim)));
          };
          int64_t best = 0;
          for (int64_t k = 1; k < n; ++k) {
            auto x = element(k), y = element(best);
            if (y == y && (x != x || (max ? x > y : x < y))) best = k;
          }
          ASSERT_EQ(at<int64_t>(where, i), best) << name << " along " << dim;
          expect_same(at<S>(found, i), S(element(best)), name);
          if constexpr (!std::is_same_v<S, bool>) {
            ASSERT_EQ(at<int64_t>(arg, i), best);
          }
        }
      }
    }
  }
}

TEST(CpuKernels, ExtremaAreFoundAtTheirFirstPlace) {
  for_all_dtypes([]<class S>() {
    check_search<S>("max_dim", "argmax", true);
    check_search<S>("min_dim", "argmin", false);
  });
}

}  // namespace
}  // namespace adjoint
