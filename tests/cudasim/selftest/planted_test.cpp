// SPDX-License-Identifier: MIT
// Kernels with a bug of synchronisation: the simulator must find each, and must be content with the
// correct twin.
#include <cstdlib>

#include "device_test.h"

namespace cudasim::testing {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadSanitizer = true;
#elif defined(__has_feature)
constexpr bool kThreadSanitizer = __has_feature(thread_sanitizer);
#else
constexpr bool kThreadSanitizer = false;
#endif
int races = 0;  // 1: ThreadSanitizer has reported one

constexpr unsigned kFull = 0xffffffffu;
constexpr int kSeeds = kThreadSanitizer ? 2 : 20;

struct ThreadSynchronization : DeviceTest {
  // Of so many seeds, those with which one block of the kernel gives something else.
  template <auto kernel>
  int wrong_runs(double expected, unsigned threads) {
    int wrong = 0;
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
      use_seed(seed);
      Buffer<double> out(1);
      launch<kernel>({1, threads, stream}, out);
      wrong += out.to_host(stream)[0] != expected;
    }
    return wrong;
  }

  // ThreadSanitizer reports the race; without it, results are wrong with most seeds.
  template <auto kernel>
  void expect_found(double expected, unsigned threads) {
    if (kThreadSanitizer) {
      EXPECT_EXIT((wrong_runs<kernel>(expected, threads), std::_Exit(races)),
                  ::testing::ExitedWithCode(1), "data race");
    } else {
      EXPECT_GT(wrong_runs<kernel>(expected, threads), kSeeds / 2);
    }
  }
};

template <bool synchronize>
__global__ void sum_by_tree(double* out) {
  SHARED_ARRAY(double, part, 256);
  const unsigned t = threadIdx.x;
  part[t] = t;
  __syncthreads();
  for (unsigned n = blockDim.x / 2; n > 0; n /= 2) {
    if (t < n) part[t] += part[t + n];
    if (synchronize) __syncthreads();
  }
  if (t == 0) *out = part[0];
}

TEST_F(ThreadSynchronization, ReadBeforeWriteWithoutABarrierIsFound) {
  EXPECT_EQ(wrong_runs<sum_by_tree<true>>(32640, 256), 0);
  expect_found<sum_by_tree<false>>(32640, 256);
}

// Two exchanges between warps by the same scratch memory.
template <bool synchronize>
__global__ void sum_twice(double* out) {
  SHARED_ARRAY(double, part, 8);
  const unsigned t = threadIdx.x, warp = t / 32;
  double sum[2];
  for (int pass = 0; pass < 2; ++pass) {
    if (t % 32 == 0) part[warp] = pass == 0 ? 1 : 100;
    __syncthreads();
    sum[pass] = 0;
    for (int w = 0; w < 8; ++w) sum[pass] += part[w];
    if (synchronize) __syncthreads();
  }
  const bool right = __syncthreads_and(sum[0] == 8 && sum[1] == 800);
  if (t == 0) *out = right;
}

TEST_F(ThreadSynchronization, WriteBeforeReadWithoutABarrierIsFound) {
  EXPECT_EQ(wrong_runs<sum_twice<true>>(1, 256), 0);
  expect_found<sum_twice<false>>(1, 256);
}

template <bool synchronize>
__global__ void swap_in_warp(double* out) {
  SHARED_ARRAY(int, row, 32);
  const int lane = int(threadIdx.x);
  row[lane] = lane;
  if (synchronize) __syncwarp();
  const int other = row[lane ^ 1];
  if (synchronize) __syncwarp();
  const bool right = __all_sync(kFull, other == (lane ^ 1));
  if (lane == 0) *out = right;
}

TEST_F(ThreadSynchronization, SharedMemoryWithoutSyncwarpIsFound) {
  EXPECT_EQ(wrong_runs<swap_in_warp<true>>(1, 32), 0);
  expect_found<swap_in_warp<false>>(1, 32);
}

template <bool correct>
__global__ void return_early(int n, int* out) {
  const int t = int(threadIdx.x);
  if (!correct && t >= n) return;
  __syncthreads();
  if (t < n) out[t] = t;
}

TEST_F(ThreadSynchronization, BarrierAfterAReturnOfSomeThreadsIsNamed) {
  Buffer<int> out(64);
  launch<return_early<true>>({1, 64, stream}, 50, out);
  EXPECT_EQ(violations(), Kinds{});
  launch<return_early<false>>({1, 64, stream}, 50, out);
  EXPECT_EQ(violations(), Kinds{"divergent barrier"});
  EXPECT_NE(last_text.find("return_early<false>"), std::string::npos) << last_text;
  EXPECT_NE(last_text.find("planted_test.cpp:"), std::string::npos) << last_text;
}

__global__ void barrier_in_branches(int* out) {
  if (threadIdx.x < 32) {
    __syncthreads();
    if (threadIdx.x == 0) out[0] = 1;
  } else {
    if (threadIdx.x == 32) out[1] = 2;
    __syncthreads();
  }
}

TEST_F(ThreadSynchronization, BarriersInTwoBranchesAreNamed) {
  Buffer<int> out(2);
  launch<barrier_in_branches>({1, 64, stream}, out);
  EXPECT_EQ(violations(), Kinds{"divergent barrier"});
}

template <bool correct>
__global__ void sum_of_half_warp(int* out) {
  int sum = int(threadIdx.x);
  if (threadIdx.x < 16) {
    const unsigned mask = correct ? 0x0000ffffu : kFull;
    for (int n = 8; n > 0; n /= 2) sum += __shfl_xor_sync(mask, sum, n);
  }
  if (!correct) sum += __shfl_xor_sync(0x0fffffffu | 1u << threadIdx.x, sum, 1);
  if (threadIdx.x == 0) *out = sum;
}

TEST_F(ThreadSynchronization, MaskThatNamesLanesOfAnotherBranchIsNamed) {
  Buffer<int> out(1);
  launch<sum_of_half_warp<true>>({1, 32, stream}, out);
  EXPECT_EQ(out.to_host(stream)[0], 120);
  EXPECT_EQ(violations(), Kinds{});
  launch<sum_of_half_warp<false>>({1, 32, stream}, out);
  EXPECT_EQ(violations(), Kinds{"mask mismatch"});
  EXPECT_NE(last_text.find("threads 0-15 in __shfl_xor_sync(0xffffffff)"), std::string::npos)
      << last_text;
}

__global__ void shuffle_without_own_lane(int* out) {
  out[threadIdx.x] = __shfl_sync(threadIdx.x == 5 ? 0x1u : 0xffffffdfu, 1, 0);
}

TEST_F(ThreadSynchronization, MaskWithoutTheCallersLaneIsNamed) {
  Buffer<int> out(32);
  launch<shuffle_without_own_lane>({1, 32, stream}, out);
  EXPECT_TRUE(violations().contains("lane not in mask"));
}

__global__ void shuffle_after_return(int* out) {
  if (threadIdx.x >= 20) return;
  out[threadIdx.x] = __shfl_down_sync(kFull, 7, 1);
}

TEST_F(ThreadSynchronization, ExchangeWithLanesThatReturnedIsNamed) {
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    use_seed(seed);
    Buffer<int> out(20);
    launch<shuffle_after_return>({1, 32, stream}, out);
    EXPECT_EQ(violations(), Kinds{"exited lane"});
    const std::vector<int> result = out.to_host(stream);
    EXPECT_EQ(result[18], 7);
    EXPECT_EQ(result[19], int(0xdeaddeadu)) << "a value that nobody gave";
  }
}

__global__ void wait_crosswise() {
  if (threadIdx.x < 16) {
    __syncthreads();
    __syncwarp();
  } else {
    __syncwarp();
    __syncthreads();
  }
}

TEST_F(ThreadSynchronization, DeadlockSaysWhoWaitsWhere) {
  launch<wait_crosswise>({1, 32, stream});
  EXPECT_EQ(violations(), Kinds{"deadlock"});
  EXPECT_NE(last_text.find("threads 0-15 in __syncthreads at "), std::string::npos) << last_text;
  EXPECT_NE(last_text.find("threads 16-31 in __syncwarp(0xffffffff) at "), std::string::npos)
      << last_text;
  Buffer<int> out(64);
  launch<return_early<true>>({1, 64, stream}, 64, out);
  EXPECT_EQ(out.to_host(stream)[63], 63) << "the next launch is not harmed";
}

__global__ void trap_in_one_thread(int* out) {
  if (threadIdx.x == 3) __trap();
  __syncthreads();
  out[threadIdx.x] = 1;
}

TEST_F(ThreadSynchronization, TrapIsNamed) {
  Buffer<int> out(32);
  launch<trap_in_one_thread>({1, 32, stream}, out);
  EXPECT_EQ(violations(), Kinds{"trap"});
}

}  // namespace

// Not watched itself: a race within the report of one never ends.
extern "C" __attribute__((no_sanitize("thread"))) void __tsan_on_report(void*) { races = 1; }

}  // namespace cudasim::testing
