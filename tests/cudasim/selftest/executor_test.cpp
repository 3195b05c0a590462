// SPDX-License-Identifier: MIT
// Threads, barriers, exchanges within a warp, shared memory, atomics: what correct kernels get.
#include <cmath>
#include <numeric>

#include "device_test.h"

namespace cudasim::testing {
namespace {

constexpr unsigned kFull = 0xffffffffu;
constexpr Order kOrders[] = {Order::mixed, Order::forward, Order::reverse, Order::random,
                             Order::priority};

struct Executor : DeviceTest {};

__global__ void count_visits(int* visits) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  atomicAdd(visits + block * blockDim.x * blockDim.y * blockDim.z + thread, 1);
}

TEST_F(Executor, EveryThreadOfEveryBlockRunsOnceInEveryOrder) {
  for (Order order : kOrders) {
    config().order = order;
    const dim3 grid(5, 3, 2), block(7, 5, 3);
    const size_t threads = 30 * 105;
    Buffer<int> visits(std::vector<int>(threads, 0), stream);
    launch<count_visits>({grid, block, stream}, visits);
    EXPECT_EQ(visits.to_host(stream), std::vector<int>(threads, 1)) << int(order);
  }
}

__global__ void rotate(const int* in, int* out, int steps) {
  SHARED_ARRAY(int, row, 1024);
  const unsigned t = threadIdx.x, n = blockDim.x;
  row[t] = in[t];
  for (int i = 0; i < steps; ++i) {
    __syncthreads();
    const int left = row[(t + n - 1) % n];
    __syncthreads();
    row[t] = left;
  }
  out[t] = row[t];
}

TEST_F(Executor, BarriersOrderSharedMemory) {
  for (Order order : kOrders) {
    config().order = order;
    for (unsigned n : {1u, 31u, 32u, 33u, 256u, 1000u, 1024u}) {
      std::vector<int> values(n), expected(n);
      std::iota(values.begin(), values.end(), 0);
      for (unsigned i = 0; i < n; ++i) expected[(i + 5) % n] = int(i);
      Buffer<int> in(values, stream), out(n);
      launch<rotate>({1, n, stream}, in, out, 5);
      EXPECT_EQ(out.to_host(stream), expected) << n;
    }
  }
}

__global__ void vote_in_block(int* out) {
  const int t = int(threadIdx.x);
  out[3 * t] = __syncthreads_count(t % 3 == 0);
  out[3 * t + 1] = __syncthreads_and(t < 99);
  out[3 * t + 2] = __syncthreads_or(t == 99);
}

TEST_F(Executor, BarriersCountAndVote) {
  Buffer<int> out(300);
  launch<vote_in_block>({1, 100, stream}, out);
  const std::vector<int> result = out.to_host(stream);
  for (size_t t = 0; t < 100; ++t) {
    EXPECT_EQ(result[3 * t], 34);
    EXPECT_EQ(result[3 * t + 1], 0);
    EXPECT_EQ(result[3 * t + 2], 1);
  }
}

__global__ void shuffle_lanes(int* out) {
  const int t = int(threadIdx.x);
  int* mine = out + t * 8;
  mine[0] = __shfl_sync(kFull, t, 5);
  mine[1] = __shfl_up_sync(kFull, t, 3);
  mine[2] = __shfl_down_sync(kFull, t, 3);
  mine[3] = __shfl_xor_sync(kFull, t, 16);
  mine[4] = __shfl_sync(kFull, t, 9, 8);
  mine[5] = __shfl_up_sync(kFull, t, 1, 8);
  mine[6] = __shfl_down_sync(kFull, t, 1, 8);
  mine[7] = int(__shfl_xor_sync(kFull, double(t) + 0.5, 4, 8) * 2);
}

TEST_F(Executor, ShufflesReadTheLaneThatCudaSays) {
  for (Order order : kOrders) {
    config().order = order;
    Buffer<int> out(32 * 8);
    launch<shuffle_lanes>({1, 32, stream}, out);
    const std::vector<int> result = out.to_host(stream);
    for (int t = 0; t < 32; ++t) {
      const std::vector<int> got(result.begin() + t * 8, result.begin() + t * 8 + 8);
      const int group = t & ~7;
      const std::vector<int> expected{
          5,         t < 3 ? t : t - 3,      t > 28 ? t : t + 3,         t ^ 16,
          group + 1, t == group ? t : t - 1, t == group + 7 ? t : t + 1, 2 * (t ^ 4) + 1};
      EXPECT_EQ(got, expected) << t;
    }
  }
}

__global__ void vote_in_warp(unsigned* out) {
  const unsigned t = threadIdx.x;
  const unsigned half = t < 16 ? 0x0000ffffu : 0xffff0000u;
  unsigned* mine = out + t * 8;
  mine[0] = __ballot_sync(kFull, t % 4 == 0);
  mine[1] = __ballot_sync(half, t % 4 == 0);
  mine[2] = unsigned(__all_sync(half, t < 16));
  mine[3] = unsigned(__any_sync(half, t == 3));
  mine[4] = __reduce_add_sync(half, t);
  mine[5] = unsigned(__reduce_min_sync(kFull, 4 - int(t)));
  mine[6] = __match_any_sync(kFull, t / 8);
  int all = -1;
  mine[7] = __match_all_sync(half, half, &all);
  if (all != 1) mine[7] = 0;
}

TEST_F(Executor, VotesAndReductionsSpeakForTheLanesOfTheMask) {
  Buffer<unsigned> out(32 * 8);
  launch<vote_in_warp>({1, 32, stream}, out);
  const std::vector<unsigned> result = out.to_host(stream);
  for (unsigned t = 0; t < 32; ++t) {
    const std::vector<unsigned> got(result.begin() + t * 8, result.begin() + t * 8 + 8);
    const bool low = t < 16;
    const std::vector<unsigned> expected{0x11111111u,        low ? 0x1111u : 0x11110000u,
                                         low ? 1u : 0u,      low ? 1u : 0u,
                                         low ? 120u : 376u,  unsigned(-27),
                                         0xffu << (t & ~7u), low ? 0xffffu : 0xffff0000u};
    EXPECT_EQ(got, expected) << t;
  }
}

// Lanes that are not of the mask of an exchange come later, by another way.
__global__ void exchange_in_branches(int* out) {
  const unsigned t = threadIdx.x;
  int value = int(t);
  if (t >= 8) value = __shfl_down_sync(0xffffff00u, value, 1);
  out[t] = __shfl_xor_sync(kFull, value, 1);
}

TEST_F(Executor, LanesOutsideOfAMaskMayComeToTheNextExchangeFirst) {
  for (Order order : kOrders) {
    config().order = order;
    Buffer<int> out(32);
    launch<exchange_in_branches>({1, 32, stream}, out);
    const std::vector<int> result = out.to_host(stream);
    EXPECT_EQ(result[0], 1);
    EXPECT_EQ(result[8], 10);
    EXPECT_EQ(result[30], 31);
  }
}

template <class T>
__global__ void sum_blocks(const T* in, T* partial, T* out, unsigned* ticket) {
  SHARED_ARRAY(T, part, 256);
  const unsigned t = threadIdx.x;
  part[t] = in[blockIdx.x * blockDim.x + t];
  for (unsigned n = blockDim.x / 2; n > 0; n /= 2) {
    __syncthreads();
    if (t < n) part[t] += part[t + n];
  }
  if (t == 0) partial[blockIdx.x] = part[0];
  if (!adjoint::cuda::is_last_block(ticket)) return;
  if (t == 0) {
    T sum = 0;
    for (unsigned i = 0; i < gridDim.x; ++i) sum += partial[i];
    *out = sum;
  }
}

TEST_F(Executor, TheLastBlockSeesWhatAllBlocksWrote) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    use_seed(seed);
    std::vector<int> values(256 * 9);
    std::iota(values.begin(), values.end(), 1);
    Buffer<int> in(values, stream), partial(9), out(1);
    Buffer<unsigned> ticket(std::vector<unsigned>{0}, stream);
    launch<sum_blocks<int>>({9, 256, stream}, in, partial, out, ticket);
    launch<sum_blocks<int>>({9, 256, stream}, in, partial, out, ticket);
    EXPECT_EQ(out.to_host(stream)[0], 2304 * 2305 / 2);
    EXPECT_EQ(ticket.to_host(stream)[0], 0u);
  }
}

template <class T>
__global__ void share_by_type(T* out) {
  SHARED(T, one);
  SHARED_ARRAY(T, many, 4);
  DYNAMIC_SHARED(T, dynamic);
  if (threadIdx.x == 0) {
    one = T(1);
    many[3] = T(2);
    dynamic[7] = T(4);
  }
  __syncthreads();
  if (threadIdx.x == 1) *out = one + many[3] + dynamic[7];
}

TEST_F(Executor, SharedObjectsHaveTheirOwnMemory) {
  Buffer<float> a(1);
  Buffer<int64_t> b(1);
  launch<share_by_type<float>>({1, 64, stream, 8 * sizeof(float)}, a);
  launch<share_by_type<int64_t>>({1, 64, stream, 8 * sizeof(int64_t)}, b);
  EXPECT_EQ(a.to_host(stream)[0], 7.0f);
  EXPECT_EQ(b.to_host(stream)[0], 7);
}

__global__ void read_unwritten_shared(float* out) {
  SHARED_ARRAY(float, scratch, 32);
  out[blockIdx.x] = scratch[threadIdx.x];
  scratch[threadIdx.x] = 1.0f;
}

TEST_F(Executor, SharedMemoryIsNaNInEveryBlock) {
  Buffer<float> out(4);
  launch<read_unwritten_shared>({4, 1, stream}, out);
  for (float value : out.to_host(stream)) EXPECT_TRUE(std::isnan(value));
}

struct Operand {
  const float* data;
  int64_t stride;
  static constexpr auto kernel_pointers = std::tuple(&Operand::data);
};
struct Arguments {
  Operand in[2];
  float* out[1];
  int n;
  static constexpr auto kernel_pointers = std::tuple(&Arguments::in, &Arguments::out);
};
__global__ void add_operands(Arguments arguments) {
  const int i = int(threadIdx.x);
  if (i >= arguments.n) return;
  arguments.out[0][i] = arguments.in[0].data[i * arguments.in[0].stride] +
                        arguments.in[1].data[i * arguments.in[1].stride];
}

struct Plain {
  const float* in;
  float* out;
};
__global__ void copy_one(Plain plain) { *plain.out = *plain.in; }

TEST_F(Executor, PointersInStructsAreTranslated) {
  Buffer<float> a({1, 2, 3}, stream), b({10}, stream), out(3), one(1);
  launch<add_operands>({1, 32, stream}, Arguments{{{a, 1}, {b, 0}}, {out}, 3});
  EXPECT_EQ(out.to_host(stream), (std::vector<float>{11, 12, 13}));
  launch<copy_one>({1, 1, stream}, Plain{a, one});
  EXPECT_EQ(one.to_host(stream)[0], 1.0f);
}

__global__ void add_to_all(float* f, double* d, unsigned long long* u, int* low) {
  atomicAdd(f, 1.0f);
  atomicAdd(d, 0.5);
  atomicAdd(u, 2ull);
  atomicMin(low, -int(threadIdx.x));
}

TEST_F(Executor, AtomicsTakeInEveryThread) {
  Buffer<float> f({0}, stream);
  Buffer<double> d({0}, stream);
  Buffer<unsigned long long> u({0}, stream);
  Buffer<int> low({0}, stream);
  launch<add_to_all>({3, 100, stream}, f, d, u, low);
  EXPECT_EQ(f.to_host(stream)[0], 300.0f);
  EXPECT_EQ(d.to_host(stream)[0], 150.0);
  EXPECT_EQ(u.to_host(stream)[0], 600u);
  EXPECT_EQ(low.to_host(stream)[0], -99);
}

__global__ void __launch_bounds__(64) count_up(unsigned* out) {
  out[0] = atomicInc(out + 1, 2);
  out[0] = atomicInc(out + 1, 2);
  out[0] = atomicInc(out + 1, 2);
  out[2] = atomicDec(out + 3, 5);
  out[4] = atomicCAS(out + 5, 7u, 9u);
  out[6] = __umulhi(0x80000000u, 6u);
  out[7] = __brev(1u);
}

TEST_F(Executor, WrappingAtomicsAndIntegerIntrinsicsFollowCuda) {
  Buffer<unsigned> out({0, 0, 0, 0, 0, 7, 0, 0}, stream);
  launch<count_up>({1, 1, stream}, out);
  EXPECT_EQ(out.to_host(stream), (std::vector<unsigned>{2, 0, 0, 5, 7, 9, 3, 0x80000000u}));
}

TEST_F(Executor, TheSameSeedGivesTheSameOrder) {
  auto order_of_visits = [&](uint64_t seed) {
    use_seed(seed);
    Buffer<unsigned> next({0}, stream), visits(64 * 8);
    auto kernel = [](unsigned* next, unsigned* visits) {
      visits[blockIdx.x * blockDim.x + threadIdx.x] = atomicAdd(next, 1u);
    };
    cudaLaunchConfig_t where{};
    where.gridDim = 8;
    where.blockDim = 64;
    where.stream = stream;
    void (*function)(unsigned*, unsigned*) = kernel;
    EXPECT_EQ(cudaLaunchKernelEx(&where, function, next.get(), visits.get()), cudaSuccess);
    return visits.to_host(stream);
  };
  EXPECT_EQ(order_of_visits(1), order_of_visits(1));
  EXPECT_NE(order_of_visits(1), order_of_visits(2));
}

}  // namespace
}  // namespace cudasim::testing
