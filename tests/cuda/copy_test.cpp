// SPDX-License-Identifier: MIT
// Copies between the host and GPUs, and pinned memory.
#include <cuda_runtime.h>

#include "adjoint/backend.h"
#include "tests/cuda/cuda_test.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

const TensorOptions kHost = TensorOptions(kCPU);

class CudaCopies : public CudaTest {};

TEST_F(CudaCopies, ValuesCrossAndComeBack) {
  Tensor x = arange(24, kHost.dtype(kFloat)).view({2, 3, 4});
  for (Tensor t : {x, x.transpose(0, 2), x.select(1, 2), x.expand({5, 2, 3, 4})}) {
    EXPECT_TRUE(same_bits(t.to(kGpu0).cpu(), t.contiguous()));
    Tensor there = t.to(kGpu0, kInt);
    EXPECT_EQ(there.dtype(), kInt);
    EXPECT_TRUE(same_bits(there.cpu(), t.to(kInt)));
  }
  Tensor y = zeros({4, 3}, TensorOptions(kGpu0));
  y.t().copy_(arange(12, kHost.dtype(kLong)).view({3, 4}));
  EXPECT_TRUE(same_bits(y.cpu(), arange(12, kHost.dtype(kFloat)).view({3, 4}).t().contiguous()));
}

TEST_F(CudaCopies, PinnedMemoryIsSaidToBe) {
  EXPECT_FALSE(ones({3}, kHost).is_pinned());
  Tensor x = ones({3}, kHost.pinned_memory(true));
  EXPECT_TRUE(x.is_pinned());
  EXPECT_TRUE(x.is_cpu());
  EXPECT_TRUE(x.slice(0, 1).is_pinned());
  Tensor y = arange(3, kHost.dtype(kFloat)).pin_memory();
  EXPECT_TRUE(y.is_pinned());
  EXPECT_TRUE(same_bits(y, arange(3, kHost.dtype(kFloat))));
  EXPECT_EQ(y.pin_memory().data_ptr(), y.data_ptr());
  EXPECT_THROW(ones({3}, TensorOptions(kGpu0)).pin_memory(), Error);
  EXPECT_THROW(ones({3}, TensorOptions(kGpu0).pinned_memory(true)), Error);
}

TEST_F(CudaCopies, ANonBlockingCopyOfPinnedMemoryWaitsForNothing) {
  Tensor x = full({1000}, 3.0, kHost.pinned_memory(true)), y = empty({1000}, TensorOptions(kGpu0));
  Tensor back = empty({1000}, kHost.pinned_memory(true));
  cudasim::reset_counters();
  y.copy_(x, /*non_blocking=*/true);
  back.copy_(y, /*non_blocking=*/true);
  EXPECT_EQ(cudasim::counters().synchronizations, 0);
  cuda::synchronize();
  cudasim::host_reads(back.data_ptr(), back.nbytes());
  EXPECT_TRUE(same_bits(back, full({1000}, 3.0, kHost)));
}

TEST_F(CudaCopies, ABlockingCopyOfPinnedMemoryIsDoneWhenItReturns) {
  Tensor x = full({1000}, 3.0, kHost.pinned_memory(true)), y = empty({1000}, TensorOptions(kGpu0));
  y.copy_(x);
  cudasim::host_writes(x.data_ptr(), x.nbytes());
  x.fill_(4);
  EXPECT_EQ(y.sum().item<float>(), 3000);
  x.copy_(y);
  cudasim::host_reads(x.data_ptr(), x.nbytes());
  EXPECT_TRUE(same_bits(x, full({1000}, 3.0, kHost)));
}

TEST_F(CudaCopies, ANonBlockingCopyOfPageableMemoryMayBeFollowedByAWrite) {
  Tensor x = full({1000}, 3.0, kHost);
  Tensor y = x.to(kGpu0, /*non_blocking=*/true);
  x.fill_(4);
  EXPECT_EQ(y.sum().item<float>(), 3000);
  Tensor back = empty({1000}, kHost);
  back.copy_(y, /*non_blocking=*/true);
  EXPECT_TRUE(same_bits(back, full({1000}, 3.0, kHost)))
      << "pageable memory is filled when the call returns";
}

TEST_F(CudaCopies, ANonBlockingCopyToTheHostLiesInPinnedMemory) {
  Tensor x = full({10}, 3.0, TensorOptions(kGpu0));
  Tensor y = x.to(Device(kCPU), /*non_blocking=*/true);
  EXPECT_TRUE(y.is_pinned());
  EXPECT_FALSE(x.cpu().is_pinned());
  cuda::synchronize();
  EXPECT_TRUE(same_bits(y, full({10}, 3.0, kHost)));
}

TEST_F(CudaCopies, PinnedMemoryIsReusedWhenItsCopiesAreDone) {
  cudasim::config().mode = cudasim::Mode::lazy;
  pinned_allocator().empty_cache();
  Tensor y = empty({1000}, TensorOptions(kGpu0)), x = full({1000}, 3.0, kHost.pinned_memory(true));
  const void* first = x.data_ptr();
  y.copy_(x, true);
  x = Tensor();
  Tensor other = full({1000}, 4.0, kHost.pinned_memory(true));
  EXPECT_NE(other.data_ptr(), first) << "the copy has not read it yet";
  EXPECT_EQ(y.sum().item<float>(), 3000);
  EXPECT_EQ(full({1000}, 5.0, kHost.pinned_memory(true)).data_ptr(), first);
  EXPECT_EQ(empty({1000}, kHost.pinned_memory(true)).data_ptr(), first) << "no copy used it since";
}

TEST_F(CudaCopies, CopiesBetweenGpusNeedNoWaitOfTheHost) {
  Tensor x = full({1000}, 3.0, TensorOptions(kGpu0));
  Tensor y = empty({10, 100}, TensorOptions(kGpu1));
  y.fill_(1);
  cudasim::reset_counters();
  Tensor z = x.to(kGpu1);
  y.t().copy_(x.view({100, 10}).t().contiguous().t());
  x.fill_(4);  // after the copies have read it
  EXPECT_EQ(cudasim::counters().synchronizations, 0);
  EXPECT_GT(cudasim::counters().copied_bytes(cudasim::Direction::peer_to_peer), 0);
  EXPECT_EQ(z.device(), kGpu1);
  EXPECT_EQ(z.sum().item<float>(), 3000);
  EXPECT_EQ(y.sum().item<float>(), 3000);
  EXPECT_EQ(cuda::current_device(), 0);
}

TEST_F(CudaCopies, TensorsOfDifferentDevicesAreAnError) {
  Tensor a = ones({2}, TensorOptions(kGpu0)), b = ones({2}, TensorOptions(kGpu1)),
         c = ones({2}, kHost);
  auto expect_error = [](auto f) {
    try {
      f();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& e) {
      EXPECT_NE(
          std::string(e.what()).find(
              "Expected all tensors to be on the same device, but found at least two devices"),
          std::string::npos)
          << e.what();
    }
  };
  expect_error([&] { a + b; });
  expect_error([&] { a* c; });
  expect_error([&] { matmul(a, c); });
}

TEST_F(CudaCopies, AFailedCopyIsACudaError) {
  Tensor x = ones({1000}, TensorOptions(kGpu0));
  cudasim::fail_call("cudaMemcpyAsync", 1, cudaErrorInvalidValue);
  try {
    x.cpu();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const CUDAError& e) {
    EXPECT_NE(std::string(e.what()).find(
                  "CUDA error: invalid argument (cudaErrorInvalidValue) in cudaMemcpyAsync"),
              std::string::npos)
        << e.what();
  }
  EXPECT_EQ(x.sum().item<float>(), 1000) << "the next call works";
}

}  // namespace
}  // namespace adjoint::testing
