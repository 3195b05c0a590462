// SPDX-License-Identifier: MIT
// The loops of element-wise kernels: every element once, in pieces of any size, in vectors where
// memory allows.
#include "cuda/loop_plan.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "adjoint/ops.h"

namespace adjoint::cuda {
namespace {

using Visit = std::function<void(const LoopPiece&)>;

void for_each_piece(const TensorIterator& iter, int lanes, int64_t limit, const Visit& visit) {
  for_each_piece(
      iter, lanes,
      [](const void* context, const LoopPiece& piece) {
        (*static_cast<const Visit*>(context))(piece);
      },
      &visit, limit);
}

bool in_vectors(const TensorIterator& iter, int lanes = 4) {
  bool vectors = true;
  for_each_piece(iter, lanes, INT32_MAX, [&](const LoopPiece& p) { vectors = p.vectors; });
  return vectors;
}

/// Adds the two inputs as the kernels walk them; the number of pieces.
int add_by_plan(const Tensor& out, const Tensor& a, const Tensor& b, int lanes, int64_t limit) {
  int pieces = 0;
  for_each_piece(TensorIterator(out, a, b), lanes, limit, [&](const LoopPiece& piece) {
    ++pieces;
    auto* to = static_cast<float*>(piece.data[0]);
    auto *x = static_cast<const float*>(piece.data[1]),
         *y = static_cast<const float*>(piece.data[2]);
    const Loops& loops = piece.loops;
    for (uint32_t i = 0; i < loops.count; ++i) {
      uint32_t at[3];
      loops.locate(i, at);
      for (int64_t offset : {at[0], at[1], at[2]}) EXPECT_LE(offset, limit);
      for (uint32_t k = 0; k < uint32_t(piece.vectors ? lanes : 1); ++k) {
        if (loops.last == 0 && at[0] + k >= loops.numel) continue;
        to[at[0] + k] +=
            x[at[1] + (loops.moving >> 1 & 1) * k] + y[at[2] + (loops.moving >> 2 & 1) * k];
      }
    }
  });
  return pieces;
}

Tensor numbers(IntArrayRef sizes) {
  return arange(numel_of(sizes), TensorOptions(kFloat).device(kCPU)).view(sizes);
}
Tensor nothing(IntArrayRef sizes) { return zeros(sizes, TensorOptions(kFloat).device(kCPU)); }

TEST(LoopPlan, VisitsEveryElementOnceInPiecesOfAnySize) {
  struct Case {
    Tensor out, a, b;
  };
  const std::vector<Case> cases = {
      {nothing({37}), numbers({37}), numbers({37})},
      {nothing({6, 8, 4}), numbers({6, 8, 4}), numbers({4})},
      {nothing({6, 8, 4}), numbers({6, 8, 4}), numbers({6, 1, 1})},
      {nothing({6, 8, 5}), numbers({5, 8, 6}).permute({2, 1, 0}), numbers({8, 1})},
      {nothing({64, 48}).t(), numbers({48, 64}), numbers({64, 48}).t()},
      {nothing({7, 9}).slice(1, 0, 9, 2), numbers({7, 9}).slice(1, 1, 6), numbers({7, 5})}};
  for (const Case& c : cases) {
    Tensor expected = c.a + c.b;
    for (int lanes : {1, 4}) {
      for (int64_t limit : {int64_t(3), int64_t(40), int64_t(200), int64_t(INT32_MAX)}) {
        c.out.zero_();
        const int pieces = add_by_plan(c.out, c.a, c.b, lanes, limit);
        EXPECT_GE(pieces, limit == 3 ? 2 : 1);
        EXPECT_LE(pieces, limit == INT32_MAX ? 1 : c.out.numel());
        EXPECT_TRUE(equal(c.out, expected)) << lanes << " lanes, limit " << limit;
      }
    }
  }
}

TEST(LoopPlan, VectorsServeDenseAndBroadcastOperands) {
  const Tensor out = nothing({6, 8});
  EXPECT_TRUE(in_vectors(TensorIterator(out, numbers({6, 8}))));
  EXPECT_TRUE(in_vectors(TensorIterator(out, numbers({6, 8}), numbers({8}))));
  EXPECT_TRUE(in_vectors(TensorIterator(out, numbers({6, 8}), numbers({6, 1}))));
  EXPECT_TRUE(in_vectors(TensorIterator(out, numbers({6, 8}), Scalar(2), kFloat)));
  EXPECT_TRUE(in_vectors(TensorIterator(out, numbers({6, 12}).narrow(1, 4, 8))));
  EXPECT_TRUE(in_vectors(TensorIterator(nothing({37}), numbers({37}))));
}

TEST(LoopPlan, VectorsAreForAlignedMemoryOnly) {
  const Tensor out = nothing({6, 8});
  EXPECT_FALSE(in_vectors(TensorIterator(out, numbers({8, 6}).t())));
  EXPECT_FALSE(in_vectors(TensorIterator(out, numbers({6, 12}).narrow(1, 1, 8))));
  EXPECT_FALSE(in_vectors(TensorIterator(out, numbers({6, 9}).narrow(1, 0, 8))));
  EXPECT_FALSE(in_vectors(TensorIterator(nothing({6, 6}), numbers({6, 6}), numbers({6}))));
  EXPECT_FALSE(in_vectors(TensorIterator(nothing({38}).narrow(0, 1, 37), numbers({37}))));
}

TEST(LoopPlan, AScalarOperandHasNoPointer) {
  for_each_piece(TensorIterator(nothing({6, 8}), numbers({6, 8}), Scalar(2), kFloat), 4, INT32_MAX,
                 [](const LoopPiece& piece) {
                   EXPECT_NE(piece.data[1], nullptr);
                   EXPECT_EQ(piece.data[2], nullptr);
                   EXPECT_EQ(piece.loops.moving, 3u);
                 });
}

}  // namespace
}  // namespace adjoint::cuda
