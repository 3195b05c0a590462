// SPDX-License-Identifier: MIT
// Random numbers: the generator's published test vectors, what tensors take from it, distributions.
#include <algorithm>
#include <cmath>

#include "core/math/philox.h"
#include "tests/support/reference.h"

namespace adjoint::testing {
namespace {

std::vector<uint32_t> words(const math::PhiloxBlock& block) {
  return {block.words, block.words + 4};
}

// The known answers that come with the authors' Random123 library.
TEST(Random, PhiloxGivesThePublishedTestVectors) {
  constexpr uint64_t all = ~uint64_t(0);
  EXPECT_EQ(words(math::philox(0, 0)),
            (std::vector<uint32_t>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(words(math::philox(all, all, all)),
            (std::vector<uint32_t>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(words(math::philox(0x299f31d0a4093822, 0x85a308d3243f6a88, 0x0370734413198a2e)),
            (std::vector<uint32_t>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

/// Draw i of the default generator after manual_seed(seed).
uint32_t draw(uint64_t seed, int64_t i) { return math::philox(seed, uint64_t(i) / 4).words[i % 4]; }

TEST(Random, ElementIOfATensorTakesDrawI) {
  constexpr uint64_t seed = 0x123456789abcdef;
  manual_seed(seed);
  Tensor u = rand({1001}), integers = randint(-5, 5, {7});
  for (int64_t i : {0, 1, 63, 64, 777, 1000}) {
    EXPECT_EQ(u[i].item<float>(), math::uniform_from(draw(seed, i))) << i;
  }
  // What was drawn is used up: 1001 draws are 251 blocks.
  for (int64_t i = 0; i < 7; ++i) {
    EXPECT_EQ(integers[i].item<int64_t>(), int64_t(math::below(draw(seed, 1004 + i), 10)) - 5);
  }
  manual_seed(seed);
  Tensor d = rand({100}, kDouble);
  for (int64_t i : {0, 33, 99}) {
    uint64_t bits = draw(seed, 2 * i) | uint64_t(draw(seed, 2 * i + 1)) << 32;
    EXPECT_EQ(d[i].item<double>(), math::uniform_from(bits)) << i;
  }
  manual_seed(seed);
  Tensor n = randn({101});
  for (int64_t i : {0, 31, 50}) {
    math::BoxMuller<double> pair(math::uniform_from(draw(seed, 2 * i)),
                                 math::uniform_from(draw(seed, 2 * i + 1)));
    EXPECT_NEAR(n[2 * i].item<double>(), pair.first, 1e-5);
    if (i < 50) {
      EXPECT_NEAR(n[2 * i + 1].item<double>(), pair.second, 1e-5);
    }
  }
}

TEST(Random, NumbersDependOnTheSeedAloneNotOnThreads) {
  for (ScalarType dtype : {kFloat, kDouble, kHalf, kBFloat16}) {
    set_num_threads(1);
    manual_seed(5);
    Tensor u = rand({100003}, dtype), n = randn({100003}, dtype);
    set_num_threads(2);
    manual_seed(5);
    EXPECT_TRUE(identical(rand({100003}, dtype), u));
    EXPECT_TRUE(identical(randn({100003}, dtype), n));
    EXPECT_FALSE(identical(rand({100003}, dtype), u));
  }
}

TEST(Random, AStateThatWasKeptGoesOnFromThere) {
  Generator generator(7);
  rand({10}, {}, &generator);
  const Tensor state = generator.get_state();
  Tensor next = randn({10}, {}, &generator);
  generator.set_state(state);
  EXPECT_TRUE(identical(randn({10}, {}, &generator), next));
}

TEST(Random, UniformNumbersStayBelowOneInEveryDtype) {
  manual_seed(3);
  for (ScalarType dtype : {kFloat, kDouble, kHalf, kBFloat16}) {
    Tensor u = rand({200000}, dtype).to(kDouble);
    EXPECT_GE(u.min().item<double>(), 0);
    EXPECT_LT(u.max().item<double>(), 1);
    // 5 standard deviations, and half the step of the dtype's numbers.
    EXPECT_NEAR(u.mean().item<double>(), 0.5, 5 * std::sqrt(1 / 12.0 / 200000) + 0x1p-9);
  }
}

TEST(Random, NormalNumbersHaveTheirMomentsAndTails) {
  manual_seed(4);
  constexpr double n = 400000;
  for (ScalarType dtype : {kFloat, kDouble}) {
    Tensor x = randn({int64_t(n)}, dtype).to(kDouble);
    EXPECT_NEAR(x.mean().item<double>(), 0, 5 / std::sqrt(n));
    EXPECT_NEAR((x * x).mean().item<double>(), 1, 5 * std::sqrt(2 / n));
    EXPECT_NEAR((x * x * x * x).mean().item<double>(), 3, 5 * std::sqrt(96 / n));
    EXPECT_NEAR((x > 1.959964).to(kDouble).mean().item<double>(), 0.025, 5 * std::sqrt(0.025 / n));
  }
}

TEST(Random, IntegersAreUniformInTheirRange) {
  manual_seed(6);
  Tensor x = randint(3, 10, {70000});
  EXPECT_EQ(x.dtype(), kLong);
  for (int64_t v = 3; v < 10; ++v) {
    EXPECT_NEAR((x == v).sum().item<double>(), 10000, 5 * 100) << v;
  }
  EXPECT_EQ((x < 3).sum().item<int64_t>() + (x >= 10).sum().item<int64_t>(), 0);
  int64_t half = int64_t(1) << 62;
  Tensor wide = randint(-half, half, {1000}).to(kDouble) / double(half);
  EXPECT_LT(wide.min().item<double>(), -0.9);
  EXPECT_GT(wide.max().item<double>(), 0.9);
  EXPECT_EQ(randint(5, {3}, kFloat).dtype(), kFloat);
}

TEST(Random, PermutationsHoldEachNumberOnceInAnyOrder) {
  manual_seed(8);
  EXPECT_EQ(randperm(0).numel(), 0);
  Tensor p = randperm(1000).cpu();
  std::vector<int64_t> values(p.data_ptr<int64_t>(), p.data_ptr<int64_t>() + 1000);
  EXPECT_FALSE(std::is_sorted(values.begin(), values.end()));
  std::sort(values.begin(), values.end());
  for (int64_t i = 0; i < 1000; ++i) EXPECT_EQ(values[size_t(i)], i);
  // Each of the 6 orders of 3 comes as often.
  int counts[27] = {};
  for (int i = 0; i < 6000; ++i) {
    Tensor q = randperm(3).cpu();
    const int64_t* v = q.data_ptr<int64_t>();
    ++counts[v[0] * 9 + v[1] * 3 + v[2]];
  }
  for (int order : {5, 7, 11, 15, 19, 21}) EXPECT_NEAR(counts[order], 1000, 150) << order;
}

TEST(Random, FillingInPlaceTakesAnyLayoutAndIsSeenByAutograd) {
  manual_seed(9);
  Tensor expected = rand({3, 2});
  manual_seed(9);
  Tensor base = zeros({2, 3});
  EXPECT_TRUE(identical(base.t().uniform_(), expected));
  EXPECT_TRUE(identical(base.t().contiguous(), expected));
  EXPECT_GT(base._version(), 0);

  Tensor leaf = ones({4}).requires_grad_();
  EXPECT_THROW(leaf.normal_(), Error);
  Tensor x = leaf * 2;
  x.normal_(10, 0.1);
  EXPECT_EQ(std::string(x.grad_fn()->name()), "NormalBackward0");
  EXPECT_GT(x.min().item<double>(), 9);
  Tensor bits = empty({10000}, kBool).bernoulli_(0.25);
  EXPECT_NEAR(bits.sum().item<double>(), 2500, 5 * std::sqrt(10000 * 0.25 * 0.75));
}

TEST(Random, ImpossibleArgumentsAreRefused) {
  EXPECT_THROW(randint(3, 3, {2}), Error);
  EXPECT_THROW(randperm(-1), Error);
  EXPECT_THROW(zeros({2}).uniform_(1, 0), Error);
  EXPECT_THROW(zeros({2}).normal_(0, -1), Error);
  EXPECT_THROW(zeros({2}).bernoulli_(1.5), Error);
  EXPECT_THROW(rand({2}, kLong), NotImplementedError);
}

}  // namespace
}  // namespace adjoint::testing
