// SPDX-License-Identifier: MIT
// TensorIterator: which loops a kernel gets.
#include "core/tensor/tensor_iterator.h"

#include <gtest/gtest.h>

#include <vector>

#include "adjoint/ops.h"

namespace adjoint {
namespace {

using Dims = std::vector<int64_t>;

Dims shape(const TensorIterator& it) { return Dims(it.shape, it.shape + it.ndim); }
Dims strides(const TensorIterator& it, int operand) {
  return Dims(it.strides[operand], it.strides[operand] + it.ndim);
}

TEST(TensorIterator, DenseOperandsAreOneLoop) {
  Tensor a = zeros({4, 3, 5}), b = zeros({4, 3, 5});
  TensorIterator it(a, b);
  EXPECT_EQ(shape(it), Dims{60});
  EXPECT_EQ(strides(it, 0), Dims{4});
  EXPECT_EQ(it.numel, 60);
}

TEST(TensorIterator, OperandsOfOneOrderAreOneLoopWhateverTheOrder) {
  Tensor a = zeros({4, 3, 5}).permute({2, 0, 1}), b = zeros({4, 3, 5}).permute({2, 0, 1});
  TensorIterator it(a, b);
  EXPECT_EQ(shape(it), Dims{60});
  EXPECT_EQ(strides(it, 0), Dims{4});
}

TEST(TensorIterator, TheInnermostLoopWalksTheOutput) {
  Tensor out = zeros({4, 3}), in = zeros({3, 4}).t();
  TensorIterator it(out, in);
  EXPECT_EQ(shape(it), (Dims{3, 4}));
  EXPECT_EQ(strides(it, 0), (Dims{4, 12}));
  EXPECT_EQ(strides(it, 1), (Dims{16, 4}));
}

TEST(TensorIterator, BroadcastDimensionsDoNotMove) {
  Tensor out = zeros({4, 3}), row = zeros({3}), column = zeros({4, 1});
  TensorIterator it(out, row, column);
  EXPECT_EQ(shape(it), (Dims{3, 4}));
  EXPECT_EQ(strides(it, 1), (Dims{4, 0}));
  EXPECT_EQ(strides(it, 2), (Dims{0, 4}));
}

TEST(TensorIterator, NeighboursThatBroadcastAlikeCoalesce) {
  Tensor out = zeros({2, 3, 4, 5}), in = zeros({4, 5});
  TensorIterator it(out, in);
  EXPECT_EQ(shape(it), (Dims{20, 6}));
  EXPECT_EQ(strides(it, 1), (Dims{4, 0}));
}

TEST(TensorIterator, SizeOneDimensionsVanish) {
  Tensor out = zeros({1, 4, 1, 3, 1}), in = zeros({3, 1, 4, 1, 1}).permute({1, 2, 3, 0, 4});
  TensorIterator it(out, in);
  EXPECT_EQ(shape(it), (Dims{3, 4}));
}

TEST(TensorIterator, NumbersAreStoredInside) {
  Tensor out = zeros({3}, kDouble), in = zeros({3}, kDouble);
  TensorIterator it(out, in, 2.5, kDouble);
  EXPECT_TRUE(it.is_scalar_operand(2));
  EXPECT_EQ(it.scalar<double>(2), 2.5);
  EXPECT_EQ(strides(it, 2), Dims{0});
  TensorIterator copy = it;
  EXPECT_EQ(*static_cast<double*>(copy.data(2)), 2.5);
  EXPECT_NE(copy.data(2), it.data(2)) << "a copy has its own";
  TensorIterator first(out, 3, in, kInt);
  EXPECT_EQ(first.scalar<int32_t>(1), 3);
}

TEST(TensorIterator, ZeroDimensionsAreALoopOfOne) {
  Tensor out = zeros({}), in = zeros({});
  TensorIterator it(out, in);
  EXPECT_EQ(shape(it), Dims{1});
  EXPECT_EQ(it.numel, 1);
  TensorIterator spread(zeros({3}), in);
  EXPECT_EQ(strides(spread, 1), Dims{0});
}

TEST(TensorIterator, ReducedLoopsDoNotMoveTheOutput) {
  Tensor in = zeros({2, 3, 4}), out = zeros({2, 1, 1});
  TensorIterator it = TensorIterator::reduction(out, in);
  EXPECT_EQ(shape(it), (Dims{12, 2}));
  EXPECT_EQ(strides(it, 0), (Dims{0, 4}));
  EXPECT_EQ(strides(it, 1), (Dims{4, 48}));
}

TEST(TensorIterator, OffsetsOfViewsAreInTheirPointers) {
  Tensor base = zeros({4, 3}), view = base.select(0, 2);
  TensorIterator it(view);
  EXPECT_EQ(static_cast<char*>(it.data(0)) - static_cast<char*>(base.data_ptr()), 24);
}

}  // namespace
}  // namespace adjoint
