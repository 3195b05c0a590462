// SPDX-License-Identifier: MIT
// The vector layer of every instruction set that was built and that this processor has.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "per_isa/vec_functions.h"

namespace adjoint {

namespace cpu {
namespace baseline {
testing::VecFunctions vec_functions();
}
namespace avx2 {
testing::VecFunctions vec_functions();
}
namespace avx512 {
testing::VecFunctions vec_functions();
}
}  // namespace cpu

namespace testing {
namespace {

std::vector<const VecFunctions*> available_sets() {
  std::vector<const VecFunctions*> r;
#if defined(ADJOINT_HAVE_BASELINE)
  static const VecFunctions baseline = cpu::baseline::vec_functions();
  r.push_back(&baseline);
#endif
#if defined(ADJOINT_HAVE_AVX2)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    static const VecFunctions avx2 = cpu::avx2::vec_functions();
    r.push_back(&avx2);
  }
#endif
#if defined(ADJOINT_HAVE_AVX512)
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl")) {
    static const VecFunctions avx512 = cpu::avx512::vec_functions();
    r.push_back(&avx512);
  }
#endif
  return r;
}

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

class Vec : public ::testing::TestWithParam<const VecFunctions*> {};
INSTANTIATE_TEST_SUITE_P(Isa, Vec, ::testing::ValuesIn(available_sets()),
                         [](const auto& info) { return std::string(info.param->isa); });

using Float = FloatFunctions<float>;
using Double = FloatFunctions<double>;

struct Function {
  const char* name;
  UnaryLoop<float> Float::*f32;
  UnaryLoop<double> Double::*f64;
  double (*reference)(double);
};
const Function kTranscendental[] = {
    {"exp", &Float::exp, &Double::exp, std::exp},
    {"expm1", &Float::expm1, &Double::expm1, std::expm1},
    {"log", &Float::log, &Double::log, std::log},
    {"log1p", &Float::log1p, &Double::log1p, std::log1p},
    {"tanh", &Float::tanh, &Double::tanh, std::tanh},
    {"erf", &Float::erf, &Double::erf, std::erf},
    {"sin", &Float::sin, &Double::sin, std::sin},
    {"cos", &Float::cos, &Double::cos, std::cos},
};
const Function kExact[] = {
    {"sqrt", &Float::sqrt, &Double::sqrt, std::sqrt},
    {"abs", &Float::abs, &Double::abs, std::fabs},
    {"neg", &Float::neg, &Double::neg, [](double x) { return -x; }},
    {"floor", &Float::floor, &Double::floor, std::floor},
    {"ceil", &Float::ceil, &Double::ceil, std::ceil},
    {"round", &Float::round, &Double::round, std::nearbyint},
    {"trunc", &Float::trunc, &Double::trunc, std::trunc},
};

/// Every exponent with both signs, zeros, infinities, NaN, subnormals; arguments near the ends of
/// the functions' ranges; halves and integers.
std::vector<float> sample_floats(int mantissas_per_exponent) {
  std::vector<float> r = {0.f,         -0.f,  1.f,    -1.f,   0.5f,      1.5f,      2.5f,
                          -0.5f,       -1.5f, -2.5f,  kInf,   -kInf,     kNan,      8388607.5f,
                          -8388607.5f, 88.7f, 88.73f, -87.4f, -103.9f,   -104.f,    17.4f,
                          -17.4f,      9.02f, 3.93f,  0.6f,   1048575.f, 1048576.f, 1e30f};
  std::mt19937 random(1);
  for (uint32_t exponent = 0; exponent < 255; ++exponent) {
    for (int i = 0; i < mantissas_per_exponent; ++i) {
      uint32_t mantissa = i == 0 ? 0 : i == 1 ? 0x7fffff : random() & 0x7fffff;
      for (uint32_t sign : {0u, 0x80000000u}) {
        r.push_back(std::bit_cast<float>(sign | exponent << 23 | mantissa));
      }
    }
  }
  return r;
}

/// The spacing of floats at `x`.
double float_spacing(double x) {
  int exponent;
  std::frexp(x, &exponent);
  return std::ldexp(1.0, std::max(exponent - 24, -149));
}

/// Whether `actual` is within `ulps` of `exact`, and equal where that is not finite or zero.
bool is_close(float actual, double exact, double ulps) {
  if (std::isnan(exact)) return std::isnan(actual);
  if (exact == 0) return actual == 0 && std::signbit(actual) == std::signbit(exact);
  float rounded = float(exact);
  if (std::isinf(rounded)) return actual == rounded;
  return std::abs(actual - exact) <= ulps * float_spacing(exact);
}

template <class T>
std::vector<T> mapped(UnaryLoop<T> f, const std::vector<T>& in) {
  std::vector<T> out(in.size());
  f(in.data(), sizeof(T), out.data(), int64_t(in.size()));
  return out;
}

TEST_P(Vec, FloatFunctionsAreWithinTwoUlpOfDoubleOnes) {
  std::vector<float> in = sample_floats(1000);
  for (const Function& f : kTranscendental) {
    std::vector<float> out = mapped(GetParam()->f32.*f.f32, in);
    for (size_t i = 0; i < in.size(); ++i) {
      double exact = f.reference(in[i]);
      ASSERT_TRUE(is_close(out[i], exact, 2.0))
          << f.name << "(" << std::hexfloat << in[i] << ") = " << out[i] << ", exactly " << exact;
    }
  }
}

TEST_P(Vec, RoundingFunctionsAreExact) {
  std::vector<float> in = sample_floats(100);
  std::vector<double> wide(in.begin(), in.end());
  for (const Function& f : kExact) {
    std::vector<float> out = mapped(GetParam()->f32.*f.f32, in);
    std::vector<double> wide_out = mapped(GetParam()->f64.*f.f64, wide);
    for (size_t i = 0; i < in.size(); ++i) {
      double exact = f.reference(wide[i]);
      ASSERT_TRUE(is_close(out[i], exact, 0.5)) << f.name << "(" << in[i] << ") = " << out[i];
      ASSERT_TRUE(std::isnan(exact)
                      ? std::isnan(wide_out[i])
                      : std::bit_cast<int64_t>(wide_out[i]) == std::bit_cast<int64_t>(exact))
          << f.name << "(double " << wide[i] << ") = " << wide_out[i];
    }
  }
}

TEST_P(Vec, DoubleFunctionsAreTheCLibrarys) {
  std::vector<float> floats = sample_floats(20);
  std::vector<double> in(floats.begin(), floats.end());
  for (const Function& f : kTranscendental) {
    std::vector<double> out = mapped(GetParam()->f64.*f.f64, in);
    for (size_t i = 0; i < in.size(); ++i) {
      double exact = f.reference(in[i]);
      ASSERT_TRUE(out[i] == exact || (std::isnan(out[i]) && std::isnan(exact)))
          << f.name << "(" << in[i] << ") = " << out[i];
    }
  }
}

TEST_P(Vec, PowIsCsPow) {
  const float special[] = {0.f,        -0.f,       1.f,        -1.f,        2.f,    -2.f,
                           0.5f,       -0.5f,      3.f,        -3.f,        kInf,   -kInf,
                           kNan,       1e-40f,     -1e-40f,    3e38f,       -3e38f, 16777216.f,
                           16777217.f, 33554432.f, 1.0000001f, -0.99999994f};
  std::vector<float> x, y;
  for (float a : special) {
    for (float b : special) {
      x.push_back(a);
      y.push_back(b);
    }
  }
  std::mt19937 random(2);
  std::uniform_real_distribution<float> result_log2(-160, 135), base_log2(-126, 127);
  for (int i = 0; i < 200000; ++i) {
    float base = std::exp2(base_log2(random) * (i % 2 == 0 ? 1.f : 1e-3f));
    float exponent = result_log2(random) / std::log2(base);
    if (i % 3 == 0) {
      base = -base;
      exponent = std::nearbyint(exponent);
    }
    x.push_back(base);
    y.push_back(exponent);
  }
  std::vector<float> out(x.size());
  GetParam()->f32.pow(x.data(), y.data(), out.data(), int64_t(x.size()));
  for (size_t i = 0; i < x.size(); ++i) {
    double exact = std::pow(double(x[i]), double(y[i]));
    // Where double keeps a value that float can't, zero has the sign of the value.
    if (float(exact) == 0) exact = float(exact);
    ASSERT_TRUE(is_close(out[i], exact, 1.0))
        << std::hexfloat << x[i] << " ^ " << y[i] << " = " << out[i] << ", exactly " << exact;
  }

  std::vector<double> wide_x(x.begin(), x.end()), wide_y(y.begin(), y.end()), wide(x.size());
  GetParam()->f64.pow(wide_x.data(), wide_y.data(), wide.data(), int64_t(x.size()));
  for (size_t i = 0; i < x.size(); ++i) {
    double exact = std::pow(wide_x[i], wide_y[i]);
    ASSERT_TRUE(wide[i] == exact || (std::isnan(wide[i]) && std::isnan(exact)));
  }
}

TEST_P(Vec, ResultsDoNotDependOnThePosition) {
  std::vector<float> values = sample_floats(3);
  std::shuffle(values.begin(), values.end(), std::mt19937(3));
  const int64_t n = 5 * GetParam()->f32.lanes + 3;
  auto check = [&](const char* name, UnaryLoop<float> f) {
    for (size_t start = 0; start + size_t(n) < values.size(); start += size_t(n)) {
      std::vector<float> alone(static_cast<size_t>(n));
      for (int64_t i = 0; i < n; ++i) f(&values[start + size_t(i)], 4, &alone[size_t(i)], 1);
      for (int64_t stride : {4, 8, 12, -4}) {
        // The same values, spread out in memory that is full of others.
        std::vector<float> spread(size_t(n * 3), 0.37f), out(size_t(n), -7.f);
        float* first = stride > 0 ? spread.data() : spread.data() + n - 1;
        for (int64_t i = 0; i < n; ++i) first[i * stride / 4] = values[start + size_t(i)];
        for (int64_t length : {n, n - 1, n - GetParam()->f32.lanes + 1}) {
          std::fill(out.begin(), out.end(), -7.f);
          f(first, stride, out.data(), length);
          for (int64_t i = 0; i < n; ++i) {
            float expected = i < length ? alone[size_t(i)] : -7.f;
            ASSERT_EQ(std::bit_cast<uint32_t>(out[size_t(i)]), std::bit_cast<uint32_t>(expected))
                << name << "(" << first[i * stride / 4] << ") at " << i << " of " << length
                << ", stride " << stride;
          }
        }
      }
    }
  };
  for (const Function& f : kTranscendental) check(f.name, GetParam()->f32.*f.f32);
  for (const Function& f : kExact) check(f.name, GetParam()->f32.*f.f32);
}

template <class T>
std::vector<T> arithmetic_samples(int n, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<T> r(static_cast<size_t>(n));
  for (auto&& x : r) {
    uint64_t bits = random();
    if constexpr (std::is_same_v<T, bool>) {
      x = bits & 1;
    } else if constexpr (std::is_integral_v<T>) {
      x = bits % 4 == 0 ? std::numeric_limits<T>::max() : T(bits >> (bits % 48));
    } else {
      x = bits % 16 == 0 ? T(kNan) : bits % 16 == 1 ? T(kInf) : T(int64_t(bits) >> 56) / 8;
    }
  }
  return r;
}

template <class T>
void check_arithmetic(const ArithmeticFunctions<T>& f) {
  using Wrap =
      typename std::conditional_t<std::is_integral_v<T> && !std::is_same_v<T, bool>,
                                  std::make_unsigned<std::conditional_t<
                                      std::is_integral_v<T> && !std::is_same_v<T, bool>, T, int>>,
                                  std::type_identity<T>>::type;
  constexpr bool is_bool = std::is_same_v<T, bool>;
  for (int n = 1; n <= 3 * f.lanes + 1; n += n < f.lanes + 2 ? 1 : 7) {
    auto a_values = arithmetic_samples<T>(n, 1), b_values = arithmetic_samples<T>(n, 2);
    std::unique_ptr<T[]> a(new T[size_t(n)]), b(new T[size_t(n)]), out(new T[size_t(n)]);
    std::unique_ptr<bool[]> truth(new bool[size_t(n)]);
    for (int i = 0; i < n; ++i) {
      a[i] = a_values[size_t(i)];
      b[i] = i % 5 == 0 ? a[i] : b_values[size_t(i)];
    }
    auto check = [&](const char* name, BinaryLoop<T> loop, auto expected) {
      loop(a.get(), b.get(), out.get(), n);
      for (int i = 0; i < n; ++i) {
        T e = expected(a[i], b[i]);
        ASSERT_TRUE(out[i] == e || (e != e && out[i] != out[i]))
            << name << "(" << +a[i] << ", " << +b[i] << ") = " << +out[i] << " of " << n;
      }
    };
    auto check_comparison = [&](const char* name, CompareLoop<T> loop, auto expected) {
      loop(a.get(), b.get(), truth.get(), n);
      for (int i = 0; i < n; ++i) {
        ASSERT_EQ(truth[i], expected(a[i], b[i])) << name << " " << +a[i] << ", " << +b[i];
        ASSERT_LE(std::bit_cast<uint8_t>(truth[i]), 1);
      }
    };
    check("add", f.add, [](T x, T y) { return is_bool ? T(x || y) : T(Wrap(x) + Wrap(y)); });
    check("mul", f.mul, [](T x, T y) { return T(Wrap(x) * Wrap(y)); });
    check("maximum", f.maximum, [](T x, T y) { return x != x ? x : y != y ? y : x > y ? x : y; });
    check("minimum", f.minimum, [](T x, T y) { return x != x ? x : y != y ? y : x < y ? x : y; });
    check_comparison("eq", f.eq, [](T x, T y) { return x == y; });
    check_comparison("ne", f.ne, [](T x, T y) { return x != y; });
    check_comparison("lt", f.lt, [](T x, T y) { return x < y; });
    check_comparison("le", f.le, [](T x, T y) { return x <= y; });
    check_comparison("gt", f.gt, [](T x, T y) { return x > y; });
    check_comparison("ge", f.ge, [](T x, T y) { return x >= y; });
  }
}

TEST_P(Vec, ArithmeticAndComparisonsAreTheScalarOnes) {
  check_arithmetic(GetParam()->float_arithmetic);
  check_arithmetic(GetParam()->double_arithmetic);
  check_arithmetic(GetParam()->long_arithmetic);
  check_arithmetic(GetParam()->int_arithmetic);
  check_arithmetic(GetParam()->byte_arithmetic);
  check_arithmetic(GetParam()->bool_arithmetic);
}

TEST_P(Vec, RegistersAreReducedUpperHalfOntoLowerHalf) {
  const auto& f = GetParam()->float_arithmetic;
  std::mt19937 random(4);
  for (int repeat = 0; repeat < 100; ++repeat) {
    std::vector<float> x(static_cast<size_t>(f.lanes));
    for (float& v : x) v = std::uniform_real_distribution<float>(-1, 1)(random);
    std::vector<float> folded = x;
    for (size_t width = x.size() / 2; width > 0; width /= 2) {
      for (size_t i = 0; i < width; ++i) folded[i] += folded[i + width];
    }
    EXPECT_EQ(f.reduce_add(x.data()), folded[0]);
    EXPECT_EQ(f.reduce_max(x.data()), *std::max_element(x.begin(), x.end()));
    EXPECT_EQ(f.reduce_min(x.data()), *std::min_element(x.begin(), x.end()));
    x[random() % x.size()] = kNan;
    EXPECT_TRUE(std::isnan(f.reduce_max(x.data())));
    EXPECT_TRUE(std::isnan(f.reduce_min(x.data())));
  }
}

TEST_P(Vec, Every16BitFloatWidensExactlyAndComesBack) {
  std::vector<Half> half(65536);
  std::vector<BFloat16> bfloat(65536);
  for (size_t i = 0; i < 65536; ++i) half[i].x = bfloat[i].x = uint16_t(i);
  std::vector<float> wide(65536);
  std::vector<Half> half_back(65536);
  std::vector<BFloat16> bfloat_back(65536);

  GetParam()->half_to_float(half.data(), wide.data(), 65536);
  GetParam()->half_from_float(wide.data(), half_back.data(), 65536);
  for (uint32_t i = 0; i < 65536; ++i) {
    int exponent = int(i >> 10 & 31), mantissa = int(i & 1023);
    float exact = exponent == 31  ? (mantissa == 0 ? kInf : kNan)
                  : exponent == 0 ? std::ldexp(float(mantissa), -24)
                                  : std::ldexp(float(1024 + mantissa), exponent - 25);
    ASSERT_EQ(std::signbit(wide[i]), i >= 32768) << i;
    if (std::isnan(exact)) {
      ASSERT_TRUE(std::isnan(wide[i])) << i;
      ASSERT_TRUE((half_back[i].x & 0x7c00) == 0x7c00 && (half_back[i].x & 0x3ff) != 0) << i;
    } else {
      ASSERT_EQ(std::abs(wide[i]), exact) << i;
      ASSERT_EQ(half_back[i].x, i);
    }
  }

  GetParam()->bfloat16_to_float(bfloat.data(), wide.data(), 65536);
  GetParam()->bfloat16_from_float(wide.data(), bfloat_back.data(), 65536);
  for (uint32_t i = 0; i < 65536; ++i) {
    ASSERT_EQ(std::bit_cast<uint32_t>(wide[i]), i << 16);
    if (std::isnan(wide[i])) {
      ASSERT_TRUE((bfloat_back[i].x & 0x7f80) == 0x7f80 && (bfloat_back[i].x & 0x7f) != 0) << i;
    } else {
      ASSERT_EQ(bfloat_back[i].x, i);
    }
  }
}

/// The bits of `x` in a format with `mantissa` bits behind the point and `max_exponent`, found by
/// integer arithmetic on the exact value: nearest, ties to even.
uint16_t narrowed(float x, int mantissa, int max_exponent) {
  uint32_t bits = std::bit_cast<uint32_t>(x);
  uint32_t sign = bits >> 31 << 15;
  int exponent = std::max(int(bits >> 23 & 255), 1) - 127;
  uint64_t significand = (bits & 0x7fffff) | (bits >> 23 & 255 ? 0x800000 : 0);
  int min_exponent = 1 - max_exponent;
  int drop = 23 - mantissa + std::max(min_exponent - exponent, 0);
  if (drop > 40) drop = 40;
  uint64_t kept = significand >> drop, rest = significand & ((uint64_t(1) << drop) - 1);
  uint64_t half = uint64_t(1) << (drop - 1);
  kept += rest > half || (rest == half && (kept & 1));
  // A carry into the exponent is the right one: the fields lie side by side.
  uint64_t field =
      exponent < min_exponent ? kept : kept + (uint64_t(exponent - min_exponent) << mantissa);
  uint64_t infinity = uint64_t(2 * max_exponent + 1) << mantissa;
  return uint16_t(sign | std::min(field, infinity));
}

TEST_P(Vec, FloatsAreRoundedToNearestEven16BitFloats) {
  std::vector<float> in = sample_floats(500);
  // Ties and their neighbours, in the range of Half and below.
  std::mt19937 random(5);
  for (int i = 0; i < 100000; ++i) {
    uint32_t bits = random();
    bits = (bits & 0x80000000u) | ((100 + bits % 45) << 23) | (random() & 0x7fe000u) | 0x1000u;
    for (uint32_t offset : {0u, 1u, ~0u}) in.push_back(std::bit_cast<float>(bits + offset));
    bits = (random() & 0xffff0000u) | 0x8000u;
    for (uint32_t offset : {0u, 1u, ~0u}) in.push_back(std::bit_cast<float>(bits + offset));
  }
  std::erase_if(in, [](float x) { return std::isnan(x); });
  std::vector<Half> half(in.size());
  std::vector<BFloat16> bfloat(in.size());
  GetParam()->half_from_float(in.data(), half.data(), int64_t(in.size()));
  GetParam()->bfloat16_from_float(in.data(), bfloat.data(), int64_t(in.size()));
  for (size_t i = 0; i < in.size(); ++i) {
    ASSERT_EQ(half[i].x, narrowed(in[i], 10, 15)) << std::hexfloat << in[i];
    ASSERT_EQ(bfloat[i].x, narrowed(in[i], 7, 127)) << std::hexfloat << in[i];
    ASSERT_EQ(Half(in[i]).x, half[i].x) << std::hexfloat << in[i];
    ASSERT_EQ(BFloat16(in[i]).x, bfloat[i].x) << std::hexfloat << in[i];
  }
}

}  // namespace
}  // namespace testing
}  // namespace adjoint
