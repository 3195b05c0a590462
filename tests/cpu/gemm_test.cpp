// SPDX-License-Identifier: MIT
// The matrix product of every instruction set against a plain loop in double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "cpu/kernels/gemm_isas.h"

namespace adjoint::cpu {
namespace {

/// Numbers in [-1, 1] that differ from one another.
class Numbers {
 public:
  double next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(static_cast<int64_t>(state_) >> 11) / (int64_t{1} << 52);
  }

 private:
  uint64_t state_ = 1;
};

enum class Layout { kRows, kColumns, kPaddedRows, kPaddedColumns, kStrided };
constexpr Layout kLayouts[] = {Layout::kRows, Layout::kColumns, Layout::kPaddedRows,
                               Layout::kPaddedColumns, Layout::kStrided};
constexpr const char* kLayoutNames[] = {"rows", "columns", "padded rows", "padded columns",
                                        "strided"};

/// A matrix as it lies in memory. Memory between its elements is NaN and there is none beyond.
template <class T>
struct Matrix {
  int64_t rows, cols, row, col;
  std::vector<T> memory;

  Matrix(int64_t rows, int64_t cols, Layout layout, Numbers& numbers) : rows(rows), cols(cols) {
    switch (layout) {
      case Layout::kRows:
        row = cols, col = 1;
        break;
      case Layout::kColumns:
        row = 1, col = rows;
        break;
      case Layout::kPaddedRows:
        row = cols + 3, col = 1;
        break;
      case Layout::kPaddedColumns:
        row = 1, col = rows + 5;
        break;
      case Layout::kStrided:
        row = 2 * cols + 3, col = 2;
        break;
    }
    if (rows > 0 && cols > 0) {
      memory.assign(static_cast<size_t>((rows - 1) * row + (cols - 1) * col + 1),
                    std::numeric_limits<T>::quiet_NaN());
    }
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < cols; ++j) at(i, j) = static_cast<T>(numbers.next());
    }
  }
  T& at(int64_t i, int64_t j) { return memory[static_cast<size_t>(i * row + j * col)]; }
};

/// One product with all its operands.
template <class T>
struct Product {
  int64_t m, n, k;
  Matrix<T> a, b, c;
  std::vector<T> bias;
  bool accumulate;
  std::string name;

  Product(int64_t m, int64_t n, int64_t k, Layout layout_a, Layout layout_b, Layout layout_c,
          bool accumulate, bool with_bias, Numbers& numbers)
      : m(m),
        n(n),
        k(k),
        a(m, k, layout_a, numbers),
        b(k, n, layout_b, numbers),
        c(m, n, layout_c, numbers),
        accumulate(accumulate) {
    name = std::to_string(m) + " x " + std::to_string(k) + " by " + std::to_string(k) + " x " +
           std::to_string(n) + ", " + kLayoutNames[static_cast<int>(layout_a)] + " by " +
           kLayoutNames[static_cast<int>(layout_b)] + (accumulate ? ", accumulated" : "") +
           (with_bias ? ", with bias" : "");
    for (int64_t j = 0; with_bias && j < n; ++j) bias.push_back(static_cast<T>(numbers.next()));
  }

  GemmArgs<T> args(std::vector<T>& result) const {
    return {m,
            n,
            k,
            a.memory.data(),
            a.row,
            a.col,
            b.memory.data(),
            b.row,
            b.col,
            result.data(),
            c.row,
            accumulate,
            bias.empty() ? nullptr : bias.data()};
  }
  /// What the result is written into: C, or NaN where it must not be read.
  std::vector<T> target() const {
    if (accumulate) return c.memory;
    return std::vector<T>(c.memory.size(), std::numeric_limits<T>::quiet_NaN());
  }

  void check(const GemmOfIsa<T>& kernels) {
    std::vector<T> result = target();
    kernels.gemm(args(result));
    constexpr double kEpsilon = std::numeric_limits<T>::epsilon();
    std::vector<bool> written(result.size(), false);
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double sum = accumulate ? c.at(i, j) : 0, size = std::abs(sum);
        if (!bias.empty()) {
          sum += bias[static_cast<size_t>(j)];
          size += std::abs(bias[static_cast<size_t>(j)]);
        }
        for (int64_t p = 0; p < k; ++p) {
          const double x = static_cast<double>(a.at(i, p)) * b.at(p, j);
          sum += x;
          size += std::abs(x);
        }
        const size_t at = static_cast<size_t>(i * c.row + j);
        written[at] = true;
        const double bound = static_cast<double>(k + 2) * kEpsilon * size;
        ASSERT_LE(std::abs(result[at] - sum), bound)
            << kernels.isa << ": " << name << ", at " << i << ", " << j;
      }
    }
    for (size_t at = 0; at < result.size(); ++at) {
      ASSERT_TRUE(written[at] || std::isnan(result[at]))
          << kernels.isa << ": " << name << " wrote between the rows of C";
    }
  }
};

template <class T>
class Gemm : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Gemm, Types, );

TYPED_TEST(Gemm, IsBuiltForAnInstructionSetOfThisProcessor) {
  EXPECT_FALSE(gemm_of_isas<TypeParam>().empty());
}

TYPED_TEST(Gemm, EqualsTheDefinitionInEveryLayout) {
  Numbers numbers;
  const int64_t sizes[] = {1, 3, 8, 17, 34};
  for (const auto& kernels : gemm_of_isas<TypeParam>()) {
    for (Layout a : kLayouts) {
      for (Layout b : kLayouts) {
        for (int64_t m : sizes) {
          for (int64_t n : sizes) {
            for (int64_t k : {1, 4, 35}) {
              const bool accumulate = (m + n) % 2 == 0, bias = (n + k) % 2 == 0;
              const Layout c = (m + k) % 2 == 0 ? Layout::kRows : Layout::kPaddedRows;
              Product<TypeParam>(m, n, k, a, b, c, accumulate, bias, numbers).check(kernels);
              if (this->HasFatalFailure()) return;
            }
          }
        }
      }
    }
  }
}

TYPED_TEST(Gemm, EqualsTheDefinitionAtTheEdgesOfTiles) {
  Numbers numbers;
  for (const auto& kernels : gemm_of_isas<TypeParam>()) {
    for (int64_t m = 0; m <= 70; m += m < 26 ? 1 : 11) {
      for (int64_t n = 0; n <= 70; n += n < 26 ? 1 : 3) {
        for (int64_t k : {0, 1, 2, 7, 32}) {
          const Layout a = (m + n + k) % 2 == 0 ? Layout::kRows : Layout::kColumns;
          for (Layout b : {Layout::kRows, Layout::kColumns}) {
            Product<TypeParam>(m, n, k, a, b, Layout::kPaddedRows, n % 3 == 0, m % 3 == 0, numbers)
                .check(kernels);
            if (this->HasFatalFailure()) return;
          }
        }
      }
    }
  }
}

TYPED_TEST(Gemm, EqualsTheDefinitionBeyondTheBlocksOfTheCaches) {
  Numbers numbers;
  const int64_t shapes[][3] = {{70, 130, 300}, {9, 900, 520}, {1, 1000, 700}, {900, 1, 700},
                               {900, 10, 300}, {3, 5, 3000},  {520, 260, 20}};
  for (const auto& kernels : gemm_of_isas<TypeParam>()) {
    for (const auto& [m, n, k] : shapes) {
      for (Layout a : {Layout::kRows, Layout::kColumns}) {
        for (Layout b : {Layout::kRows, Layout::kColumns, Layout::kStrided}) {
          for (bool accumulate : {false, true}) {
            Product<TypeParam>(m, n, k, a, b, Layout::kRows, accumulate, accumulate, numbers)
                .check(kernels);
            if (this->HasFatalFailure()) return;
          }
        }
      }
    }
  }
}

TYPED_TEST(Gemm, IsTheSameToTheLastBitHoweverItIsDividedAmongThreads) {
  Numbers numbers;
  const int64_t shapes[][3] = {{32, 32, 64},  {64, 128, 784}, {128, 784, 64}, {64, 10, 128},
                               {1, 500, 70},  {500, 1, 70},   {130, 49, 288}, {3, 200, 600},
                               {5, 5, 500},   {33, 17, 300},  {200, 450, 20}, {40, 36, 800},
                               {25, 33, 400}, {90, 90, 0}};
  for (const auto& kernels : gemm_of_isas<TypeParam>()) {
    for (const auto& [m, n, k] : shapes) {
      for (Layout a : {Layout::kRows, Layout::kColumns}) {
        for (Layout b : {Layout::kRows, Layout::kColumns}) {
          const Product<TypeParam> product(m, n, k, a, b, Layout::kRows, true, true, numbers);
          std::vector<TypeParam> whole = product.target();
          kernels.gemm(product.args(whole));
          const int64_t tiles = kernels.tile_count(product.args(whole));
          for (int64_t share : {int64_t{1}, int64_t{2}, int64_t{3}, (tiles + 1) / 2, tiles}) {
            std::vector<TypeParam> parts = product.target();
            const auto args = product.args(parts);
            for (int64_t begin = 0; begin < tiles; begin += share) {
              kernels.tiles(args, begin, std::min(begin + share, tiles));
            }
            ASSERT_EQ(std::memcmp(whole.data(), parts.data(), whole.size() * sizeof(TypeParam)), 0)
                << kernels.isa << ": " << product.name << ", " << share << " of " << tiles;
          }
        }
      }
    }
  }
}

TYPED_TEST(Gemm, LetsNaNAndInfinityThroughOnlyToTheirRowsAndColumns) {
  Numbers numbers;
  constexpr auto kInfinity = std::numeric_limits<TypeParam>::infinity();
  const int64_t shapes[][3] = {{1, 20, 9}, {20, 1, 9}, {4, 5, 100}, {40, 50, 30}, {70, 10, 20}};
  for (const auto& kernels : gemm_of_isas<TypeParam>()) {
    for (const auto& [m, n, k] : shapes) {
      for (Layout b : {Layout::kRows, Layout::kColumns}) {
        Product<TypeParam> product(m, n, k, Layout::kRows, b, Layout::kRows, false, false, numbers);
        for (int64_t p = 0; p < k; ++p) product.a.at(0, p) = 0;
        product.b.at(k - 1, n - 1) = kInfinity;
        std::vector<TypeParam> result = product.target();
        kernels.gemm(product.args(result));
        for (int64_t i = 0; i < m; ++i) {
          for (int64_t j = 0; j < n; ++j) {
            const auto x = result[static_cast<size_t>(i * n + j)];
            const bool infinite = j == n - 1;
            EXPECT_TRUE(infinite ? (i == 0 ? std::isnan(x) : std::isinf(x)) : std::isfinite(x))
                << kernels.isa << ": " << product.name << ", " << x << " at " << i << ", " << j;
          }
        }
      }
    }
  }
}

TYPED_TEST(Gemm, HandsLittleWorkToAnotherThreadOnlyInManyTiles) {
  std::vector<TypeParam> none;
  for (const auto& kernels : gemm_of_isas<TypeParam>()) {
    const auto work = [&](int64_t m, int64_t n, int64_t k) {
      const GemmArgs<TypeParam> args{m, n, k, nullptr, k, 1, nullptr, n, 1, nullptr, n};
      const int64_t tiles = kernels.tile_count(args), grain = kernels.grain(args);
      EXPECT_GE(grain, 1);
      return static_cast<double>(tiles) / static_cast<double>(grain);
    };
    EXPECT_LE(work(48, 48, 48), 1) << kernels.isa;
    EXPECT_GE(work(512, 512, 512), 16) << kernels.isa;
    EXPECT_EQ(work(0, 5, 5), 0) << kernels.isa;
    EXPECT_GT(work(100, 100, 0), 0) << kernels.isa;
  }
}

}  // namespace
}  // namespace adjoint::cpu
