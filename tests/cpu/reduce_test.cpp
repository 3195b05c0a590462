// SPDX-License-Identifier: MIT
// Reductions over every layout, and the error of long sums.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "adjoint/ops.h"

namespace adjoint {
namespace {

Tensor random_tensor(IntArrayRef sizes, unsigned seed) {
  Tensor t = empty(sizes);
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1.f, 1.f);
  for (int64_t i = 0; i < t.numel(); ++i) t.data_ptr<float>()[i] = uniform(random);
  return t;
}

double element(const Tensor& t, std::initializer_list<int64_t> index) {
  int64_t offset = 0, d = 0;
  for (int64_t i : index) offset += i * t.stride(d++);
  return t.data_ptr<float>()[offset];
}

/// Sums of [a, b, c], and of absolute values, over the dimensions of `mask`, in double; reduced
/// dimensions keep size 1.
std::vector<std::pair<double, double>> reference_sum(const Tensor& t, unsigned mask) {
  int64_t size[3], kept[3];
  for (int d = 0; d < 3; ++d) {
    size[d] = t.size(d);
    kept[d] = mask >> d & 1 ? 1 : size[d];
  }
  std::vector<std::pair<double, double>> out(size_t(kept[0] * kept[1] * kept[2]));
  for (int64_t i = 0; i < size[0]; ++i) {
    for (int64_t j = 0; j < size[1]; ++j) {
      for (int64_t k = 0; k < size[2]; ++k) {
        int64_t a = kept[0] == 1 ? 0 : i, b = kept[1] == 1 ? 0 : j, c = kept[2] == 1 ? 0 : k;
        auto& [total, magnitude] = out[size_t((a * kept[1] + b) * kept[2] + c)];
        total += element(t, {i, j, k});
        magnitude += std::abs(element(t, {i, j, k}));
      }
    }
  }
  return out;
}

TEST(Reduce, SumsOverAnyDimensionsOfAnyLayout) {
  const int64_t shapes[][3] = {{1, 1, 1},    {2, 3, 4},    {3, 1, 129},  {130, 2, 3},  {5, 70, 40},
                               {40, 5, 300}, {2, 2000, 3}, {1, 1, 5000}, {300, 1, 700}};
  for (auto& s : shapes) {
    Tensor dense = random_tensor({s[0], s[1], s[2]}, 1);
    std::vector<Tensor> inputs = {
        dense,
        random_tensor({s[2], s[0], s[1]}, 2).permute({1, 2, 0}),
        random_tensor({s[1], s[0], s[2]}, 3).transpose(0, 1),
        random_tensor({s[0] * 2, s[1], s[2] * 2}, 4)
            .slice(0, 0, s[0] * 2, 2)
            .slice(2, 1, s[2] * 2, 2),
        random_tensor({s[0], 1, s[2]}, 5).expand({s[0], s[1], s[2]}),
    };
    for (const Tensor& t : inputs) {
      for (unsigned mask = 1; mask < 8; ++mask) {
        std::vector<int64_t> dims;
        int64_t count = 1;
        for (int d = 0; d < 3; ++d) {
          if (mask >> d & 1) {
            dims.push_back(d);
            count *= t.size(d);
          }
        }
        auto expected = reference_sum(t, mask);
        Tensor total = sum(t, IntArrayRef(dims), true), average = mean(t, IntArrayRef(dims), true);
        ASSERT_EQ(size_t(total.numel()), expected.size());
        for (size_t i = 0; i < expected.size(); ++i) {
          auto [exact, magnitude] = expected[i];
          // A chain of 16, and a level for each doubling.
          double tolerance = 24 * 0x1p-24 * magnitude;
          ASSERT_NEAR(total.data_ptr<float>()[i], exact, tolerance) << mask;
          ASSERT_NEAR(average.data_ptr<float>()[i], exact / double(count),
                      tolerance / double(count))
              << mask;
        }
      }
    }
  }
}

TEST(Reduce, LongSumsAreAsExactAsPairwiseOnes) {
  // 0.1 in float, ten million times: a naive float sum is off by 8 %.
  const int64_t n = 10'000'000;
  Tensor t = full({n}, 0.1);
  double exact = double(0.1f) * double(n);
  EXPECT_NEAR(sum(t).item<float>() / exact, 1, 8 * 0x1p-24);
  EXPECT_NEAR(sum(t.reshape({n / 10, 10}), 0).data_ptr<float>()[3] / exact * 10, 1, 8 * 0x1p-24);
  EXPECT_NEAR(sum(t.reshape({n / 1000, 1000}), 0).data_ptr<float>()[999] / exact * 1000, 1,
              8 * 0x1p-24);
  EXPECT_NEAR(sum(t.reshape({2, n / 2}), 1).data_ptr<float>()[1] / exact * 2, 1, 8 * 0x1p-24);
}

TEST(Reduce, SixteenBitFloatsAccumulateInFloat) {
  // In BFloat16 itself 256 + 1 is 256.
  for (ScalarType dtype : {kHalf, kBFloat16}) {
    EXPECT_EQ(sum(full({1024}, 1, TensorOptions(dtype))).item<float>(), 1024);
    EXPECT_EQ(sum(full({1024, 3}, 1, TensorOptions(dtype)), 0).to(kFloat).data_ptr<float>()[2],
              1024);
  }
}

TEST(Reduce, IntegersAreSummedInLong) {
  EXPECT_EQ(sum(full({1000}, 255, TensorOptions(kByte))).item<int64_t>(), 255000);
  EXPECT_EQ(sum(full({3}, 2000000000, TensorOptions(kInt))).item<int64_t>(), 6000000000);
  EXPECT_EQ(sum(full({77}, true, TensorOptions(kBool))).item<int64_t>(), 77);
}

TEST(Reduce, ResultsDoNotDependOnTheNumberOfThreads) {
  const int threads = get_num_threads();
  Tensor t = random_tensor({1000, 1003}, 7);
  std::vector<Tensor> results[2];
  for (int i = 0; i < 2; ++i) {
    set_num_threads(i == 0 ? 1 : 5);
    results[i] = {sum(t),
                  sum(t, 0),
                  sum(t, 1),
                  sum(t.t(), 0),
                  sum(t.slice(1, 0, 7), 0),
                  sum(t.slice(0, 0, 7), 1)};
  }
  set_num_threads(threads);
  for (size_t r = 0; r < results[0].size(); ++r) {
    for (int64_t i = 0; i < results[0][r].numel(); ++i) {
      ASSERT_EQ(results[0][r].data_ptr<float>()[i], results[1][r].data_ptr<float>()[i]) << r;
    }
  }
}

TEST(Reduce, NoElementsSumToZero) {
  EXPECT_EQ(sum(empty({0})).item<float>(), 0);
  Tensor t = sum(empty({3, 0}), 1);
  ASSERT_EQ(t.numel(), 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(t.data_ptr<float>()[i], 0);
  EXPECT_TRUE(std::isnan(mean(empty({0})).item<float>()));
}

}  // namespace
}  // namespace adjoint
