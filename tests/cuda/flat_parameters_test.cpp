// SPDX-License-Identifier: MIT
// What flattened parameters cost on a GPU: an update, clipping and zeroing are single launches, and
// backward has none more than without segments.
#include "adjoint/optim.h"
#include "tests/cuda/cuda_test.h"

namespace adjoint::testing {
namespace {

uint64_t launches_so_far() {
  const cudasim::Counters counters = cudasim::counters();
  return counters.launches + counters.library_calls;
}
template <class F>
uint64_t launches_of(const F& f) {
  const uint64_t before = launches_so_far();
  f();
  return launches_so_far() - before;
}

class CudaFlatParameters : public CudaTest {
 protected:
  /// `depth` layers, with a weight and a bias each.
  struct Training {
    Training(int depth, bool flat) {
      manual_seed(7);
      for (int i = 0; i < depth; ++i) {
        net->push_back(nn::Linear(16, 16));
        net->push_back(nn::ReLU());
      }
      x = randn({8, 16}, kCPU).to(kGpu0);
      y = randint(16, {8}, dtype(kLong).device(kCPU)).to(kGpu0);
      net->to(kGpu0);
      if (flat) net->flatten_parameters();
      optimizer.emplace(net->parameters(), optim::AdamOptions(1e-2));
      for (int i = 0; i < 2; ++i) {
        optimizer->zero_grad();
        backward();
        optimizer->step();
      }
    }
    void backward() { nn::functional::cross_entropy(net->forward(x), y).backward(); }
    nn::Sequential net;
    Tensor x, y;
    std::optional<optim::Adam> optimizer;
  };
};

TEST_F(CudaFlatParameters, AStepOverManyIsOneLaunch) {
  Training plain(70, false), flat(70, true);
  EXPECT_EQ(launches_of([&] { plain.optimizer->step(); }), 3u);
  EXPECT_EQ(launches_of([&] { flat.optimizer->step(); }), 1u);
  EXPECT_EQ(launches_of([&] { plain.optimizer->zero_grad(false); }), 140u);
  EXPECT_EQ(launches_of([&] { flat.optimizer->zero_grad(false); }), 1u);
  EXPECT_EQ(launches_of([&] { flat.net->zero_grad(false); }), 1u);
  EXPECT_EQ(launches_of([&] { flat.optimizer->zero_grad(); }), 0u);
}

TEST_F(CudaFlatParameters, EveryOptimizerUpdatesThemInOneLaunch) {
  Training flat(40, true);
  const auto launches_of_step = [](optim::Optimizer&& optimizer) {
    optimizer.step();
    return launches_of([&] { optimizer.step(); });
  };
  EXPECT_EQ(launches_of_step(optim::SGD(flat.net->parameters(), 0.1)), 1u);
  EXPECT_EQ(launches_of_step(optim::RMSprop(flat.net->parameters())), 1u);
  EXPECT_EQ(launches_of_step(optim::Adagrad(flat.net->parameters())), 1u);
}

TEST_F(CudaFlatParameters, BackwardWritesGradientsWhereTheyStay) {
  Training plain(3, false), flat(3, true);
  for (Training* t : {&plain, &flat}) {
    t->optimizer->zero_grad();
    EXPECT_EQ(launches_of([&] { t->backward(); }), 15u);
  }
}

TEST_F(CudaFlatParameters, ClippingTakesTwoLaunchesHoweverManyThereAre) {
  Training plain(60, false), flat(70, true);
  const auto of_plain = plain.net->parameters(), of_flat = flat.net->parameters();
  cudasim::settle();
  cudasim::reset_counters();
  nn::utils::clip_grad_norm_(of_plain, 0.1);
  EXPECT_EQ(launches_so_far(), 2u);
  nn::utils::clip_grad_value_(of_flat, 0.1);
  EXPECT_EQ(launches_so_far(), 3u);
  nn::utils::clip_grad_norm_(of_flat, 0.1);
  EXPECT_EQ(launches_so_far(), 6u) << "the norms of 128 tensors are the most of a launch";
  const cudasim::Counters counted = cudasim::counters();
  EXPECT_EQ(counted.synchronizations + counted.queries + counted.mallocs, 0u);
  EXPECT_TRUE(counted.copies.empty());
}

}  // namespace
}  // namespace adjoint::testing
