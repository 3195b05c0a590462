// SPDX-License-Identifier: MIT
// Streams, events, guards and devices.
#include <set>
#include <thread>

#include "adjoint/backend.h"
#include "tests/cuda/cuda_test.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

class CudaStreams : public CudaTest {};

TEST_F(CudaStreams, TheFirstStreamIsCurrentInEveryThread) {
  EXPECT_EQ(cuda::getCurrentCUDAStream(0), cuda::getDefaultCUDAStream(0));
  EXPECT_NE(cuda::getDefaultCUDAStream(0).stream(), nullptr) << "never CUDA's legacy stream";
  cuda::CUDAStreamGuard guard(cuda::getStreamFromPool());
  std::thread([] {
    EXPECT_EQ(cuda::getCurrentCUDAStream(0), cuda::getDefaultCUDAStream(0));
  }).join();
  EXPECT_FALSE(cuda::getCurrentCUDAStream(0) == cuda::getDefaultCUDAStream(0));
}

TEST_F(CudaStreams, ThePoolHas32StreamsOfEachPriority) {
  std::set<uint32_t> normal, high;
  for (int i = 0; i < 64; ++i) {
    normal.insert(cuda::getStreamFromPool(false, 0).id());
    high.insert(cuda::getStreamFromPool(true, 0).id());
  }
  EXPECT_EQ(normal.size(), 32);
  EXPECT_EQ(high.size(), 32);
  for (uint32_t id : high) EXPECT_FALSE(normal.contains(id));
}

TEST_F(CudaStreams, AGuardSetsStreamAndDeviceAndRestoresBoth) {
  cuda::CUDAStream before0 = cuda::getCurrentCUDAStream(0), before1 = cuda::getCurrentCUDAStream(1);
  cuda::CUDAStream stream = cuda::getStreamFromPool(false, 1);
  {
    cuda::CUDAStreamGuard guard(stream);
    EXPECT_EQ(cuda::current_device(), 1);
    EXPECT_EQ(cuda::getCurrentCUDAStream(), stream);
    EXPECT_EQ(cuda::getCurrentCUDAStream(0), before0);
    EXPECT_EQ(zeros({1}, kCUDA).device(), kGpu1);
  }
  EXPECT_EQ(cuda::current_device(), 0);
  EXPECT_EQ(cuda::getCurrentCUDAStream(1), before1);
  EXPECT_EQ(zeros({1}, kCUDA).device(), kGpu0);
}

TEST_F(CudaStreams, SettingAStreamLeavesTheDevice) {
  cuda::CUDAStream before = cuda::getCurrentCUDAStream(1),
                   stream = cuda::getStreamFromPool(false, 1);
  cuda::setCurrentCUDAStream(stream);
  EXPECT_EQ(cuda::current_device(), 0);
  EXPECT_EQ(cuda::getCurrentCUDAStream(1), stream);
  cuda::setCurrentCUDAStream(before);
}

TEST_F(CudaStreams, ADeviceGuardRestoresTheDevice) {
  {
    cuda::CUDAGuard guard(1);
    EXPECT_EQ(cuda::current_device(), 1);
    EXPECT_EQ(guard.original_device(), 0);
    guard.set_index(0);
    EXPECT_EQ(cuda::current_device(), 0);
    cuda::CUDAGuard inner(Device("cuda:1"));
    EXPECT_EQ(cuda::current_device(), 1);
  }
  EXPECT_EQ(cuda::current_device(), 0);
  EXPECT_TRUE(throws<Error>("Expected a CUDA device, but got cpu",
                            [] { cuda::CUDAGuard guard{Device(kCPU)}; }));
}

TEST_F(CudaStreams, AGuardOfAnyDeviceRestoresIt) {
  {
    DeviceGuard cpu{Device(kCPU)}, none{Device(kCUDA)}, guard{kGpu1};
    EXPECT_EQ(cuda::current_device(), 1);
    EXPECT_EQ(guard.original_device(), kGpu0);
    guard.set_index(0);
    EXPECT_EQ(cuda::current_device(), 0);
    guard.set_index(1);
  }
  EXPECT_EQ(cuda::current_device(), 0);
  EXPECT_TRUE(
      throws<Error>("invalid device ordinal", [] { DeviceGuard guard{Device("cuda:77")}; }));
}

TEST_F(CudaStreams, ADeviceThatIsNotThereIsNamed) {
  EXPECT_TRUE(throws<Error>("invalid device ordinal", [] { cuda::set_device(99); }));
  EXPECT_TRUE(throws<Error>("cuda:99", [] { zeros({1}, Device("cuda:99")); }));
  EXPECT_EQ(cuda::current_device(), 0);
}

TEST_F(CudaStreams, WorkWaitsForAnEventOfAnotherStream) {
  cudasim::config().mode = cudasim::Mode::lazy;
  auto streams = pool_streams(2);
  Tensor x;
  cuda::CUDAEvent made;
  EXPECT_FALSE(made.isCreated());
  {
    cuda::CUDAStreamGuard guard(streams[0]);
    x = full({1000}, 2.0, TensorOptions(kGpu0));
    made.record();
  }
  EXPECT_FALSE(made.query()) << "nothing has run yet";
  {
    cuda::CUDAStreamGuard guard(streams[1]);
    made.block(streams[1]);
    x.record_stream(streams[1]);
    EXPECT_EQ(x.sum().item<float>(), 2000);
  }
  EXPECT_TRUE(made.query());
}

TEST_F(CudaStreams, AForgottenWaitIsFoundByTheSimulatedDevice) {
  auto streams = pool_streams(2);
  Tensor x;
  {
    cuda::CUDAStreamGuard guard(streams[0]);
    x = full({1000}, 2.0, TensorOptions(kGpu0));
  }
  cuda::CUDAStreamGuard guard(streams[1]);
  x.sum().item<float>();
  EXPECT_NE(violations(), "");
}

TEST_F(CudaStreams, EventsComeFromAPool) {
  auto streams = pool_streams(2);
  auto use = [&] {
    cuda::CUDAEvent event;
    event.record(streams[0]);
    event.block(streams[1]);
  };
  use();
  cudasim::reset_counters();
  for (int i = 0; i < 10; ++i) use();
  EXPECT_EQ(cudasim::counters().events_created, 0);
  EXPECT_EQ(cudasim::counters().events_recorded, 10);
}

TEST_F(CudaStreams, EventsWithTimingMeasureTime) {
  cuda::CUDAEvent start(true), end(true), plain;
  start.record();
  ones({1000}, kGpu0);
  end.record();
  plain.record();
  end.synchronize();
  EXPECT_GE(start.elapsed_time(end), 0);
  EXPECT_TRUE(throws<Error>("enable_timing", [&] { start.elapsed_time(plain); }));
  cuda::CUDAEvent elsewhere;
  elsewhere.record(cuda::getDefaultCUDAStream(1));
  EXPECT_TRUE(throws<Error>("does not match recording stream's device",
                            [&] { elsewhere.record(cuda::getDefaultCUDAStream(0)); }));
}

TEST_F(CudaStreams, OperationsRunOnTheirTensorsDevice) {
  Tensor a = full({3}, 2.0, TensorOptions(kGpu1));
  EXPECT_EQ((a * a).device(), kGpu1);
  EXPECT_EQ((a * a).sum().item<float>(), 12);
  EXPECT_EQ(cuda::current_device(), 0);
}

TEST_F(CudaStreams, ThreadsUseTheirOwnStreamsConcurrently) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([t] {
      cuda::CUDAStreamGuard guard(cuda::getStreamFromPool(false, DeviceIndex(t % 2)));
      for (int i = 0; i < 20; ++i) {
        Tensor x = full({100}, t, TensorOptions(kCUDA));
        EXPECT_EQ((x + i).sum().item<float>(), 100.0f * float(t + i));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace adjoint::testing
