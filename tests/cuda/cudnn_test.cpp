// SPDX-License-Identifier: MIT
// Convolutions that go to cuDNN, and what decides whether they do.
#include <cuda_runtime.h>

#include <bit>

#include "cuda_test.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

// What the stand-in's engines are called.
const char* const kEngine = "cudnn";
const char* const kTensorCores = "cudnn, on tensor cores";

struct Convolution {
  std::vector<int64_t> input, weight, stride{1}, padding{0}, dilation{1};
  int64_t groups = 1;
};

struct Results {
  Tensor output, grad_input, grad_weight, grad_bias;
};

class Cudnn : public CudaTest {
 protected:
  void SetUp() override {
    CudaTest::SetUp();
    context_.setUserEnabledCuDNN(true);
  }
  void TearDown() override {
    context_.setUserEnabledCuDNN(enabled_);
    context_.setDeterministicCuDNN(true);
    context_.setAllowTF32CuDNN(false);
    CudaTest::TearDown();
  }

  Tensor random(const std::vector<int64_t>& sizes, ScalarType type, Device device = kGpu0) {
    return randn(sizes, dtype(kFloat).device(kCPU), &generator_).to(device, type);
  }
  /// Of the same numbers every time.
  Results run(const Convolution& c, ScalarType type, Device device = kGpu0) {
    generator_.set_current_seed(7);
    Tensor x = random(c.input, type, device).requires_grad_();
    Tensor w = random(c.weight, type, device).requires_grad_();
    Tensor b = random({c.weight[0]}, type, device).requires_grad_();
    Tensor y = conv2d(x, w, b, c.stride, c.padding, c.dilation, c.groups);
    y.backward(random(y.sizes().vec(), type, device));
    return {y.detach(), x.grad(), w.grad(), b.grad()};
  }
  /// How often an engine has run since the last question.
  static uint64_t runs(const std::string& engine = kEngine) {
    auto counted = cudasim::counters().library_calls_by_name;
    cudasim::reset_counters();
    return counted[engine];
  }

  Context& context_ = globalContext();

 private:
  const bool enabled_ = context_.userEnabledCuDNN();
  Generator generator_;
};

const std::vector<Convolution>& convolutions() {
  static const std::vector<Convolution> list{
      {{2, 3, 7, 8}, {4, 3, 3, 3}},
      {{3, 4, 9, 5}, {6, 2, 3, 2}, {2, 1}, {1, 2}, {1}, 2},
      {{1, 6, 8, 8}, {6, 1, 3, 3}, {1}, {2}, {2}, 6},
      {{2, 1, 5, 6}, {3, 1, 1, 1}, {3, 2}},
  };
  return list;
}

TEST_F(Cudnn, IsAvailable) { EXPECT_TRUE(cuda::cudnn_is_available()); }

TEST_F(Cudnn, AgreesWithOurKernels) {
  for (ScalarType type : {kFloat, kHalf, kBFloat16}) {
    for (const Convolution& c : convolutions()) {
      SCOPED_TRACE(detail::str(type, " ", IntArrayRef(c.input), " * ", IntArrayRef(c.weight)));
      context_.setUserEnabledCuDNN(true);
      runs();
      const Results theirs = run(c, type);
      EXPECT_EQ(runs(type == kFloat ? kEngine : kTensorCores), 3u);
      context_.setUserEnabledCuDNN(false);
      const Results ours = run(c, type);
      EXPECT_TRUE(cudasim::counters().library_calls_by_name.empty());
      // Sums of a few dozen products; theirs is rounded once more before the bias is added.
      const Tolerance tolerance{2, 16};
      EXPECT_TRUE(is_close(theirs.output, ours.output, tolerance));
      EXPECT_TRUE(is_close(theirs.grad_input, ours.grad_input, tolerance));
      EXPECT_TRUE(is_close(theirs.grad_weight, ours.grad_weight, tolerance));
      EXPECT_TRUE(same_bits(theirs.grad_bias, ours.grad_bias));
    }
  }
}

TEST_F(Cudnn, GivesTheSameBitsEveryTime) {
  const Results first = run(convolutions()[1], kFloat), second = run(convolutions()[1], kFloat);
  EXPECT_TRUE(same_bits(first.output, second.output));
  EXPECT_TRUE(same_bits(first.grad_input, second.grad_input));
  EXPECT_TRUE(same_bits(first.grad_weight, second.grad_weight));
}

TEST_F(Cudnn, LeavesDoubleToUs) {
  run(convolutions()[0], kDouble);
  EXPECT_TRUE(cudasim::counters().library_calls_by_name.empty());
}

TEST_F(Cudnn, GivesTheSameBitsInEveryLayout) {
  Tensor gaps = random({2, 3, 6, 12}, kFloat).slice(3, 0, 12, 2);
  Tensor channels_last = random({2, 6, 6, 3}, kFloat).permute({0, 3, 1, 2});
  Tensor elsewhere = random({2 * 3 * 6 * 6 + 1}, kFloat).slice(0, 1).view({2, 3, 6, 6});
  Tensor w = random({4, 3, 3, 3}, kFloat), b = random({4}, kFloat);
  for (const Tensor& x : {gaps, channels_last, elsewhere}) {
    cudasim::reset_counters();
    Tensor y = conv2d(x, w, b);
    EXPECT_EQ(runs(), 1u);
    EXPECT_TRUE(same_bits(y, conv2d(x.clone().contiguous(), w, b)));
  }
}

TEST_F(Cudnn, TakesAGradientThatIsOneNumberEverywhere) {
  Tensor x = random({2, 3, 6, 6}, kFloat).requires_grad_(), w = random({4, 3, 3, 3}, kFloat);
  conv2d(x, w).sum().backward();
  EXPECT_EQ(runs(), 2u);
  Tensor expected = x.grad();
  context_.setUserEnabledCuDNN(false);
  x.mutable_grad() = Tensor();
  conv2d(x, w).sum().backward();
  EXPECT_TRUE(is_close(x.grad(), expected, {2, 16}));
}

TEST_F(Cudnn, WhatNoEngineCanDoIsOurs) {
  Tensor x = random({2, 3, 5, 13}, kFloat), w = random({4, 3, 3, 3}, kFloat);
  cudasim::fail_call("cudnnBackendFinalize", 1, cudaErrorNotSupported, 2);  // also the fallback
  Tensor y = conv2d(x, w);
  EXPECT_TRUE(same_bits(conv2d(x, w), y));
  EXPECT_EQ(runs(), 0u);
  EXPECT_TRUE(is_close(conv2d(x, w, {}, 1, 1).slice(2, 1, 4).slice(3, 1, 12), y, {2, 16}));
  EXPECT_EQ(runs(), 1u);
}

TEST_F(Cudnn, EmptyImagesAreOurs) {
  Tensor w = random({4, 3, 3, 3}, kFloat), b = random({4}, kFloat);
  EXPECT_EQ(conv2d(random({0, 3, 5, 5}, kFloat), w, b).sizes(), IntArrayRef({0, 4, 3, 3}));
  EXPECT_EQ(runs(), 0u);
}

// ---- The switches

float rounded(float x) {
  return std::bit_cast<float>((std::bit_cast<uint32_t>(x) + 0x1000u) & ~0x1fffu);
}

TEST_F(Cudnn, RoundsToTF32OnlyWhereItIsAllowed) {
  const float x = 1 + 0x1p-12f + 0x1p-20f, w = 3 - 0x1p-13f;
  Tensor image = full({1, 1, 1, 1}, x, device(kGpu0)),
         weight = full({1, 1, 1, 1}, w, device(kGpu0));
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(conv2d(image, weight).item<float>(), x * w);
    EXPECT_EQ(runs(kTensorCores), 0u);
    context_.setAllowTF32CuDNN(true);
    EXPECT_EQ(conv2d(image, weight).item<float>(), rounded(x) * rounded(w));
    EXPECT_EQ(runs(kTensorCores), 1u);
    context_.setAllowTF32CuDNN(false);
  }
}

TEST_F(Cudnn, TakesEnginesThatDoNotRepeatOnlyWhereTheyAreAllowed) {
  context_.setDeterministicCuDNN(false);
  run(convolutions()[0], kFloat);
  EXPECT_EQ(runs("cudnn, by atomics"), 3u);
  context_.setAllowTF32CuDNN(true);
  run(convolutions()[0], kFloat);
  EXPECT_EQ(runs("cudnn, by atomics on tensor cores"), 3u);
}

// ---- On streams

TEST_F(Cudnn, ManyStreamsShareAHandle) {
  const Tensor expected = run(convolutions()[0], kFloat).grad_weight.cpu();
  for (const cuda::CUDAStream& stream : pool_streams(4)) {
    cuda::CUDAStreamGuard guard(stream);
    const Results results = run(convolutions()[0], kFloat);
    EXPECT_TRUE(same_bits(results.grad_weight.cpu(), expected));
  }
}

TEST_F(Cudnn, WaitsForNothingAndAllocatesNothingInTheLongRun) {
  Tensor x = random({2, 3, 8, 8}, kHalf).requires_grad_();
  Tensor w = random({4, 3, 3, 3}, kHalf).requires_grad_(), b = random({4}, kHalf);
  const auto step = [&] {
    Tensor y = conv2d(x, w, b);
    y.backward(ones_like(y));
    x.mutable_grad() = Tensor();
    w.mutable_grad() = Tensor();
  };
  step();
  cuda::synchronize();
  cudasim::reset_counters();
  for (int i = 0; i < 3; ++i) step();
  const cudasim::Counters counters = cudasim::counters();
  EXPECT_EQ(counters.synchronizations, 0u);
  EXPECT_EQ(counters.mallocs, 0u);
  EXPECT_EQ(counters.queries, 0u);
}

TEST_F(Cudnn, ACaptureHasWhatWasRunBeforeAndElseOurKernels) {
  const cuda::CUDAStream stream = pool_streams(1)[0];
  const cuda::CUDAStreamGuard guard(stream);
  Tensor x = random({2, 3, 6, 10}, kFloat), w = random({4, 3, 3, 3}, kFloat);
  Tensor out = conv2d(x, w);
  for (bool known : {true, false}) {
    Tensor image = known ? x : random({2, 3, 6, 11}, kFloat), result;
    cuda::synchronize();
    cudasim::reset_counters();
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t exec = nullptr;
    ASSERT_EQ(cudaStreamBeginCapture(stream.stream(), cudaStreamCaptureModeThreadLocal),
              cudaSuccess);
    result = conv2d(image, w);
    ASSERT_EQ(cudaStreamEndCapture(stream.stream(), &graph), cudaSuccess) << violations();
    EXPECT_EQ(runs(), known ? 1u : 0u);
    ASSERT_EQ(cudaGraphInstantiate(&exec, graph, 0), cudaSuccess) << violations();
    ASSERT_EQ(cudaGraphLaunch(exec, stream.stream()), cudaSuccess);
    EXPECT_TRUE(is_close(result, conv2d(image, w), {2, 16}));
    EXPECT_EQ(cudaGraphExecDestroy(exec), cudaSuccess);
    EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  }
}

// ---- Failures

TEST_F(Cudnn, AFailureIsAnErrorWithItsText) {
  Tensor x = random({2, 3, 6, 6}, kFloat), w = random({4, 3, 3, 3}, kFloat);
  Tensor expected = conv2d(x, w);
  cudasim::fail_call("cudnnBackendExecute", 1, cudaErrorInvalidValue);
  try {
    conv2d(x, w);
    FAIL() << "expected an error";
  } catch (const CUDAError& e) {
    const std::string message = e.message();
    EXPECT_NE(
        message.find("CUDNN_STATUS_EXECUTION_FAILED in cudnnBackendExecute: invalid argument"),
        message.npos)
        << message;
  }
  EXPECT_TRUE(same_bits(conv2d(x, w), expected));
  cudasim::fail_call("cudnnBackendExecute", 1, cudaErrorMemoryAllocation);
  EXPECT_THROW(conv2d(x, w), OutOfMemoryError);
  EXPECT_TRUE(same_bits(conv2d(x, w), expected));
}

// The only test here that uses this GPU, whose handle is made once.
TEST_F(Cudnn, WithoutAHandleOurKernelsCompute) {
  cudasim::fail_call("cudnnCreate", 1, cudaErrorMemoryAllocation);
  const Results ours = run(convolutions()[0], kFloat, kGpu1);
  EXPECT_EQ(runs(), 2u);  // the gradients, for which it was asked again
  EXPECT_TRUE(is_close(ours.output.to(kGpu0), run(convolutions()[0], kFloat).output, {2, 16}));
}

}  // namespace
}  // namespace adjoint::testing
