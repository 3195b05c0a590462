// SPDX-License-Identifier: MIT
// How many kernels each family of operations launches, forward and backward: one more than here is
// a step back, and one less a reason to change the number.
#include <ostream>

#include "tests/cuda/cuda_test.h"

namespace adjoint::testing {
namespace {

/// Kernels of cuda/, and calls of CUB's and cuBLASLt's functions.
struct Launches {
  uint64_t own = 0, library = 0;
  bool operator==(const Launches&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Launches& n) {
  return out << "{" << n.own << ", " << n.library << "}";
}

Launches launches_so_far() {
  const cudasim::Counters counters = cudasim::counters();
  return {counters.launches, counters.library_calls};
}

Tensor leaf(IntArrayRef sizes) { return rand(sizes, TensorOptions(kGpu0).requires_grad(true)); }
Tensor indices(int64_t below, IntArrayRef sizes) {
  return randint(below, sizes, dtype(kLong).device(kGpu0));
}

struct Case {
  const char* name;
  std::vector<Tensor> in;
  Tensor (*forward)(const std::vector<Tensor>& in);
  Launches expected_forward, expected_backward;
};

/// Convolutions as small as these are ours on a GPU, too.
class CudaLaunches : public CudaTest {
 protected:
  void SetUp() override {
    CudaTest::SetUp();
    globalContext().setUserEnabledCuDNN(false);
  }
  void TearDown() override {
    globalContext().setUserEnabledCuDNN(enabled_);
    CudaTest::TearDown();
  }

 private:
  const bool enabled_ = globalContext().userEnabledCuDNN();
};

TEST_F(CudaLaunches, OfEachFamilyAreAsCounted) {
  using In = const std::vector<Tensor>&;
  const std::vector<Case> cases = {
      // Element by element
      {"add of a row",
       {leaf({32, 64}), leaf({64})},
       [](In in) { return in[0] + in[1]; },
       {1, 0},
       {2, 0}},
      {"mul",
       {leaf({32, 64}), leaf({32, 64})},
       [](In in) { return in[0] * in[1]; },
       {1, 0},
       {2, 0}},
      {"div",
       {leaf({32, 64}), leaf({32, 64})},
       [](In in) { return in[0] / in[1]; },
       {1, 0},
       {5, 0}},
      {"exp", {leaf({32, 64})}, [](In in) { return in[0].exp(); }, {1, 0}, {1, 0}},
      {"relu", {leaf({32, 64})}, [](In in) { return relu(in[0]); }, {1, 0}, {1, 0}},
      {"gelu", {leaf({32, 64})}, [](In in) { return gelu(in[0]); }, {1, 0}, {1, 0}},
      {"pow", {leaf({32, 64})}, [](In in) { return pow(in[0], 2.5); }, {1, 0}, {3, 0}},
      {"clamp", {leaf({32, 64})}, [](In in) { return clamp(in[0], 0.2, 0.8); }, {1, 0}, {5, 0}},
      {"maximum",
       {leaf({32, 64}), leaf({32, 64})},
       [](In in) { return maximum(in[0], in[1]); },
       {1, 0},
       {7, 0}},
      {"where",
       {leaf({32, 64}), leaf({32, 64})},
       [](In in) { return where(in[0] > 0.5, in[0], in[1]); },
       {2, 0},
       {4, 0}},
      {"masked_fill",
       {leaf({32, 64})},
       [](In in) { return masked_fill(in[0], in[0] > 0.5, 1); },
       {2, 0},
       {1, 0}},
      {"dropout",
       {leaf({32, 64})},
       [](In in) { return dropout(in[0], 0.5, true); },
       {1, 0},
       {1, 0}},
      // Copies
      {"to another dtype", {leaf({32, 64})}, [](In in) { return in[0].to(kHalf); }, {1, 0}, {1, 0}},
      {"transposed copy",
       {leaf({32, 64})},
       [](In in) { return in[0].t().contiguous(); },
       {1, 0},
       {1, 0}},
      {"cat",
       {leaf({32, 64}), leaf({16, 64})},
       [](In in) {
         return cat({in[0], in[1]});
       },
       {2, 0},
       {2, 0}},
      // Reductions
      {"sum", {leaf({32, 64})}, [](In in) { return in[0].sum(); }, {1, 0}, {1, 0}},
      {"sum of columns", {leaf({256, 64})}, [](In in) { return in[0].sum(0); }, {1, 0}, {1, 0}},
      {"large sum", {leaf({1 << 16})}, [](In in) { return in[0].sum(); }, {1, 0}, {1, 0}},
      {"mean of rows", {leaf({32, 64})}, [](In in) { return in[0].mean(1); }, {1, 0}, {1, 0}},
      {"max", {leaf({32, 64})}, [](In in) { return std::get<0>(max(in[0], 1)); }, {1, 0}, {2, 0}},
      {"var", {leaf({32, 64})}, [](In in) { return var(in[0], 1); }, {5, 0}, {4, 0}},
      {"norm", {leaf({32, 64})}, [](In in) { return norm(in[0]); }, {1, 0}, {4, 0}},
      // Products
      {"mm",
       {leaf({32, 64}), leaf({64, 16})},
       [](In in) { return mm(in[0], in[1]); },
       {0, 1},
       {0, 2}},
      {"bmm",
       {leaf({4, 32, 64}), leaf({4, 64, 16})},
       [](In in) { return bmm(in[0], in[1]); },
       {0, 1},
       {0, 2}},
      {"linear",
       {leaf({32, 64}), leaf({16, 64}), leaf({16})},
       [](In in) { return nn::functional::linear(in[0], in[1], in[2]); },
       {0, 1},
       {0, 2}},
      // Softmax, losses, normalization
      {"softmax", {leaf({32, 64})}, [](In in) { return softmax(in[0], 1); }, {1, 0}, {1, 0}},
      {"log_softmax",
       {leaf({32, 64})},
       [](In in) { return log_softmax(in[0], 1); },
       {1, 0},
       {1, 0}},
      {"cross_entropy",
       {leaf({32, 64}), indices(64, {32})},
       [](In in) { return cross_entropy(in[0], in[1]); },
       {1, 0},
       {1, 0}},
      {"mse_loss",
       {leaf({32, 64}), leaf({32, 64}).detach()},
       [](In in) { return mse_loss(in[0], in[1]); },
       {1, 0},
       {1, 0}},
      {"binary_cross_entropy_with_logits",
       {leaf({32, 64}), leaf({32, 64}).detach()},
       [](In in) { return binary_cross_entropy_with_logits(in[0], in[1]); },
       {1, 0},
       {1, 0}},
      {"layer_norm",
       {leaf({32, 64}), leaf({64}), leaf({64})},
       [](In in) { return layer_norm(in[0], {64}, in[1], in[2]); },
       {1, 0},
       {1, 0}},
      {"batch_norm",
       {leaf({8, 4, 6, 6}), leaf({4}), leaf({4}), leaf({4}).detach(), leaf({4}).detach()},
       [](In in) { return batch_norm(in[0], in[1], in[2], in[3], in[4], true); },
       {1, 0},
       {1, 0}},
      // Images
      {"conv2d",
       {leaf({2, 3, 8, 8}), leaf({4, 3, 3, 3}), leaf({4})},
       [](In in) { return conv2d(in[0], in[1], in[2], 1, 1); },
       {1, 0},
       {3, 0}},
      {"conv2d with a stride",
       {leaf({2, 3, 8, 8}), leaf({4, 3, 3, 3})},
       [](In in) { return conv2d(in[0], in[1], {}, 2, 1); },
       {1, 0},
       {2, 0}},
      {"max_pool2d",
       {leaf({2, 3, 8, 8})},
       [](In in) { return max_pool2d(in[0], 2); },
       {1, 0},
       {1, 0}},
      // By index
      {"index_select",
       {leaf({32, 64}), indices(32, {20})},
       [](In in) { return index_select(in[0], 0, in[1]); },
       {1, 0},
       {2, 0}},
      {"index_select of many",
       {leaf({32, 4}), indices(32, {2000})},
       [](In in) { return index_select(in[0], 0, in[1]); },
       {1, 0},
       {3, 1}},
      {"index_add",
       {leaf({32, 64}), indices(32, {20}), leaf({20, 64})},
       [](In in) { return index_add(in[0], 0, in[1], in[2]); },
       {2, 0},
       {2, 0}},
      {"gather",
       {leaf({32, 64}), indices(64, {32, 5})},
       [](In in) { return gather(in[0], 1, in[1]); },
       {1, 0},
       {2, 0}},
      {"scatter_add",
       {leaf({32, 64}), indices(64, {32, 5}), leaf({32, 5})},
       [](In in) { return scatter_add(in[0], 1, in[1], in[2]); },
       {2, 0},
       {2, 0}},
      {"embedding",
       {leaf({100, 16}), indices(100, {8, 4})},
       [](In in) { return embedding(in[0], in[1]); },
       {1, 0},
       {2, 0}},
      // In order
      {"sort of short lines",
       {leaf({32, 64})},
       [](In in) { return std::get<0>(sort(in[0])); },
       {1, 0},
       {3, 1}},
      {"sort of a long line",
       {leaf({5000})},
       [](In in) { return std::get<0>(sort(in[0])); },
       {2, 1},
       {3, 1}},
      {"topk", {leaf({32, 64})}, [](In in) { return std::get<0>(topk(in[0], 3)); }, {1, 0}, {2, 0}},
  };
  for (const Case& c : cases) {
    Tensor out = c.forward(c.in);
    const Tensor grad = ones_like(out);
    cudasim::settle();
    const Launches before = launches_so_far();
    out = c.forward(c.in);
    const Launches after = launches_so_far();
    const Launches forward = {after.own - before.own, after.library - before.library};
    out.backward(grad);
    const Launches end = launches_so_far();
    const Launches backward = {end.own - after.own, end.library - after.library};
    EXPECT_EQ(forward, c.expected_forward) << c.name << ", forward";
    EXPECT_EQ(backward, c.expected_backward) << c.name << ", backward";
  }
}

TEST_F(CudaLaunches, OfAnOptimizersStepAreOneForAllParameters) {
  std::vector<Tensor> parameters;
  for (int i = 1; i <= 10; ++i) {
    parameters.push_back(leaf({i, 7}));
    parameters.back().mutable_grad() = ones_like(parameters.back().detach());
  }
  optim::SGD sgd(parameters, optim::SGDOptions(0.1).momentum(0.9));
  optim::Adam adam(parameters, optim::AdamOptions(0.1));
  optim::AdamW adamw(parameters, optim::AdamWOptions(0.1));
  for (optim::Optimizer* optimizer :
       {static_cast<optim::Optimizer*>(&sgd), static_cast<optim::Optimizer*>(&adam),
        static_cast<optim::Optimizer*>(&adamw)}) {
    optimizer->step();
    const Launches before = launches_so_far();
    optimizer->step();
    EXPECT_EQ(launches_so_far(), (Launches{before.own + 1, before.library}));
  }
}

}  // namespace
}  // namespace adjoint::testing
