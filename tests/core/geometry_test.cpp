// SPDX-License-Identifier: MIT
// Shapes, strides and views.
#include "core/tensor/geometry.h"

#include <gtest/gtest.h>

#include <vector>

#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

std::vector<int64_t> list(IntArrayRef dims) { return dims.vec(); }
using Dims = std::vector<int64_t>;

TEST(Geometry, DimensionsWrapFromTheEnd) {
  EXPECT_EQ(wrap_dim(-1, 3), 2);
  EXPECT_EQ(wrap_dim(2, 3), 2);
  EXPECT_EQ(wrap_dim(-1, 0), 0);
  EXPECT_TRUE(
      throws<IndexError>("expected to be in range of [-3, 2], but got 3", [] { wrap_dim(3, 3); }));
  EXPECT_TRUE(
      throws<IndexError>("expected to be in range of [-1, 0], but got 1", [] { wrap_dim(1, 0); }));
}

TEST(Geometry, ReducedDimensionsAreABitMask) {
  EXPECT_EQ(dim_mask({}, 3), 0b111u);
  EXPECT_EQ(dim_mask({0, -1}, 3), 0b101u);
  EXPECT_EQ(list(reduced_sizes({2, 3, 4}, 0b101, true)), (Dims{1, 3, 1}));
  EXPECT_EQ(list(reduced_sizes({2, 3, 4}, 0b101, false)), Dims{3});
  EXPECT_TRUE(throws<Error>("dim 1 appears multiple times", [] { dim_mask({1, -2}, 3); }));
}

TEST(Geometry, AnOpenSizeIsWorkedOut) {
  EXPECT_EQ(list(infer_sizes({2, -1}, 6)), (Dims{2, 3}));
  EXPECT_EQ(list(infer_sizes({0, 3}, 0)), (Dims{0, 3}));
  EXPECT_EQ(list(infer_sizes({-1, 3}, 0)), (Dims{0, 3}));
  EXPECT_EQ(list(infer_sizes({}, 1)), Dims{});
  EXPECT_TRUE(throws<Error>("shape '[4, -1]' is invalid for input of size 6", [] {
    infer_sizes({4, -1}, 6);
  }));
  EXPECT_TRUE(throws<Error>("only one dimension can be inferred", [] {
    infer_sizes({-1, -1}, 6);
  }));
  EXPECT_TRUE(throws<Error>("ambiguous", [] { infer_sizes({0, -1}, 0); }));
  EXPECT_TRUE(throws<Error>("invalid shape dimension -2", [] { infer_sizes({-2, 3}, 6); }));
}

TEST(Geometry, AViewIsFoundWhereThereIsOne) {
  auto strides = [](IntArrayRef sizes, IntArrayRef old, IntArrayRef wanted) {
    auto found = view_strides(sizes, old, wanted);
    return found ? list(*found) : Dims{-1};
  };
  EXPECT_EQ(strides({2, 3}, {3, 1}, {6}), Dims{1});
  EXPECT_EQ(strides({2, 3}, {3, 1}, {3, 2}), (Dims{2, 1}));
  EXPECT_EQ(strides({2, 3}, {1, 2}, {6}), Dims{-1}) << "a transposed matrix";
  EXPECT_EQ(strides({2, 3}, {1, 2}, {2, 1, 3}), (Dims{1, 6, 2}));
  EXPECT_EQ(strides({4, 6}, {12, 1}, {2, 2, 3, 2}), (Dims{24, 12, 2, 1})) << "rows with gaps";
  EXPECT_EQ(strides({4, 6}, {12, 1}, {24}), Dims{-1});
  EXPECT_EQ(strides({3, 1, 4}, {4, 999, 1}, {12}), Dims{1}) << "the stride of size 1 is nothing";
  EXPECT_EQ(strides({1}, {5}, {}), Dims{});
  EXPECT_EQ(strides({}, {}, {1, 1}), (Dims{1, 1}));
  EXPECT_EQ(strides({0, 3}, {3, 1}, {0, 7}), (Dims{7, 1}));
}

TEST(Geometry, OverlapIsSeen) {
  EXPECT_FALSE(may_overlap({2, 3}, {3, 1}));
  EXPECT_FALSE(may_overlap({2, 3}, {1, 2}));
  EXPECT_FALSE(may_overlap({2, 3}, {12, 2}));
  EXPECT_TRUE(may_overlap({2, 3}, {0, 1}));
  EXPECT_TRUE(may_overlap({3, 2}, {1, 1}));
  EXPECT_FALSE(may_overlap({1, 3}, {0, 1}));
  EXPECT_FALSE(may_overlap({0, 3}, {0, 0}));
  EXPECT_EQ(span_of({2, 3}, {12, 2}), 17);
  EXPECT_EQ(span_of({0, 3}, {12, 2}), 0);
}

TEST(Geometry, SlicesAreClipped) {
  Tensor x = arange(5);
  auto from_to = [&](std::optional<int64_t> a, std::optional<int64_t> b, int64_t step = 1) {
    return to_array(x.slice(0, a, b, step)).values;
  };
  using V = std::vector<double>;
  EXPECT_EQ(from_to(1, 3), (V{1, 2}));
  EXPECT_EQ(from_to(-2, {}), (V{3, 4}));
  EXPECT_EQ(from_to({}, -4), (V{0}));
  EXPECT_EQ(from_to(-99, 99), (V{0, 1, 2, 3, 4}));
  EXPECT_EQ(from_to(4, 2), V{});
  EXPECT_EQ(from_to({}, {}, 2), (V{0, 2, 4}));
  EXPECT_EQ(from_to(1, 4, 2), (V{1, 3}));
}

TEST(Geometry, ContiguousIgnoresStridesOfSizeOne) {
  EXPECT_TRUE(zeros({3, 1}).t().is_contiguous());
  EXPECT_FALSE(zeros({3, 2}).t().is_contiguous());
  EXPECT_TRUE(zeros({0, 2}).t().is_contiguous());
  EXPECT_FALSE(zeros({4}).slice(0, 0, 4, 2).is_contiguous());
}

TEST(Geometry, ATensorHasAtMostEightDimensions) {
  EXPECT_EQ(zeros({1, 1, 1, 1, 1, 1, 1, 1}).dim(), 8);
  EXPECT_TRUE(throws<ValueError>("at most 8 dimensions", [] {
    zeros({1, 1, 1, 1, 1, 1, 1, 1, 1});
  }));
  EXPECT_TRUE(throws<ValueError>("at most 8 dimensions", [] {
    zeros({1, 1, 1, 1, 1, 1, 1, 1}).unsqueeze(0);
  }));
}

TEST(Geometry, ShapesBroadcast) {
  EXPECT_EQ(list(broadcast_shapes({2, 1, 3}, {4, 1})), (Dims{2, 4, 3}));
  EXPECT_EQ(list(broadcast_shapes({}, {0})), Dims{0});
  EXPECT_EQ(list(broadcast_shapes({1}, {0})), Dims{0});
  EXPECT_TRUE(throws<Error>(
      "The size of tensor a (2) must match the size of tensor b (0) at non-singleton dimension 1",
      [] {
        broadcast_shapes({3, 2}, {0});
      }));
}

TEST(FromBlob, SharesMemoryAndGivesItBackOnce) {
  float data[] = {1, 2, 3, 4, 5, 6};
  int deleted = 0;
  {
    Tensor view;
    {
      Tensor t = from_blob(data, {2, 3}, [&](void* p) { deleted += p == data; });
      t.mul_(2);
      view = t.t()[1];
    }
    EXPECT_EQ(deleted, 0);
    EXPECT_TRUE(is_close(view, tensor({4., 10.}, kCPU)));
  }
  EXPECT_EQ(deleted, 1);
  EXPECT_EQ(data[5], 12.0f);
}

TEST(FromBlob, TakesStridesAndSurvivesADeleterThatThrows) {
  double data[] = {1, 2, 3, 4};
  Tensor t = from_blob(
      data, {2, 2}, {1, 2}, [](void*) { throw 1; }, kDouble);
  EXPECT_TRUE(is_close(t, tensor({{1., 3.}, {2., 4.}}, dtype(kDouble).device(kCPU))));
  t.reset();
  EXPECT_TRUE(throws<Error>("from_blob: got sizes [2] but strides [1, 1]", [&] {
    from_blob(
        data, {2}, {1, 1}, [](void*) {}, kDouble);
  }));
}

}  // namespace
}  // namespace adjoint::testing
