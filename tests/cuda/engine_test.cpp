// SPDX-License-Identifier: MIT
// Backward over several streams and devices; the simulated device checks that each waits for the
// other.
#include "tests/cuda/cuda_test.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

const TensorOptions kLeaf = TensorOptions(kGpu0).requires_grad(true);

class CudaEngine : public CudaTest {
 protected:
  static void wait(const cuda::CUDAStream& from, const cuda::CUDAStream& to) {
    cuda::CUDAEvent event;
    event.record(from);
    event.block(to);
  }
};

TEST_F(CudaEngine, OnOneStreamNoEventIsMade) {
  Tensor x = full({100}, 2.0, kLeaf);
  Tensor loss = (x * x * 3).sum();
  cudasim::reset_counters();
  loss.backward();
  EXPECT_EQ(cudasim::counters().events_recorded, 0);
  EXPECT_EQ(cudasim::counters().synchronizations, 0);
  EXPECT_EQ(x.grad().sum().item<float>(), 1200);
}

TEST_F(CudaEngine, ANodeRunsOnItsForwardsStream) {
  for (int seed = 1; seed <= 5; ++seed) {
    cudasim::config().seed = uint64_t(seed);
    cudasim::reseed();
    auto streams = pool_streams(3);
    cuda::CUDAStream main = cuda::getCurrentCUDAStream();
    Tensor x = full({1000}, 2.0, kLeaf), a, b, loss;
    for (int i = 0; i < 3; ++i) {
      if (x.grad().defined()) x.mutable_grad() = Tensor();
      wait(main, streams[0]);
      {
        cuda::CUDAStreamGuard guard(streams[0]);
        a = x * 3;
        x.record_stream(streams[0]);
      }
      wait(main, streams[1]);
      {
        cuda::CUDAStreamGuard guard(streams[1]);
        b = x * x;
        x.record_stream(streams[1]);
      }
      wait(streams[0], streams[2]);
      wait(streams[1], streams[2]);
      {
        cuda::CUDAStreamGuard guard(streams[2]);
        a.record_stream(streams[2]);
        b.record_stream(streams[2]);
        loss = (a * b).sum();
      }
      // The caller's stream is none of those; the gradient is used on it.
      wait(streams[2], main);
      loss.record_stream(main);
      loss.backward();
      Tensor twice = x.grad() * 2;
      EXPECT_EQ(twice.sum().item<float>(), 2 * 9 * 4 * 1000) << "3x^3";
    }
  }
}

TEST_F(CudaEngine, TheCallersStreamWaitsForTheLeaves) {
  auto streams = pool_streams(2);
  Tensor x, loss;
  {
    cuda::CUDAStreamGuard guard(streams[0]);
    x = full({1000}, 2.0, kLeaf);
    loss = (x * x).sum();
  }
  {
    cuda::CUDAStreamGuard guard(streams[1]);
    wait(streams[0], streams[1]);
    loss.backward();
    Tensor grad = x.grad() + 0;
    // Stream 1 still reads the gradient when its memory is given back to stream 0's pool.
    x.mutable_grad() = Tensor();
    {
      cuda::CUDAStreamGuard inner(streams[0]);
      full({1000}, 9.0, TensorOptions(kGpu0));
    }
    EXPECT_EQ(grad.sum().item<float>(), 4000);
  }
}

TEST_F(CudaEngine, GradientsThatWereAskedForMayBeUsedOnTheCallersStream) {
  auto streams = pool_streams(2);
  Tensor x, y, loss;
  {
    cuda::CUDAStreamGuard guard(streams[0]);
    x = full({1000}, 2.0, kLeaf);
    y = x * 2;
    loss = (y * y).sum();
  }
  cuda::CUDAStreamGuard guard(streams[1]);
  wait(streams[0], streams[1]);
  Tensor sum;
  {
    std::vector<Tensor> grads = autograd::grad({loss}, {y, x});
    sum = grads[0] + grads[1];
  }
  {
    cuda::CUDAStreamGuard inner(streams[0]);
    full({1000}, 9.0, TensorOptions(kGpu0));
    full({1000}, 9.0, TensorOptions(kGpu0));
  }
  EXPECT_EQ(sum.sum().item<float>(), 8 * 1000 + 16 * 1000);
}

TEST_F(CudaEngine, GradientsCrossDevices) {
  Tensor x = full({1000}, 2.0, kLeaf);
  Tensor w = full({1000}, 3.0, TensorOptions(kGpu1).requires_grad(true));
  Tensor loss = (x.to(kGpu1) * w * w).sum();
  EXPECT_EQ(loss.device(), kGpu1);
  loss.backward();
  EXPECT_EQ(x.grad().device(), kGpu0);
  EXPECT_EQ(w.grad().device(), kGpu1);
  EXPECT_EQ(x.grad().sum().item<float>(), 9000);
  EXPECT_EQ(w.grad().sum().item<float>(), 12000);
  EXPECT_EQ(cuda::current_device(), 0);
}

TEST_F(CudaEngine, GradientsReachTheHostsLeaves) {
  Tensor x = full({10}, 2.0, TensorOptions(kCPU).requires_grad(true));
  (x.to(kGpu0) * x.to(kGpu1).to(kGpu0)).sum().backward();
  EXPECT_TRUE(same_bits(x.grad(), full({10}, 4.0, TensorOptions(kCPU))));
}

}  // namespace
}  // namespace adjoint::testing
