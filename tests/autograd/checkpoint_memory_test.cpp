// SPDX-License-Identifier: MIT
// What checkpoints are for: the memory of a network, in counted bytes.
#include "adjoint/checkpoint.h"

#include <gtest/gtest.h>

#include <vector>

#include "adjoint/memory.h"
#include "adjoint/nn.h"
#include "adjoint/ops.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

using autograd::checkpoint;

TEST(Checkpoint, FreesWhatItRecomputedAfterUse) {
  Tensor x = ones({1000}).requires_grad_();
  int64_t before = memory_stats().allocated;
  Tensor like = x.detach().clone();
  int64_t one = memory_stats().allocated - before;
  like = Tensor();
  Tensor y = checkpoint([](const Tensor& t) { return t.exp().tanh().sigmoid(); }, x);
  int64_t recorded = memory_stats().allocated;
  EXPECT_EQ(recorded, before + one) << "the result alone";
  y.backward(ones({1000}), /*retain_graph=*/true);
  x.mutable_grad() = Tensor();
  EXPECT_EQ(memory_stats().allocated, recorded);
  y.backward(ones({1000}));
  x.mutable_grad() = Tensor();
  y = Tensor();
  EXPECT_EQ(memory_stats().allocated, before);
}

/// A layer that saves seven tensors beside its input, all of one size.
struct Layer {
  Tensor weight = (eye(16) * 0.9).requires_grad_();
  Tensor operator()(const Tensor& x) const {
    Tensor y = x.mm(weight);
    for (int i = 0; i < 7; ++i) y = y.tanh();
    return y;
  }
};

class CheckpointedNetwork : public ::testing::Test {
 protected:
  static constexpr int64_t kTensor = 256 * 16 * 4;  // bytes
  std::vector<Layer> layers = std::vector<Layer>(50);
  Tensor x = rand({256, 16});

  /// The most that a step had allocated at a time beside what there was before, counted in tensors
  /// of a layer's size; the weights' gradients are 3 of these.
  template <class Forward>
  double peak_of(Forward forward) {
    for (Layer& layer : layers) layer.weight.mutable_grad() = Tensor();
    int64_t before = memory_stats().allocated;
    reset_peak_memory_stats();
    forward().sum().backward();
    gradients_.push_back(layers[0].weight.grad());
    return double(memory_stats().peak_allocated - before) / kTensor;
  }
  double plain_peak() {
    return peak_of([&] {
      Tensor y = x;
      for (Layer& layer : layers) y = layer(y);
      return y;
    });
  }
  void expect_same_gradients() const {
    for (const Tensor& g : gradients_) EXPECT_TRUE(same_bits(g, gradients_[0]));
  }

 private:
  std::vector<Tensor> gradients_;
};

TEST_F(CheckpointedNetwork, OfFiftyLayersKeepsOneTensorALayerAndOneLayersOwn) {
  double plain = plain_peak();
  double peak = peak_of([&] {
    Tensor y = x;
    for (Layer& layer : layers) y = checkpoint(layer, y);
    return y;
  });
  EXPECT_GE(plain, 50 * 7);
  EXPECT_LE(plain, 50 * 7 + 4);
  EXPECT_GE(peak, 50 + 7);
  EXPECT_LE(peak, 50 + 7 + 6);
  EXPECT_LT(peak / plain, 0.18);
  expect_same_gradients();
}

TEST_F(CheckpointedNetwork, InSegmentsOfTheSquareRootKeepsThatManyLayers) {
  double plain = plain_peak();
  double peak = peak_of([&] { return autograd::checkpoint_sequential(layers, 7, x); });
  // Seven segments: six of seven layers, and the last eight, which are not checkpointed.
  EXPECT_GE(peak, 6 + 8 * 7);
  EXPECT_LE(peak, 6 + 8 * 7 + 6);
  EXPECT_LT(peak / plain, 0.19);
  expect_same_gradients();
}

TEST_F(CheckpointedNetwork, OfCheckpointsInCheckpointsKeepsTheLeast) {
  double plain = plain_peak();
  double peak = peak_of([&] {
    Tensor y = x;
    for (size_t first = 0; first < layers.size(); first += 7) {
      size_t last = std::min(first + 7, layers.size());
      auto segment = [this, first, last](Tensor t) {
        for (size_t i = first; i < last; ++i) t = checkpoint(layers[i], t);
        return t;
      };
      y = checkpoint(segment, y);
    }
    return y;
  });
  EXPECT_LE(peak, 8 + 7 + 7 + 6);
  EXPECT_LT(peak / plain, 0.08);
  expect_same_gradients();
}

}  // namespace
}  // namespace adjoint::testing
