// SPDX-License-Identifier: MIT
// Element-wise kernels on rows that are not dense: shorter and longer than the blocks in which they
// are picked up and spread out.
#include <gtest/gtest.h>

#include <cstring>

#include "adjoint/ops.h"

namespace adjoint {
namespace {

constexpr ScalarType kEach[] = {kFloat, kDouble, kLong, kInt, kByte, kBool, kHalf, kBFloat16};
constexpr int64_t kLengths[] = {1, 5, 64, 511, 700, 1100};
constexpr int64_t kSteps[] = {1, 2, 3, 7};

/// n elements `step` apart.
Tensor spread_out(int64_t n, int64_t step, ScalarType dtype) {
  Tensor t = (rand({n * step}) * 100).to(dtype);
  return t.slice(0, 0, n * step, step);
}

/// The same values side by side, moved one by one.
Tensor packed(const Tensor& t) {
  const Tensor out = empty(t.sizes(), t.dtype());
  const size_t bytes = elementSize(t.dtype());
  for (int64_t i = 0; i < t.numel(); ++i) {
    std::memcpy(static_cast<char*>(out.data_ptr()) + size_t(i) * bytes,
                static_cast<const char*>(t.data_ptr()) + size_t(i * t.stride(0)) * bytes, bytes);
  }
  return out;
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.sizes() == b.sizes() &&
         std::memcmp(a.data_ptr(), b.data_ptr(), size_t(a.numel()) * elementSize(a.dtype())) == 0;
}

TEST(StridedRows, AreCopiedElementByElement) {
  manual_seed(1);
  for (ScalarType dtype : kEach) {
    for (int64_t n : kLengths) {
      for (int64_t from : kSteps) {
        const Tensor in = spread_out(n, from, dtype), expected = packed(in);
        for (int64_t to : kSteps) {
          const Tensor whole = zeros({n * to}, dtype), out = whole.slice(0, 0, n * to, to);
          Tensor(out).copy_(in);
          EXPECT_TRUE(same_bytes(packed(out), expected))
              << toString(dtype) << " " << n << " " << from << to;
          if (to == 1) continue;
          const Tensor between = packed(whole.slice(0, 1, n * to, to));
          EXPECT_TRUE(same_bytes(between, zeros_like(between)))
              << toString(dtype) << " " << n << " " << to;
        }
      }
    }
  }
}

TEST(StridedRows, OfOneElementFillAnyRow) {
  for (ScalarType dtype : kEach) {
    for (int64_t n : kLengths) {
      for (int64_t to : kSteps) {
        const Tensor whole = zeros({n * to}, dtype), out = whole.slice(0, 0, n * to, to);
        Tensor(out).copy_(ones({1}, kFloat).expand({n}));
        EXPECT_TRUE(same_bytes(packed(out), full({n}, 1, dtype)))
            << toString(dtype) << " " << n << " " << to;
      }
    }
  }
}

TEST(StridedRows, AreConvertedAsDenseOnes) {
  manual_seed(2);
  for (ScalarType from : kEach) {
    const Tensor in = spread_out(700, 2, from), dense = packed(in);
    for (ScalarType to : kEach) {
      const Tensor out = zeros({2100}, to).slice(0, 0, 2100, 3);
      Tensor(out).copy_(in);
      EXPECT_TRUE(same_bytes(packed(out), dense.to(to)))
          << toString(from) << " to " << toString(to);
    }
  }
}

TEST(StridedRows, AreComputedAsDenseOnes) {
  manual_seed(3);
  for (ScalarType dtype : kEach) {
    for (int64_t n : kLengths) {
      for (int64_t step : kSteps) {
        const Tensor a = spread_out(n, step, dtype), b = spread_out(n, 3, dtype),
                     number = spread_out(1, 1, dtype), mask = spread_out(n, step, kBool);
        const Tensor x = packed(a), y = packed(b), all = number.expand({n}),
                     all_packed = packed(all), chosen = packed(mask);
        EXPECT_TRUE(same_bytes(a + b, x + y)) << toString(dtype) << " " << n << " " << step;
        EXPECT_TRUE(same_bytes(a + all, x + all_packed))
            << toString(dtype) << " " << n << " " << step;
        EXPECT_TRUE(same_bytes(all * b, all_packed * y))
            << toString(dtype) << " " << n << " " << step;
        EXPECT_TRUE(same_bytes(where(mask, a, all), where(chosen, x, all_packed)))
            << toString(dtype) << " " << n << " " << step;
        EXPECT_TRUE(same_bytes(lt(a, b), lt(x, y))) << toString(dtype) << " " << n << " " << step;
      }
    }
  }
}

TEST(StridedRows, AreWrittenInPlace) {
  manual_seed(4);
  for (int64_t n : kLengths) {
    for (int64_t step : kSteps) {
      const Tensor a = spread_out(n, step, kFloat), b = spread_out(n, 2, kFloat);
      const Tensor expected = packed(a) * packed(b) + 1;
      Tensor(a).mul_(b).add_(1);
      EXPECT_TRUE(same_bytes(packed(a), expected)) << n << " " << step;
    }
  }
}

}  // namespace
}  // namespace adjoint
