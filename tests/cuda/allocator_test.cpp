// SPDX-License-Identifier: MIT
// The caching allocator: what is reused, when, and what happens where memory ends.
#include <cuda_runtime.h>

#include "adjoint/backend.h"
#include "tests/cuda/cuda_test.h"
#include "tests/support/compare.h"

namespace adjoint::testing {
namespace {

constexpr int64_t kMiB = int64_t(1) << 20;

Tensor bytes(int64_t n, Device device = kGpu0) {
  return empty({n}, TensorOptions(kByte).device(device));
}
const void* address(const Tensor& t) { return t.data_ptr(); }

class CudaAllocator : public CudaTest {};

TEST_F(CudaAllocator, AFreedBlockIsReusedAtOnceOnItsOwnStream) {
  const void* first = address(bytes(1000));
  EXPECT_EQ(address(bytes(900)), first);
}

TEST_F(CudaAllocator, AFreedBlockGoesToNoOtherStream) {
  auto streams = pool_streams(2);
  const void* first;
  {
    cuda::CUDAStreamGuard guard(streams[0]);
    first = address(bytes(1000));
  }
  cuda::CUDAStreamGuard guard(streams[1]);
  EXPECT_NE(address(bytes(1000)), first);
}

TEST_F(CudaAllocator, TheSteadyStateAsksCudaForNothing) {
  auto step = [] {
    Tensor x = ones({300, 100}, kGpu0), y = x * 2 + x;
    return (y * y).sum().item<float>();
  };
  step();
  cudasim::reset_counters();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(step(), 300 * 100 * 9.0f);
  cudasim::Counters counters = cudasim::counters();
  EXPECT_EQ(counters.mallocs, 0);
  EXPECT_EQ(counters.frees, 0);
  EXPECT_EQ(counters.queries, 0);
  EXPECT_EQ(counters.synchronizations, 5) << "one for each item()";
}

TEST_F(CudaAllocator, NeighboursGrowTogetherAgain) {
  Tensor a = bytes(512 * 1024), b = bytes(512 * 1024), c = bytes(512 * 1024);
  const void* first = address(a);
  EXPECT_EQ(cuda::memory_stats(0).reserved, 2 * kMiB);
  a = Tensor();
  c = Tensor();
  b = Tensor();  // joins with both
  EXPECT_EQ(address(bytes(kMiB)), first);
  EXPECT_EQ(cuda::memory_stats(0).reserved, 2 * kMiB);
}

TEST_F(CudaAllocator, TheSnapshotAndTheStatisticsTellTheSame) {
  cuda::reset_peak_memory_stats(0);
  Tensor a = bytes(700), b = bytes(3 * kMiB), c = bytes(30 * kMiB);
  MemoryStats stats = cuda::memory_stats(0);
  std::vector<SegmentInfo> segments = cuda::memory_snapshot(0);
  ASSERT_EQ(segments.size(), 3);
  size_t total = 0, allocated = 0, requested = 0;
  for (const SegmentInfo& segment : segments) {
    size_t sum = 0;
    for (const BlockInfo& block : segment.blocks) {
      sum += block.size;
      requested += block.requested_size;
    }
    EXPECT_EQ(sum, segment.total_size);
    EXPECT_EQ(segment.stream, cuda::getCurrentCUDAStream(0).id());
    total += segment.total_size;
    allocated += segment.allocated_size;
  }
  EXPECT_EQ(int64_t(total), stats.reserved);
  EXPECT_EQ(stats.reserved, (2 + 20 + 30) * kMiB);
  EXPECT_EQ(int64_t(allocated), stats.allocated);
  EXPECT_EQ(stats.allocated, 1024 + (3 + 30) * kMiB);
  EXPECT_EQ(requested, size_t(700 + 33 * kMiB));
  c = Tensor();
  EXPECT_EQ(cuda::memory_stats(0).peak_allocated, stats.allocated);
  cuda::reset_peak_memory_stats(0);
  EXPECT_EQ(cuda::memory_stats(0).peak_allocated, 1024 + 3 * kMiB);
  cuda::empty_cache(0);
  EXPECT_EQ(cuda::memory_stats(0).reserved, 22 * kMiB);
}

TEST_F(CudaAllocator, ABlockThatAnotherStreamUsesWaitsForIt) {
  auto streams = pool_streams(2);
  cuda::CUDAStreamGuard guard(streams[0]);
  Tensor x = ones({1000}, kGpu0), sum;
  const void* first = address(x);
  cuda::CUDAEvent made;
  made.record(streams[0]);
  made.block(streams[1]);
  {
    cuda::CUDAStreamGuard other(streams[1]);
    sum = x.sum();
  }
  x.record_stream(streams[1]);
  x = Tensor();
  Tensor again = empty({1000}, kGpu0);
  EXPECT_NE(address(again), first) << "stream 1 has not read it yet";
  again.fill_(7);
  cuda::synchronize(0);
  // The pending block is looked at when no free one fits: all of the segment is taken first.
  std::vector<Tensor> all;
  bool came_back = false;
  for (int i = 0; i < 600 && !came_back; ++i) {
    all.push_back(empty({1000}, kGpu0));
    came_back = address(all.back()) == first;
  }
  EXPECT_TRUE(came_back);
  cuda::CUDAStreamGuard other(streams[1]);
  EXPECT_EQ(sum.item<float>(), 1000);
}

// The same program without record_stream: the checker must find it, or the tests above say nothing.
TEST_F(CudaAllocator, ABlockThatIsReusedTooEarlyIsFoundByTheSimulatedDevice) {
  cudasim::config().poison_freed_blocks = false;  // AddressSanitizer would end the program
  auto streams = pool_streams(2);
  Tensor sum;
  {
    cuda::CUDAStreamGuard guard(streams[0]);
    Tensor x = ones({1000}, kGpu0);
    cuda::CUDAEvent made;
    made.record(streams[0]);
    made.block(streams[1]);
    {
      cuda::CUDAStreamGuard other(streams[1]);
      sum = x.sum();
    }
    x = Tensor();
    x = empty({1000}, kGpu0);
    x.fill_(7);
  }
  EXPECT_NE(violations(), "");
  cuda::synchronize(0);
}

TEST_F(CudaAllocator, TheLimitHoldsAndIsNamedInTheError) {
  cuda::set_memory_limit(4 * kMiB, 0);
  EXPECT_EQ(cuda::memory_stats(0).limit, 4 * kMiB);
  Tensor a = bytes(600 * 1024), b = bytes(600 * 1024), c = bytes(600 * 1024);
  Tensor d = bytes(600 * 1024);
  try {
    bytes(8 * kMiB);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const OutOfMemoryError& e) {
    std::string text = e.what();
    for (const char* part : {"CUDA out of memory. Tried to allocate 8.00 MiB", "GPU 0",
                             "limit set by set_memory_limit is 4.00 MiB", "is held by tensors",
                             "stream 0: 2 segments of 4.00 MiB"}) {
      EXPECT_NE(text.find(part), text.npos) << part << " in: " << text;
    }
  }
  a = b = c = d = Tensor();
  bytes(kMiB);  // the program goes on
}

TEST_F(CudaAllocator, WhereMemoryEndsTheCacheIsGivenBackAndCudaAskedAgain) {
  { Tensor cached = bytes(50 * kMiB); }
  EXPECT_EQ(cuda::memory_stats(0).reserved, 50 * kMiB);
  cudasim::fail_call("cudaMalloc", 1, cudaErrorMemoryAllocation);
  Tensor x = bytes(70 * kMiB);
  EXPECT_EQ(cuda::memory_stats(0).reserved, 70 * kMiB);
}

TEST_F(CudaAllocator, OutOfMemoryIsAnErrorAfterWhichTheProgramGoesOn) {
  Tensor kept = full({1000}, 3.0, TensorOptions(kGpu0));
  cudasim::fail_call("cudaMalloc", 1, cudaErrorMemoryAllocation, 2);
  EXPECT_THROW(bytes(70 * kMiB), OutOfMemoryError);
  EXPECT_EQ(kept.sum().item<float>(), 3000);
  EXPECT_EQ(bytes(70 * kMiB).numel(), 70 * kMiB);
  EXPECT_THROW(bytes(int64_t(1) << 50), OutOfMemoryError) << "more than the GPU has";
}

TEST_F(CudaAllocator, APrivatePoolKeepsItsMemoryUntilItIsReleased) {
  Allocator& allocator = get_backend(kCUDA).allocator(0);
  uint64_t pool = allocator.create_pool();
  allocator.begin_allocate_to_pool(pool);
  Tensor inside = bytes(1000);
  const void* first = address(inside);
  inside = Tensor();
  EXPECT_EQ(address(bytes(1000)), first) << "reused within the pool";
  EXPECT_THROW(allocator.begin_allocate_to_pool(pool), Error);
  allocator.end_allocate_to_pool(pool);
  EXPECT_NE(address(bytes(1000)), first) << "nobody else's";
  cuda::empty_cache(0);
  ASSERT_EQ(cuda::memory_snapshot(0).size(), 1);
  EXPECT_EQ(cuda::memory_snapshot(0)[0].pool, pool);
  allocator.release_pool(pool);
  EXPECT_THROW(allocator.begin_allocate_to_pool(pool), Error);
  cuda::empty_cache(0);
  EXPECT_EQ(cuda::memory_snapshot(0).size(), 0);
}

TEST_F(CudaAllocator, ABlockFreedDuringACaptureWaitsForItsEnd) {
  auto streams = pool_streams(2);
  Allocator& allocator = get_backend(kCUDA).allocator(0);
  uint64_t pool = allocator.create_pool();
  cuda::CUDAStreamGuard guard(streams[0]);
  Tensor x = ones({1000}, kGpu0);
  cuda::synchronize(0);
  x.record_stream(streams[1]);
  const void* first = address(x);
  cudaGraph_t graph = nullptr;
  ASSERT_EQ(cudaStreamBeginCapture(streams[0].stream(), cudaStreamCaptureModeThreadLocal),
            cudaSuccess);
  allocator.begin_allocate_to_pool(pool);
  Tensor y = empty({1000}, kGpu0);
  y.fill_(2);
  x = Tensor();  // no event may be recorded or queried now
  Tensor z = y + y;
  ASSERT_EQ(cudaStreamEndCapture(streams[0].stream(), &graph), cudaSuccess) << violations();
  allocator.end_allocate_to_pool(pool);
  cuda::synchronize(0);
  cuda::empty_cache(0);
  for (const SegmentInfo& segment : cuda::memory_snapshot(0)) {
    EXPECT_EQ(segment.pool, pool) << "the block " << first << " was given back after the capture";
  }
  ASSERT_EQ(cudaGraphDestroy(graph), cudaSuccess);
  allocator.release_pool(pool);
}

}  // namespace
}  // namespace adjoint::testing
