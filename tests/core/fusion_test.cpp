// SPDX-License-Identifier: MIT
// Chains of element-wise calls in a replay are done tile by tile, and nobody can tell by the
// results.
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "adjoint/adjoint.h"
#include "adjoint/op_registry.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

using Inputs = std::vector<Tensor>;
using Body = std::function<std::vector<Tensor>(const Tensor&)>;

/// Steps of `make_body()`, captured and eager, with the same inputs: all that they return is equal.
/// Returns what was recorded.
struct Recorded {
  CaptureStats stats;
  std::string calls;
};
Recorded compare(const std::function<Body()>& make_body, const Inputs& inputs) {
  const Body eager = make_body();
  std::vector<std::vector<Tensor>> expected;
  for (const Tensor& x : inputs) {
    expected.emplace_back();
    for (const Tensor& t : eager(x)) expected.back().push_back(t.detach().clone());
  }
  auto step = capture(make_body());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<Tensor>& out = step.replay(inputs[i]);
    EXPECT_EQ(out.size(), expected[i].size());
    for (size_t k = 0; k < out.size(); ++k)
      EXPECT_TRUE(same_bits(out[k], expected[i][k])) << "output " << k << " of step " << i;
  }
  EXPECT_GE(step.stats().num_replays + 2, inputs.size());
  return {step.stats(), step.str()};
}
Recorded compare(const Body& body, const Inputs& inputs) {
  return compare([&] { return body; }, inputs);
}

class Fusion : public ::testing::Test {
 protected:
  static Inputs random_inputs(IntArrayRef sizes, ScalarType dtype = kFloat, int n = 4) {
    manual_seed(5);
    Inputs inputs;
    for (int i = 0; i < n; ++i) inputs.push_back((randn(sizes) * 3).to(dtype));
    return inputs;
  }
  void TearDown() override { set_num_threads(threads_); }

 private:
  DefaultDevice cpu_{kCPU};  // other devices have graphs
  int threads_ = get_num_threads();
};

// A number of elements that neither tiles nor registers divide.
constexpr int64_t kMany = 100003;

TEST_F(Fusion, AChainIsDoneTogetherAndToTheSameBits) {
  for (ScalarType dtype : {kFloat, kDouble, kHalf, kBFloat16}) {
    const Recorded found = compare(
        [](const Tensor& x) {
          return std::vector<Tensor>{(((x * 2 + x).tanh() - 0.5).exp() * x).neg()};
        },
        random_inputs({kMany}, dtype));
    EXPECT_EQ(found.stats.num_calls, 7u);
    EXPECT_EQ(found.stats.num_chains, 1u);
    EXPECT_EQ(found.stats.num_fused, 7u) << found.calls;
    const std::string tile = std::to_string(8192 / elementSize(dtype));
    EXPECT_EQ(found.calls, "mul > add > tanh > add > exp > mul > neg (fused, tiles of " + tile +
                               " of 100003 elements)\n");
  }
  const Recorded integers =
      compare([](const Tensor& x) { return std::vector<Tensor>{((x + x) * 3 - x).neg()}; },
              random_inputs({kMany}, kLong));
  EXPECT_EQ(integers.stats.num_fused, 4u);
}

TEST_F(Fusion, WhatStaysInTheCacheIsNotFused) {
  const Recorded found =
      compare([](const Tensor& x) { return std::vector<Tensor>{(x * 2 + x).tanh().neg()}; },
              random_inputs({15000}));
  EXPECT_EQ(found.stats.num_chains, 0u);
  EXPECT_EQ(found.calls, "mul\nadd\ntanh\nneg\n");
}

TEST_F(Fusion, OperandsThatAreBroadcastOrTransposedMayComeInBetween) {
  const Tensor row = randn({131}), column = randn({173, 1}), number = randn({}),
               other = randn({131, 173}), narrow = randn({173, 200}).narrow(1, 30, 131);
  const Recorded found = compare(
      [&](const Tensor& x) {
        Tensor y = (x + row) * column;
        y = (y - number) * other.t();
        return std::vector<Tensor>{(y + narrow).tanh() * row};
      },
      random_inputs({173, 131}));
  EXPECT_EQ(found.stats.num_fused, 7u) << found.calls;
}

TEST_F(Fusion, DtypesMayChangeAlongTheWay) {
  const Recorded found = compare(
      [](const Tensor& x) {
        const Tensor wide = where(x > 0.25, x * 2, x.square()).to(kDouble);
        return std::vector<Tensor>{(wide.exp() + 1).to(kFloat), wide.to(kHalf).neg()};
      },
      random_inputs({kMany}));
  EXPECT_GE(found.stats.num_fused, 6u) << found.calls;
}

TEST_F(Fusion, TensorsOfTheProgramMayBeChangedInPlace) {
  const auto make_body = [] {
    const Tensor mean = zeros({kMany}), square = ones({kMany});
    return [=](const Tensor& x) {
      mean.mul_(0.9).add_(x, 0.1);
      square.mul_(0.99).addcmul_(x, x, 0.01);
      return std::vector<Tensor>{mean / (square.sqrt() + 1e-3), mean, square};
    };
  };
  const Recorded found = compare(make_body, random_inputs({kMany}, kFloat, 6));
  EXPECT_EQ(found.stats.num_chains, 1u) << found.calls;
  EXPECT_EQ(found.stats.num_fused, found.stats.num_calls) << found.calls;
}

TEST_F(Fusion, ValuesThatAreNeededLaterAreThere) {
  const Recorded found = compare(
      [](const Tensor& x) {
        const Tensor a = x * 2, b = a.tanh(), c = b + a, d = c.exp();
        return std::vector<Tensor>{b, d.sum(), a.view({-1}), c.sum(0)};
      },
      random_inputs({301, 400}));
  EXPECT_GE(found.stats.num_fused, 4u) << found.calls;
}

TEST_F(Fusion, GradientsOfAChainAreThoseOfTheEagerOne) {
  const auto make_body = [] {
    manual_seed(6);
    const Tensor w = randn({220, 300}, requires_grad()), bias = randn({300}, requires_grad());
    return [=](const Tensor& x) {
      for (const Tensor& p : {w, bias}) p.mutable_grad() = Tensor();
      const Tensor y = ((x * w + bias).tanh() * x).sigmoid();
      (y * y).mean().backward();
      return std::vector<Tensor>{w.grad().clone(), bias.grad().clone()};
    };
  };
  const Recorded found = compare(make_body, random_inputs({220, 300}, kFloat, 6));
  EXPECT_GE(found.stats.num_chains, 2u) << "forward and backward:\n" << found.calls;
}

TEST_F(Fusion, WhatAChainUsesUpTakesNoMemoryButATilesForEachThread) {
  set_num_threads(2);
  const Recorded found = compare(
      [](const Tensor& x) {
        return std::vector<Tensor>{((((x + 1).tanh() * 2).exp() + 3).tanh() * x).sum()};
      },
      random_inputs({1 << 18}));
  EXPECT_EQ(found.stats.num_fused, 7u);
  EXPECT_LE(found.stats.max_live_bytes, (1u << 20) + 4 * 8192 + 128) << "eagerly two of 1 MB";
  EXPECT_LE(double(found.stats.arena_bytes), 1.1 * double(found.stats.max_live_bytes));
}

TEST_F(Fusion, AValueThatIsReadAtOtherPlacesEndsAChain) {
  // The second half of each pair reads elements that the first one has not made yet in its tile.
  const Recorded transposed = compare(
      [](const Tensor& x) {
        const Tensor y = (x * 2).tanh();
        return std::vector<Tensor>{(y.t() + y).exp()};
      },
      random_inputs({300, 300}));
  EXPECT_EQ(transposed.calls.find("tanh > add"), std::string::npos) << transposed.calls;

  const auto shifted = [](int64_t from, int64_t to) {
    return [=] {
      const Tensor memory = ones({kMany + 9});
      return [=](const Tensor& x) {
        memory.narrow(0, to, kMany).mul_(x).add_(1);
        const Tensor read = memory.narrow(0, from, kMany).tanh().exp();
        return std::vector<Tensor>{read, memory};
      };
    };
  };
  for (int64_t by : {1, 9}) {
    EXPECT_EQ(compare(shifted(by, 0), random_inputs({kMany})).calls.find("add > tanh"),
              std::string::npos);
    EXPECT_EQ(compare(shifted(0, by), random_inputs({kMany})).calls.find("add > tanh"),
              std::string::npos);
  }
  EXPECT_NE(compare(shifted(3, 3), random_inputs({kMany})).calls.find("add > tanh"),
            std::string::npos);
}

TEST_F(Fusion, AReductionOverNothingEndsAChainToo) {
  const Recorded found = compare(
      [](const Tensor& x) { return std::vector<Tensor>{(x * 2).exp().sum(1, true).tanh().neg()}; },
      random_inputs({kMany, 1}));
  EXPECT_NE(found.calls.find("sum\n"), std::string::npos) << found.calls;
}

TEST_F(Fusion, TheNumberOfThreadsMayChangeBetweenReplays) {
  set_num_threads(3);
  const Inputs inputs = random_inputs({kMany}, kFloat, 8);
  const auto body = [](const Tensor& x) { return ((x * 2 + x).tanh() * x).exp() - x; };
  auto step = capture(body);
  for (size_t i = 0; i < inputs.size(); ++i) {
    set_num_threads(int(i % 5) + 1);
    if (i < 2) set_num_threads(3);
    EXPECT_TRUE(same_bits(step.replay(inputs[i]), body(inputs[i]))) << "step " << i;
  }
  EXPECT_EQ(step.stats().num_fused, 6u);
}

class Names final : public DispatchObserver {
 public:
  void before(const OpDef& op, const Stream&) override { names.push_back(op.name()); }
  void after(const OpDef& op, const Stream&) override { names.push_back(op.name()); }
  std::vector<std::string> names;
};

TEST_F(Fusion, AnObserverSeesEachCallOfAChain) {
  const Tensor x = randn({kMany});
  auto step = capture([&] { return (x + x).tanh() * x; });
  for (int i = 0; i < 2; ++i) step.replay();
  EXPECT_EQ(step.stats().num_fused, 3u);
  Names seen;
  set_dispatch_observer(&seen);
  const Tensor out = step.replay();
  set_dispatch_observer(nullptr);
  EXPECT_EQ(seen.names, (std::vector<std::string>{"add", "add", "tanh", "tanh", "mul", "mul"}));
  EXPECT_TRUE(same_bits(out, (x + x).tanh() * x));
}

TEST_F(Fusion, AReplayOfAChainAllocatesNothing) {
  const Tensor x = randn({kMany});
  auto step = capture([&] { return ((x + x).tanh() * x).exp(); });
  for (int i = 0; i < 3; ++i) step.replay();
  const int64_t before = memory_stats().num_allocations;
  for (int i = 0; i < 3; ++i) step.replay();
  EXPECT_EQ(memory_stats().num_allocations, before);
}

// ---- Programs made of chance

/// A step of element-wise operations, views, changes in place, and what ends chains; the same
/// whenever it is run.
class Program {
 public:
  explicit Program(unsigned seed) : seed_(seed) {
    manual_seed(seed);
    row_ = randn({kColumns});
    column_ = randn({kRows, 1});
    flat_ = randn({kRows * kColumns + 40});
    for (Tensor& t : states_) t = randn({kRows, kColumns});
  }
  static constexpr int64_t kRows = 173, kColumns = 131;

  std::vector<Tensor> operator()(const Tensor& x) {
    random_.seed(seed_);
    values_ = {x, states_[0], states_[1]};
    for (int i = 0; i < 14; ++i) values_.push_back(squashed(next()));
    std::vector<Tensor> out(values_.end() - 2, values_.end());
    out.insert(out.end(), states_, states_ + 2);
    out.push_back(flat_);
    values_.clear();
    return out;
  }

 private:
  int draw(int below) { return int(random_() % unsigned(below)); }
  const Tensor& any() { return values_[size_t(draw(int(values_.size())))]; }
  Tensor window() {
    return flat_.narrow(0, draw(3) * 20, kRows * kColumns).view({kRows, kColumns});
  }
  /// Values stay in a range where all is finite.
  Tensor squashed(const Tensor& t) { return draw(2) ? t.tanh() : t * 0.5; }

  Tensor next() {
    switch (draw(12)) {
      case 0:
        return any() + any();
      case 1:
        return any() * any();
      case 2:
        return maximum(any(), any()).neg();
      case 3:
        return any() + row_;
      case 4:
        return any() * column_;
      case 5:
        return where(any() > any(), any(), any());
      case 6:
        return states_[draw(2)].mul_(0.5).add_(any(), 0.25);
      case 7:
        return any() + any().view({kColumns, kRows}).t();
      case 8:
        return window().mul_(0.5).add_(any());
      case 9:
        return any() - window();
      case 10:
        return any() - any().sum(draw(2), true) * 0.01;
      default:
        return any().to(kDouble).square().to(kFloat) + any().to(kHalf).to(kFloat);
    }
  }

  unsigned seed_;
  std::mt19937 random_;
  Tensor row_, column_, flat_, states_[2];
  std::vector<Tensor> values_;
};

TEST_F(Fusion, OfRandomProgramsChangesNoBit) {
  const Inputs inputs = random_inputs({Program::kRows, Program::kColumns});
  uint64_t fused = 0;
  for (unsigned seed = 0; seed < 60 && !HasFailure(); ++seed) {
    const Recorded found = compare([seed] { return Body(Program(seed)); }, inputs);
    fused += found.stats.num_fused;
    EXPECT_FALSE(HasFailure()) << "program " << seed << ":\n" << found.calls;
  }
  EXPECT_GT(fused, 600u) << "most of about 30 calls each";
}

}  // namespace
}  // namespace adjoint::testing
