// SPDX-License-Identifier: MIT
// Memory that kernels go over, beside the least that would do.
//
// A kernel is counted with each block of memory that it is given (cudasim's KernelBytes), so that a
// tensor that is read and written in place counts once. The least is that of a plan in which every
// kernel has all of its inputs and outputs once and nothing else; which kernels that plan has
// stands at each test. What a kernel does with its memory inside of a launch is not seen here.
#include <functional>

#include "tests/cuda/cuda_test.h"

namespace adjoint::testing {
namespace {

class CudaBytesMoved : public CudaTest {
 protected:
  /// Of what `f` enqueues once it has run before.
  static uint64_t touched(const std::function<void()>& f) {
    for (int i = 0; i < 2; ++i) f();
    cudasim::settle();
    cudasim::reset_counters();
    f();
    return cudasim::counters().kernel_bytes.touched();
  }
  static Tensor random(IntArrayRef sizes, ScalarType dtype = kFloat) {
    return rand(sizes, TensorOptions(kGpu0)).to(dtype);
  }
};

constexpr uint64_t kN = 6000;  // elements

TEST_F(CudaBytesMoved, ByElementwiseOperationsAreTheirOperands) {
  const Tensor x = random({60, 100}), y = random({60, 100}), row = random({100}),
               column = random({60, 1}), half = random({60, 100}, kHalf);
  EXPECT_EQ(touched([&] { x + y; }), 3 * kN * 4);
  EXPECT_EQ(touched([&] { x * 2; }), 2 * kN * 4);
  EXPECT_EQ(touched([&] { half.exp(); }), 2 * kN * 2);
  EXPECT_EQ(touched([&] { x > y; }), 2 * kN * 4 + kN);
  EXPECT_EQ(touched([&] { x + row; }), 2 * kN * 4 + 100 * 4);
  EXPECT_EQ(touched([&] { x* column; }), 2 * kN * 4 + 60 * 4);
  EXPECT_EQ(touched([&] { half.to(kFloat); }), kN * 2 + kN * 4);
  EXPECT_EQ(touched([&] { Tensor(x).add_(y); }), 2 * kN * 4);
  EXPECT_EQ(touched([&] { gelu(x); }), 2 * kN * 4);
  EXPECT_EQ(touched([&] { x.t().contiguous(); }), 2 * kN * 4);
}

TEST_F(CudaBytesMoved, ByGradientsOfElementwiseOperationsAreTheirOperands) {
  const Tensor grad = random({60, 100});
  const auto backward_of = [&](const std::function<Tensor(const Tensor&)>& f) {
    Tensor x = random({60, 100}).requires_grad_();
    const Tensor y = f(x);
    return touched([&] {
      x.mutable_grad() = Tensor();
      y.backward(grad, /*retain_graph=*/true);
    });
  };
  EXPECT_EQ(backward_of([](const Tensor& x) { return relu(x); }), 3 * kN * 4);
  EXPECT_EQ(backward_of([](const Tensor& x) { return x.tanh(); }), 3 * kN * 4);
  EXPECT_EQ(backward_of([](const Tensor& x) { return gelu(x); }), 3 * kN * 4);
  EXPECT_EQ(backward_of([](const Tensor& x) { return x * 3; }), 2 * kN * 4);
}

TEST_F(CudaBytesMoved, ByReductionsAreInputAndOutput) {
  const Tensor x = random({60, 100});
  const auto at_most = [](uint64_t bytes, uint64_t least) {
    // What blocks that divide an output hand to each other, and the ticket of the last one.
    EXPECT_GE(bytes, least);
    EXPECT_LT(double(bytes) / double(least), 1.005);
  };
  at_most(touched([&] { x.sum(); }), kN * 4 + 4);
  at_most(touched([&] { x.sum(1); }), kN * 4 + 60 * 4);
  at_most(touched([&] { x.sum(0); }), kN * 4 + 100 * 4);
  at_most(touched([&] { x.mean(); }), kN * 4 + 4);
  at_most(touched([&] { amax(x, {1}); }), kN * 4 + 60 * 4);
  at_most(touched([&] { norm(x); }), kN * 4 + 4);
  at_most(touched([&] { softmax(x, 1); }), 2 * kN * 4);
  const Tensor large = random({1 << 17});
  at_most(touched([&] { large.sum(); }), (4 << 17) + 4);
}

TEST_F(CudaBytesMoved, ByOptimizersAreParametersGradientsAndState) {
  std::vector<Tensor> parameters;
  for (int64_t n : {4000, 1, 1999}) {
    parameters.push_back(random({n}).requires_grad_());
    parameters.back().mutable_grad() = random({n});
  }
  optim::SGD plain(parameters, optim::SGDOptions(0.1));
  EXPECT_EQ(touched([&] { plain.step(); }), 2 * kN * 4);
  optim::SGD momentum(parameters, optim::SGDOptions(0.1).momentum(0.9));
  EXPECT_EQ(touched([&] { momentum.step(); }), 3 * kN * 4);
  optim::Adam adam(parameters, optim::AdamOptions(0.1));
  EXPECT_EQ(touched([&] { adam.step(); }), 4 * kN * 4);
  optim::AdamW amsgrad(parameters, optim::AdamWOptions(0.1).amsgrad(true));
  EXPECT_EQ(touched([&] { amsgrad.step(); }), 5 * kN * 4);
}

/// Bytes of a step of a perceptron with ReLU, cross entropy and Adam in the plan of 3 L + 1
/// kernels: a layer's product with bias and ReLU; the loss with its gradient by the last layer's
/// outputs; a layer's gradients by weight and bias; by its input, but for the first, with ReLU's;
/// Adam.
uint64_t least_of_perceptron(uint64_t batch, const std::vector<uint64_t>& widths) {
  uint64_t numbers = 0, parameters = 0;
  const size_t layers = widths.size() - 1;
  for (size_t i = 0; i < layers; ++i) {
    const uint64_t in = batch * widths[i], out = batch * widths[i + 1],
                   weight = widths[i] * widths[i + 1], bias = widths[i + 1];
    numbers += in + weight + bias + out;           // forward
    numbers += in + out + weight + bias;           // by weight and bias
    if (i > 0) numbers += out + weight + in + in;  // by the input, where ReLU's output is > 0
    parameters += weight + bias;
  }
  const uint64_t logits = batch * widths.back();
  return (numbers + 2 * logits + 1 + 4 * parameters) * 4 + batch * 8;
}

TEST_F(CudaBytesMoved, ByAPerceptronsStepAreHardlyMoreThanTheLeast) {
  struct Case {
    int64_t batch;
    std::vector<uint64_t> widths;
    uint64_t expected;
  };
  for (const Case& c : {Case{64, {784, 128, 10}, 3190680}, Case{64, {784, 128, 128, 10}, 4012952},
                        Case{32, {64, 64, 64, 64, 64}, 768712}}) {
    manual_seed(1);
    nn::Sequential net;
    for (size_t i = 0; i + 1 < c.widths.size(); ++i) {
      if (i > 0) net->push_back(nn::ReLU());
      net->push_back(nn::Linear(int64_t(c.widths[i]), int64_t(c.widths[i + 1])));
    }
    net->to(kGpu0);
    optim::Adam optimizer(net->parameters(), optim::AdamOptions(1e-3));
    const Tensor x = random({c.batch, int64_t(c.widths[0])}),
                 y = randint(int64_t(c.widths.back()), {c.batch}, dtype(kLong).device(kGpu0));
    const uint64_t bytes = touched([&] {
      optimizer.zero_grad();
      nn::functional::cross_entropy(net->forward(x), y).backward();
      optimizer.step();
    });
    EXPECT_EQ(bytes, c.expected) << "more is a step back, less a reason to change the number";
    EXPECT_LE(double(bytes) / double(least_of_perceptron(uint64_t(c.batch), c.widths)), 1.15)
        << bytes;
  }
}

}  // namespace
}  // namespace adjoint::testing
