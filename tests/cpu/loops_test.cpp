// SPDX-License-Identifier: MIT
// Element-wise kernels over every layout of their operands: the same bits as over dense ones.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "adjoint/ops.h"

namespace adjoint {
namespace {

/// Elements in row-major order, read by address and not by a kernel.
template <class T>
std::vector<T> values(const Tensor& t) {
  std::vector<T> out;
  std::vector<int64_t> index(size_t(t.dim()), 0);
  if (t.numel() == 0) return out;
  for (;;) {
    int64_t offset = 0;
    for (int64_t d = 0; d < t.dim(); ++d) offset += index[size_t(d)] * t.stride(d);
    out.push_back(static_cast<const T*>(t.data_ptr())[offset]);
    int64_t d = t.dim() - 1;
    while (d >= 0 && ++index[size_t(d)] == t.size(d)) index[size_t(d--)] = 0;
    if (d < 0) return out;
  }
}

Tensor random_tensor(IntArrayRef sizes, unsigned seed) {
  Tensor t = empty(sizes);
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(0.1f, 3.f);
  for (int64_t i = 0; i < t.numel(); ++i) t.data_ptr<float>()[i] = uniform(random);
  return t;
}

/// Tensors of the given sizes in different layouts.
std::vector<Tensor> layouts(int64_t rows, int64_t columns, unsigned seed) {
  Tensor wide = random_tensor({rows * 2, columns * 3}, seed + 4);
  return {
      random_tensor({rows, columns}, seed),
      random_tensor({columns, rows}, seed + 1).t(),
      wide.slice(0, 0, rows * 2, 2).slice(1, 1, columns * 3, 3),
      wide.slice(0, rows, rows * 2).slice(1, columns, columns * 2),
      random_tensor({1, columns}, seed + 2).expand({rows, columns}),
      random_tensor({rows, 1}, seed + 3).expand({rows, columns}),
      random_tensor({}, seed + 5).expand({rows, columns}),
  };
}

TEST(Loops, EveryLayoutGivesTheBitsOfDenseOperands) {
  for (auto [rows, columns] :
       {std::pair<int64_t, int64_t>{1, 1}, {3, 5}, {7, 33}, {64, 10}, {5, 200}}) {
    for (const Tensor& a : layouts(rows, columns, 1)) {
      for (const Tensor& b : layouts(rows, columns, 2)) {
        auto x = values<float>(a), y = values<float>(b);
        auto sum = values<float>(add(a, b, 0.3)), quotient = values<float>(a / b);
        auto plain_sum = values<float>(a + b), product = values<float>(a * b);
        for (size_t i = 0; i < x.size(); ++i) {
          ASSERT_EQ(sum[i], x[i] + 0.3f * y[i]);
          ASSERT_EQ(plain_sum[i], x[i] + y[i]);
          ASSERT_EQ(product[i], x[i] * y[i]);
          ASSERT_EQ(quotient[i], x[i] / y[i]);
        }
      }
      auto dense = exp(tensor(values<float>(a)));
      ASSERT_EQ(values<float>(exp(a)), values<float>(dense));
      auto x = values<float>(a), scaled = values<float>(a * 2.5),
           inverse = values<float>(Scalar(2) / a);
      for (size_t i = 0; i < x.size(); ++i) {
        ASSERT_EQ(scaled[i], x[i] * 2.5f);
        ASSERT_EQ(inverse[i], 2.f / x[i]);
      }
    }
  }
}

TEST(Loops, OutputsMayHaveAnyLayout) {
  for (const Tensor& b : layouts(6, 37, 3)) {
    for (int layout = 0; layout < 4; ++layout) {
      Tensor a = layouts(6, 37, 4)[size_t(layout)];
      auto x = values<float>(a), y = values<float>(b);
      a.mul_(b);
      auto product = values<float>(a);
      for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(product[i], x[i] * y[i]);
      a.copy_(b);
      ASSERT_EQ(values<float>(a), y);
      a.fill_(3);
      ASSERT_EQ(values<float>(a), std::vector<float>(x.size(), 3.f));
    }
  }
}

TEST(Loops, WhatLiesBesideAViewIsLeftAlone) {
  Tensor wide = random_tensor({20, 50}, 5);
  auto before = values<float>(wide);
  Tensor view = wide.slice(0, 2, 19, 3).slice(1, 5, 44, 2);
  view.add_(1);
  auto after = values<float>(wide);
  for (int64_t r = 0; r < 20; ++r) {
    for (int64_t c = 0; c < 50; ++c) {
      bool inside = r >= 2 && r < 19 && (r - 2) % 3 == 0 && c >= 5 && c < 44 && (c - 5) % 2 == 0;
      size_t i = size_t(r * 50 + c);
      ASSERT_EQ(after[i], inside ? before[i] + 1 : before[i]);
    }
  }
}

TEST(Loops, ResultsDoNotDependOnTheNumberOfThreads) {
  const int threads = get_num_threads();
  Tensor a = random_tensor({300, 700}, 6), b = random_tensor({700, 300}, 7).t();
  Tensor row = random_tensor({700}, 8);
  set_num_threads(1);
  auto one = values<float>(exp(a) * b + row);
  set_num_threads(4);
  auto four = values<float>(exp(a) * b + row);
  set_num_threads(threads);
  EXPECT_EQ(one, four);
}

TEST(Loops, ManyDimensionsAreWalkedInAnyOrder) {
  Tensor a = random_tensor({3, 4, 5, 6}, 9);
  Tensor b = random_tensor({6, 1, 4, 1}, 10);
  Tensor permuted = a.permute({3, 0, 1, 2});  // [6, 3, 4, 5]
  auto x = values<float>(permuted), y = values<float>(b.expand({6, 3, 4, 5}));
  auto sum = values<float>(permuted + b);
  for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(sum[i], x[i] + y[i]);
}

template <class In, class Out>
void check_conversion(std::vector<double> numbers) {
  std::vector<In> in;
  for (double x : numbers) in.push_back(In(x));
  // More than a register and more than a block, dense and strided.
  std::vector<In> repeated;
  while (repeated.size() < 1300) repeated.insert(repeated.end(), in.begin(), in.end());
  Tensor t = empty({int64_t(repeated.size())}, scalar_type_of<In>);
  for (size_t i = 0; i < repeated.size(); ++i) static_cast<In*>(t.data_ptr())[i] = repeated[i];
  for (const Tensor& from : {t, t.slice(0, 1, t.size(0), 2)}) {
    auto source = values<In>(from);
    auto converted = values<Out>(from.to(scalar_type_of<Out>));
    Tensor strided = zeros({from.size(0), 3}, scalar_type_of<Out>).select(1, 1);
    strided.copy_(from);
    auto scattered = values<Out>(strided);
    for (size_t i = 0; i < source.size(); ++i) {
      Out expected = Out(source[i]);
      if constexpr (std::is_same_v<Out, Half> || std::is_same_v<Out, BFloat16>) {
        expected = Out(float(source[i]));
        ASSERT_EQ(converted[i].x, expected.x);
        ASSERT_EQ(scattered[i].x, expected.x);
      } else {
        if constexpr (std::is_same_v<Out, bool>) expected = double(source[i]) != 0;
        ASSERT_EQ(converted[i], expected) << double(source[i]);
        ASSERT_EQ(scattered[i], expected) << double(source[i]);
      }
    }
  }
}
template <class In>
void check_conversions_from() {
  std::vector<double> numbers = {0, 1, 2, 3, 17, 100};
  if (!std::is_same_v<In, bool> && !std::is_same_v<In, uint8_t>) {
    numbers.insert(numbers.end(), {1000, 1.5, 0.3, 0.0009765625});
  }
  check_conversion<In, float>(numbers);
  check_conversion<In, double>(numbers);
  check_conversion<In, Half>(numbers);
  check_conversion<In, BFloat16>(numbers);
  check_conversion<In, int64_t>(numbers);
  check_conversion<In, int32_t>(numbers);
  check_conversion<In, bool>(numbers);
  std::erase_if(numbers, [](double x) { return x > 255; });
  check_conversion<In, uint8_t>(numbers);
}

TEST(Copy, ConvertsBetweenAllDtypesAsCxxDoes) {
  check_conversions_from<float>();
  check_conversions_from<double>();
  check_conversions_from<Half>();
  check_conversions_from<BFloat16>();
  check_conversions_from<int64_t>();
  check_conversions_from<int32_t>();
  check_conversions_from<uint8_t>();
  check_conversions_from<bool>();
}

TEST(Copy, RangesAreExact) {
  EXPECT_EQ(values<int64_t>(arange(int64_t(5), int64_t(2000), int64_t(7)))[200], 5 + 7 * 200);
  Tensor t = arange(0.0, 1000.0, 0.1, TensorOptions(kDouble));
  auto x = values<double>(t);
  ASSERT_EQ(x.size(), 10000u);
  for (size_t i = 0; i < x.size(); ++i) ASSERT_EQ(x[i], double(i) * 0.1);
}

}  // namespace
}  // namespace adjoint
