// SPDX-License-Identifier: MIT
// The stand-ins for CUB, against plain loops.
#include <cub/cub.cuh>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <random>

#include "cudasim.h"
#include "cudasim_kernel.h"
#include "device_array.h"

namespace {

/// Calls `function` of CUB as its protocol wants it: for the size of the work memory, then with it.
template <class F>
void run(const F& function) {
  size_t bytes = 0;
  ASSERT_EQ(function(nullptr, bytes), cudaSuccess);
  ASSERT_GT(bytes, 0u);
  const DeviceArray<unsigned char> temp(bytes);
  size_t too_few = bytes - 1;
  EXPECT_EQ(function(temp.get(), too_few), cudaErrorInvalidValue);
  ASSERT_EQ(function(temp.get(), bytes), cudaSuccess);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

template <class T>
std::vector<T> random_keys(size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<T> keys(count);
  for (T& key : keys) {
    if constexpr (std::is_floating_point_v<T>)
      key = T(int64_t(random() % 400)) / 8 - 25;
    else
      key = T(random());
  }
  return keys;
}

template <class T>
class RadixSort : public testing::Test {};
using KeyTypes =
    testing::Types<uint8_t, int32_t, uint32_t, int64_t, uint64_t, float, double, int16_t>;
TYPED_TEST_SUITE(RadixSort, KeyTypes);

TYPED_TEST(RadixSort, PairsAreSortedStably) {
  const auto keys = random_keys<TypeParam>(1000, 1);
  std::vector<int> values(keys.size());
  std::iota(values.begin(), values.end(), 0);
  for (bool descending : {false, true}) {
    std::vector<int> expected = values;
    std::stable_sort(expected.begin(), expected.end(), [&](int a, int b) {
      const TypeParam x = keys[size_t(a)], y = keys[size_t(b)];
      return descending ? y < x : x < y;
    });
    const TestStream stream;
    const DeviceArray<TypeParam> in(keys), out(keys.size());
    const DeviceArray<int> values_in(values), values_out(values.size());
    run([&](void* temp, size_t& bytes) {
      const auto sort = [&](const auto& function) {
        return function(temp, bytes, in.get(), out.get(), values_in.get(), values_out.get(),
                        int(keys.size()), 0, int(sizeof(TypeParam)) * 8, stream);
      };
      return descending
                 ? sort([](auto&&... args) {
                     return cub::DeviceRadixSort::SortPairsDescending(args...);
                   })
                 : sort([](auto&&... args) { return cub::DeviceRadixSort::SortPairs(args...); });
    });
    EXPECT_EQ(values_out.to_host(), expected);
    const auto sorted = out.to_host();
    for (size_t i = 0; i < keys.size(); ++i) {
      ASSERT_EQ(sorted[i], keys[size_t(expected[i])]);
    }
  }
}

TYPED_TEST(RadixSort, KeysAloneAreSorted) {
  auto keys = random_keys<TypeParam>(777, 2);
  const DeviceArray<TypeParam> in(keys), out(keys.size());
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(temp, bytes, in.get(), out.get(), keys.size());
  });
  EXPECT_EQ(in.to_host(), keys);
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(out.to_host(), keys);
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceRadixSort::SortKeysDescending(temp, bytes, in.get(), out.get(), keys.size());
  });
  std::reverse(keys.begin(), keys.end());
  EXPECT_EQ(out.to_host(), keys);
}

TEST(RadixSortOf, FloatsOrdersNaNsByTheirSignAndZerosAsEqual) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = INFINITY;
  const std::vector<float> keys{0.0f, nan, -0.0f, infinity, -nan, -1.0f, 0.0f, -infinity, 1e-45f};
  std::vector<int> values(keys.size());
  std::iota(values.begin(), values.end(), 0);
  const DeviceArray<float> in(keys), out(keys.size());
  const DeviceArray<int> values_in(values), values_out(values.size());
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceRadixSort::SortPairs(temp, bytes, in.get(), out.get(), values_in.get(),
                                           values_out.get(), int(keys.size()));
  });
  EXPECT_EQ(values_out.to_host(), (std::vector<int>{4, 7, 5, 0, 2, 6, 8, 3, 1}));
  EXPECT_EQ(std::bit_cast<uint32_t>(out.to_host()[4]), 0x80000000u) << "-0 stays -0";
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceRadixSort::SortPairsDescending(
        temp, bytes, in.get(), out.get(), values_in.get(), values_out.get(), int(keys.size()));
  });
  EXPECT_EQ(values_out.to_host(), (std::vector<int>{1, 3, 8, 0, 2, 6, 5, 7, 4}));
}

TEST(RadixSortOf, SomeBitsLeavesTheOthersAlone) {
  const std::vector<uint32_t> keys{0x1f3, 0x2a1, 0x0a2, 0xf14, 0x1f0};
  const DeviceArray<uint32_t> in(keys), out(keys.size());
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(temp, bytes, in.get(), out.get(), int(keys.size()), 4, 8);
  });
  EXPECT_EQ(out.to_host(), (std::vector<uint32_t>{0xf14, 0x2a1, 0x0a2, 0x1f3, 0x1f0}));
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceRadixSort::SortKeysDescending(temp, bytes, in.get(), out.get(),
                                                    int(keys.size()), 8, 12);
  });
  EXPECT_EQ(out.to_host(), (std::vector<uint32_t>{0xf14, 0x2a1, 0x1f3, 0x1f0, 0x0a2}));
}

TEST(RadixSortOf, TwoBuffersSaysWhichHasTheResult) {
  for (size_t count : {8, 9}) {
    const auto keys = random_keys<int>(count, 3);
    const DeviceArray<int> a(keys), b(count), values_a(keys), values_b(count);
    cub::DoubleBuffer<int> both(a.get(), b.get()), values(values_a.get(), values_b.get());
    run([&](void* temp, size_t& bytes) {
      return cub::DeviceRadixSort::SortPairs(temp, bytes, both, values, int(count));
    });
    auto expected = keys;
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ((both.Current() == a.get() ? a : b).to_host(), expected);
    EXPECT_EQ((values.Current() == values_a.get() ? values_a : values_b).to_host(), expected);
  }
}

TEST(RadixSortOf, NothingDoesNothing) {
  run([](void* temp, size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(temp, bytes, static_cast<const int*>(nullptr),
                                          static_cast<int*>(nullptr), 0);
  });
}

TEST(WorkMemory, IsOverwritten) {
  const DeviceArray<int> in(std::vector<int>{3, 1, 2}), out(3), values_out(3);
  const DeviceArray<int> bounds(std::vector<int>{0, 3});
  const auto expect_used = [](const char* name, const auto& function) {
    size_t bytes = 0;
    ASSERT_EQ(function(nullptr, bytes), cudaSuccess);
    const std::vector<unsigned char> zeros(bytes);
    const DeviceArray<unsigned char> temp(zeros);
    ASSERT_EQ(function(temp.get(), bytes), cudaSuccess);
    ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
    EXPECT_NE(temp.to_host(), zeros) << name;
  };
  expect_used("SortKeys", [&](void* temp, size_t& bytes) {
    return cub::DeviceRadixSort::SortKeys(temp, bytes, in.get(), out.get(), 3);
  });
  expect_used("SortPairs", [&](void* temp, size_t& bytes) {
    return cub::DeviceRadixSort::SortPairs(temp, bytes, in.get(), out.get(), in.get(),
                                           values_out.get(), 3);
  });
  expect_used("SegmentedSort", [&](void* temp, size_t& bytes) {
    return cub::DeviceSegmentedSort::SortKeys(temp, bytes, in.get(), out.get(), 3, 1, bounds.get(),
                                              bounds.get() + 1);
  });
  expect_used("Sum", [&](void* temp, size_t& bytes) {
    return cub::DeviceReduce::Sum(temp, bytes, in.get(), out.get(), 3);
  });
  expect_used("InclusiveSum", [&](void* temp, size_t& bytes) {
    return cub::DeviceScan::InclusiveSum(temp, bytes, in.get(), out.get(), 3);
  });
}

TEST(RadixSortOf, TwoStreamsNeedsWorkMemoryOfEach) {
  const std::vector<int> keys{3, 1, 2};
  const DeviceArray<int> in(keys), out(3), other_out(3);
  size_t bytes = 0;
  ASSERT_EQ(cub::DeviceRadixSort::SortKeys(nullptr, bytes, in.get(), out.get(), 3), cudaSuccess);
  const DeviceArray<unsigned char> temp(bytes), other_temp(bytes);
  const TestStream first, second;
  const auto sort = [&](const DeviceArray<unsigned char>& work, const DeviceArray<int>& to,
                        cudaStream_t stream) {
    EXPECT_EQ(
        cub::DeviceRadixSort::SortKeys(work.get(), bytes, in.get(), to.get(), 3, 0, 32, stream),
        cudaSuccess);
  };
  cudasim::settle();
  sort(temp, out, first);
  sort(other_temp, other_out, second);
  cudasim::settle();
  EXPECT_TRUE(cudasim::take_violations().empty());
  sort(temp, out, first);
  sort(temp, other_out, second);
  cudasim::settle();
  const auto violations = cudasim::take_violations();
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].kind, "race");
  EXPECT_NE(violations[0].text.find("SortKeys"), std::string::npos) << violations[0].text;
}

TEST(RadixSortOf, AnArrayIntoItselfIsRefused) {
  const DeviceArray<int> keys(std::vector<int>{3, 1, 2});
  size_t bytes = 0;
  ASSERT_EQ(cub::DeviceRadixSort::SortKeys(nullptr, bytes, keys.get(), keys.get(), 3), cudaSuccess);
  const DeviceArray<unsigned char> temp(bytes);
  EXPECT_EQ(cub::DeviceRadixSort::SortKeys(temp.get(), bytes, keys.get(), keys.get(), 3),
            cudaErrorInvalidValue);
  EXPECT_EQ(cudasim::take_violations().size(), 1u);
}

TEST(SegmentedSort, SegmentsAreSortedEachForItself) {
  const std::vector<float> keys{3, 1, 2, 9, 8, 7, 5, 5};
  const std::vector<int> values{0, 1, 2, 3, 4, 5, 6, 7}, offsets{0, 3, 3, 5};
  const DeviceArray<float> in(keys), out(std::vector<float>(keys.size(), -1));
  const DeviceArray<int> values_in(values), values_out(values.size()), bounds(offsets);
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceSegmentedSort::StableSortPairsDescending(temp, bytes, in.get(), out.get(),
                                                               values_in.get(), values_out.get(), 8,
                                                               3, bounds.get(), bounds.get() + 1);
  });
  EXPECT_EQ(out.to_host(), (std::vector<float>{3, 2, 1, 9, 8, -1, -1, -1}));
  auto order = values_out.to_host();
  order.resize(5);
  EXPECT_EQ(order, (std::vector<int>{0, 2, 1, 3, 4}));
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceSegmentedSort::SortKeys(temp, bytes, in.get(), out.get(), 8, 3, bounds.get(),
                                              bounds.get() + 1);
  });
  EXPECT_EQ(out.to_host(), (std::vector<float>{1, 2, 3, 8, 9, -1, -1, -1}));
}

struct Multiply {
  int64_t operator()(int64_t a, int64_t b) const { return a * b; }
};

TEST(DeviceReduce, SumsExtremaAndProductsAreRight) {
  const std::vector<int> numbers{5, -3, 8, 1};
  const DeviceArray<int> in(numbers), out(1);
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceReduce::Sum(temp, bytes, in.get(), out.get(), 4);
  });
  EXPECT_EQ(out.to_host()[0], 11);
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceReduce::Min(temp, bytes, in.get(), out.get(), 4);
  });
  EXPECT_EQ(out.to_host()[0], -3);
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceReduce::Max(temp, bytes, in.get(), out.get(), 4);
  });
  EXPECT_EQ(out.to_host()[0], 8);
  const DeviceArray<int64_t> product(1);
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceReduce::Reduce(temp, bytes, in.get(), product.get(), 4, Multiply(),
                                     int64_t{2});
  });
  EXPECT_EQ(product.to_host()[0], -240);
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceReduce::Sum(temp, bytes, in.get(), out.get(), 0);
  });
  EXPECT_EQ(out.to_host()[0], 0);
}

TEST(DeviceScan, SumsAreRunningInPlaceToo) {
  const std::vector<int> numbers{5, -3, 8, 1};
  const DeviceArray<int> in(numbers), out(4);
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceScan::InclusiveSum(temp, bytes, in.get(), out.get(), 4);
  });
  EXPECT_EQ(out.to_host(), (std::vector<int>{5, 2, 10, 11}));
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceScan::ExclusiveScan(temp, bytes, in.get(), out.get(), std::plus<>(), 100, 4);
  });
  EXPECT_EQ(out.to_host(), (std::vector<int>{100, 105, 102, 110}));
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceScan::InclusiveScan(temp, bytes, in.get(), out.get(), cudasim::Maximum(), 4);
  });
  EXPECT_EQ(out.to_host(), (std::vector<int>{5, 5, 8, 8}));
  run([&](void* temp, size_t& bytes) {
    return cub::DeviceScan::ExclusiveSum(temp, bytes, in.get(), in.get(), 4);
  });
  EXPECT_EQ(in.to_host(), (std::vector<int>{0, 5, 2, 10}));
}

// ---- Warps and blocks

template <class Kernel, class... Args>
void launch(Kernel kernel, int threads, Args... args) {
  cudaLaunchConfig_t config{};
  config.blockDim = dim3(unsigned(threads));
  ASSERT_EQ(cudaLaunchKernelEx(&config, kernel, args...), cudaSuccess);
  ASSERT_EQ(cudaDeviceSynchronize(), cudaSuccess);
}

template <class T>
T& shared(T* = nullptr) {
  return *static_cast<T*>(cudasim::shared_memory([] {}, sizeof(T), alignof(T)));
}

struct Pair {
  double value;
  int64_t place, more;
};
struct Later {
  Pair operator()(const Pair& a, const Pair& b) const { return a.value < b.value ? b : a; }
};

__global__ void reduce_kernel(const int* in, int* sums, int64_t* place) {
  using Sum = cub::BlockReduce<int, 96>;
  auto& temp = shared<Sum::TempStorage>();
  const int x = in[threadIdx.x];
  const int sum = Sum(temp).Sum(x);
  if (threadIdx.x == 0) sums[0] = sum;
  __syncthreads();
  const int some = Sum(temp).Sum(x, 10);
  if (threadIdx.x == 0) sums[1] = some;

  using Last = cub::BlockReduce<Pair, 96>;
  const Pair last = Last(shared<Last::TempStorage>())
                        .Reduce(Pair{double(x % 50), int64_t(threadIdx.x), 0}, Later());
  if (threadIdx.x == 0) *place = last.place;

  using Warp = cub::WarpReduce<int>;
  auto& temps = shared<Warp::TempStorage[3]>();
  const int of_warp = Warp(temps[threadIdx.x / 32]).Sum(x);
  if (threadIdx.x % 32 == 0) sums[2 + threadIdx.x / 32] = of_warp;
  using Eight = cub::WarpReduce<int, 8>;
  auto& eights = shared<Eight::TempStorage[12]>();
  const int of_eight = Eight(eights[threadIdx.x / 8]).Reduce(x, cudasim::Maximum());
  if (threadIdx.x % 8 == 0) sums[5 + threadIdx.x / 8] = of_eight;
}

TEST(BlockPrimitives, ReductionsAreRight) {
  std::vector<int> numbers(96);
  for (int i = 0; i < 96; ++i) numbers[size_t(i)] = i * 37 % 101;
  const DeviceArray<int> in(numbers), sums(17);
  const DeviceArray<int64_t> place(1);
  launch(reduce_kernel, 96, in.get(), sums.get(), place.get());
  const auto result = sums.to_host();
  const auto begin = numbers.begin();
  EXPECT_EQ(result[0], std::accumulate(begin, numbers.end(), 0));
  EXPECT_EQ(result[1], std::accumulate(begin, begin + 10, 0));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(result[size_t(2 + i)], std::accumulate(begin + 32 * i, begin + 32 * (i + 1), 0));
  }
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(result[size_t(5 + i)], *std::max_element(begin + 8 * i, begin + 8 * (i + 1)));
  }
  const auto last =
      std::max_element(begin, numbers.end(), [](int a, int b) { return a % 50 < b % 50; });
  EXPECT_EQ(numbers[size_t(place.to_host()[0])] % 50, *last % 50);
}

__global__ void scan_kernel(const int* in, int* out) {
  using Scan = cub::BlockScan<int, 40>;
  auto& temp = shared<Scan::TempStorage>();
  const int x = in[threadIdx.x];
  int sum, total;
  Scan(temp).InclusiveSum(x, sum);
  out[threadIdx.x] = sum;
  __syncthreads();
  Scan(temp).ExclusiveSum(x, sum, total);
  out[40 + threadIdx.x] = sum;
  out[80 + threadIdx.x] = total;
}

TEST(BlockPrimitives, ScansAreRight) {
  const auto numbers = random_keys<uint8_t>(40, 5);
  const std::vector<int> in_host(numbers.begin(), numbers.end());
  const DeviceArray<int> in(in_host), out(120);
  for (int seed = 0; seed < 20; ++seed) {
    cudasim::config().seed = uint64_t(seed);
    cudasim::reseed();
    launch(scan_kernel, 40, in.get(), out.get());
    const auto result = out.to_host();
    int sum = 0;
    for (size_t i = 0; i < 40; ++i) {
      EXPECT_EQ(result[40 + i], sum);
      sum += in_host[i];
      EXPECT_EQ(result[i], sum);
    }
    EXPECT_EQ(result[119], sum);
  }
  cudasim::config().seed = cudasim::Config().seed;
}

__global__ void reuse_kernel(const int* in, int* sums, bool with_barrier) {
  using Sum = cub::BlockReduce<int, 64>;
  auto& temp = shared<Sum::TempStorage>();
  const int first = Sum(temp).Sum(in[threadIdx.x]);
  if (with_barrier) __syncthreads();
  const int second = Sum(temp).Sum(1);
  if (threadIdx.x == 0) sums[0] = first, sums[1] = second;
}

TEST(BlockPrimitives, AMissingBarrierBetweenTwoUsesShows) {
  const std::vector<int> numbers(64, 2);
  const DeviceArray<int> in(numbers), sums(2);
  const auto right = std::vector<int>{128, 64};
  int wrong = 0;
  for (int seed = 0; seed < 20; ++seed) {
    cudasim::config().seed = uint64_t(seed);
    cudasim::reseed();
    launch(reuse_kernel, 64, in.get(), sums.get(), true);
    EXPECT_EQ(sums.to_host(), right);
    launch(reuse_kernel, 64, in.get(), sums.get(), false);
    wrong += sums.to_host() != right;
  }
  cudasim::config().seed = cudasim::Config().seed;
  EXPECT_GT(wrong, 0);
}

}  // namespace
