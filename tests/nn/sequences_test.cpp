// SPDX-License-Identifier: MIT
// Sequences of several lengths: packed and padded again, and hidden from a Transformer by masks.
#include <gtest/gtest.h>

#include <limits>

#include "adjoint/adjoint.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

namespace rnn = nn::utils::rnn;

TEST(PackedSequence, OfAnyOrderIsPaddedBackToWhatItWas) {
  // The lengths' order and its inverse differ.
  const TensorOptions host = TensorOptions(kLong).device(kCPU);
  const Tensor lengths = tensor({2, 1, 3}, host), x = arange(1, 10, kFloat).reshape({3, 3});
  const rnn::PackedSequence packed = rnn::pack_padded_sequence(x, lengths, true, false);
  EXPECT_TRUE(equal(packed.sorted_indices(), tensor({2, 0, 1}, kLong)));
  EXPECT_TRUE(equal(packed.unsorted_indices(), tensor({1, 2, 0}, kLong)));
  EXPECT_TRUE(equal(packed.batch_sizes(), tensor({3, 2, 1}, host)));
  EXPECT_TRUE(equal(packed.data(), tensor({7., 1., 4., 8., 2., 9.})));
  const auto [padded, counts] = rnn::pad_packed_sequence(packed, true, -1.0, 4);
  EXPECT_TRUE(equal(padded, tensor({{1., 2., -1., -1.}, {4., -1., -1., -1.}, {7., 8., 9., -1.}})));
  EXPECT_TRUE(equal(counts, lengths));
}

struct MaskedTransformer : ::testing::Test {
  MaskedTransformer()
      : net((manual_seed(8),
             nn::Transformer(nn::TransformerOptions(4, 2, 1, 1).dim_feedforward(8).dropout(0)))),
        src(randn({3, 1, 4})),
        tgt(randn({3, 1, 4})) {}

  /// `t` [steps, n, d] with another step 1.
  static Tensor changed(const Tensor& t) {
    Tensor other = t.clone();
    other[1].mul_(-2).add_(1);
    return other;
  }

  NoGradGuard no_grad;
  nn::Transformer net;
  Tensor src, tgt;
};

TEST_F(MaskedTransformer, SeesNoTargetThatIsPadding) {
  const Tensor padding = tensor({{false, true, false}});
  auto run = [&](const Tensor& t, const Tensor& mask) {
    return net->forward(src, t, {}, {}, {}, {}, mask, {}).select(0, 2);
  };
  EXPECT_TRUE(same_bits(run(changed(tgt), padding), run(tgt, padding)));
  EXPECT_FALSE(is_close(run(changed(tgt), {}), run(tgt, {})));
}

TEST_F(MaskedTransformer, SeesNoMemoryThatIsMasked) {
  const double never = -std::numeric_limits<double>::infinity();
  const Tensor alone = zeros({3, 3}).masked_fill(eye(3) == 0, never);
  const Tensor mask = tensor({{0., never, 0.}, {0., never, 0.}, {0., never, 0.}});
  auto run = [&](const Tensor& s, const Tensor& memory_mask) {
    return net->forward(s, tgt, alone, {}, memory_mask, {}, {}, {});
  };
  EXPECT_TRUE(same_bits(run(changed(src), mask), run(src, mask)));
  EXPECT_FALSE(is_close(run(changed(src), {}), run(src, {})));
}

TEST_F(MaskedTransformer, SeesNoTargetThatComesLater) {
  const double never = -std::numeric_limits<double>::infinity();
  const Tensor mask = nn::TransformerImpl::generate_square_subsequent_mask(3);
  EXPECT_TRUE(equal(mask, tensor({{0., never, never}, {0., 0., never}, {0., 0., 0.}})));
  auto run = [&](const Tensor& t) { return net->forward(src, t, {}, mask, {}, {}, {}, {}); };
  EXPECT_TRUE(same_bits(run(changed(tgt))[0], run(tgt)[0]));
  EXPECT_FALSE(is_close(run(changed(tgt))[2], run(tgt)[2]));
}

}  // namespace
}  // namespace adjoint::testing
