// SPDX-License-Identifier: MIT
// Memory: what is out of bounds, not written, freed, or the other side's; launches that cannot be.
#include <cmath>

#include "device_test.h"

namespace cudasim::testing {
namespace {

struct Memory : DeviceTest {
  // The status of a launch that does not work.
  template <class F>
  static cudaError_t status_of(F launch) {
    try {
      launch();
    } catch (const LaunchError& error) {
      cudaGetLastError();
      return error.status;
    }
    return cudaSuccess;
  }
};

__global__ void write_at(int* out, int index) { out[index] = 1; }
__global__ void read_at(const int* in, int index, int* out) { *out = in[index]; }

TEST_F(Memory, StoreBehindAnAllocationIsFound) {
  for (int index : {99, 100, 101, -1}) {
    Buffer<int> out(100);
    auto run = [&] {
      launch<write_at>({1, 1, stream}, out, index);
      settle();
    };
    if (index == 99) {
      run();
      EXPECT_EQ(violations(), Kinds{});
    } else if (kAddressSanitizer) {
      EXPECT_DEATH(run(), "use-after-poison");
    } else {
      run();
      EXPECT_EQ(violations(), Kinds{"out of bounds"}) << index;
    }
  }
}

TEST_F(Memory, LoadBehindAnAllocationIsFoundByAddressSanitizer) {
  if (!kAddressSanitizer) return;
  Buffer<int> in(std::vector<int>(100, 1), stream), out(1);
  EXPECT_DEATH(
      {
        launch<read_at>({1, 1, stream}, in, 100, out);
        settle();
      },
      "use-after-poison");
}

__global__ void write_shared(int index, int* out) {
  SHARED_ARRAY(int, row, 33);
  SHARED_ARRAY(int, other, 1);
  other[0] = 0;
  row[index] = 1;
  *out = row[0] + other[0];
}

TEST_F(Memory, StoreBehindASharedArrayIsFound) {
  for (int index : {32, 33}) {
    Buffer<int> out(1);
    auto run = [&] {
      launch<write_shared>({1, 1, stream}, index, out);
      settle();
    };
    if (index == 33 && kAddressSanitizer) {
      EXPECT_DEATH(run(), "use-after-poison");
      continue;
    }
    run();
    EXPECT_EQ(violations(), index == 33 ? Kinds{"out of bounds"} : Kinds{});
  }
}

__global__ void copy(const float* in, float* out) { *out = *in; }

TEST_F(Memory, FreshAndFreedMemoryIsNaN) {
  Buffer<float> out(1);
  for (int i = 0; i < 2; ++i) {
    Buffer<float> in(1);
    launch<copy>({1, 1, stream}, in, out);
    EXPECT_TRUE(std::isnan(out.to_host(stream)[0]));
    launch<write_at>({1, 1, stream}, reinterpret_cast<int*>(in.get()), 0);
    settle();
  }
}

TEST_F(Memory, HostThatDereferencesADevicePointerDiesWithAWord) {
  Buffer<int> data(100);
  EXPECT_DEATH(*static_cast<volatile int*>(data.get() + 3) = 1,
               "HOST CODE DEREFERENCED A DEVICE POINTER");
}

struct Hidden {
  int* pointer;
};
__global__ void follow(const Hidden* hidden) { *hidden->pointer = 1; }

TEST_F(Memory, DevicePointerInDeviceMemoryIsOfNoUse) {
  Buffer<int> data(1);
  Buffer<Hidden> hidden({Hidden{data}}, stream);
  EXPECT_DEATH(
      {
        launch<follow>({1, 1, stream}, hidden);
        settle();
      },
      "THAT IT WAS NOT GIVEN AS AN ARGUMENT");
}

__global__ void run_wild(const int* in, int64_t index, int* out) { *out = in[index]; }

TEST_F(Memory, WildPointerInAKernelDiesWithTheKernelsName) {
  Buffer<int> in(1), out(1);
  EXPECT_DEATH(
      {
        launch<run_wild>({1, 1, stream}, in, int64_t{1} << 31, out);
        settle();
      },
      "OUT OF BOUNDS[^$]*kernel run_wild");
}

__global__ void recurse(volatile int* depth) {
  volatile char frame[1000];
  frame[*depth & 511] = 1;
  *depth = *depth + 1;
  if (*depth < 1 << 20) recurse(depth);
  *depth = frame[0];
}

TEST_F(Memory, StackThatOverflowsIsNamed) {
  Buffer<int> out({0}, stream);
  EXPECT_DEATH(
      {
        launch<recurse>({1, 1, stream}, out);
        settle();
      },
      "OVERFLOWED ITS STACK|stack-overflow");
}

TEST_F(Memory, PageableHostMemoryIsNotForKernels) {
  int local = 0;
  EXPECT_EQ(status_of([&] {
              launch<write_at>({1, 1, stream}, &local, 0);
            }),
            cudaErrorIllegalAddress);
  EXPECT_EQ(violations(), Kinds{"bad pointer"});
  EXPECT_NE(last_text.find("parameter 0"), std::string::npos) << last_text;
  reset();
}

TEST_F(Memory, PinnedHostMemoryIsForKernels) {
  int* pinned = nullptr;
  ASSERT_EQ(cudaHostAlloc(&pinned, sizeof(int), cudaHostAllocDefault), cudaSuccess);
  launch<write_at>({1, 1, stream}, pinned, 0);
  settle();
  EXPECT_EQ(*pinned, 1);
  EXPECT_EQ(cudaFreeHost(pinned), cudaSuccess);
  std::vector<int> registered(10);
  ASSERT_EQ(cudaHostRegister(registered.data(), 40, cudaHostRegisterDefault), cudaSuccess);
  EXPECT_EQ(cudaHostRegister(registered.data() + 9, 4, 0), cudaErrorHostMemoryAlreadyRegistered);
  cudaGetLastError();
  launch<write_at>({1, 1, stream}, registered.data(), 9);
  settle();
  EXPECT_EQ(registered[9], 1);
  EXPECT_EQ(cudaHostUnregister(registered.data()), cudaSuccess);
  EXPECT_EQ(cudaHostUnregister(registered.data()), cudaErrorHostMemoryNotRegistered);
  cudaGetLastError();
}

TEST_F(Memory, FreedMemoryIsNotForKernels) {
  int* data = nullptr;
  ASSERT_EQ(cudaMalloc(&data, 400), cudaSuccess);
  ASSERT_EQ(cudaFree(data), cudaSuccess);
  EXPECT_EQ(status_of([&] { launch<write_at>({1, 1, stream}, data, 0); }), cudaErrorIllegalAddress);
  EXPECT_EQ(violations(), Kinds{"bad pointer"});
  reset();
}

TEST_F(Memory, FreesOfWhatIsNotTheStartOfAnAllocationFail) {
  char* data = nullptr;
  ASSERT_EQ(cudaMalloc(&data, 400), cudaSuccess);
  EXPECT_EQ(cudaFree(data + 256), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(data), cudaSuccess);
  EXPECT_EQ(cudaFree(data), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(nullptr), cudaSuccess);
  cudaGetLastError();
}

TEST_F(Memory, ADeviceHasNoMoreThanItsMemory) {
  config().total_memory = 1 << 20;
  void *first = nullptr, *second = nullptr;
  ASSERT_EQ(cudaMalloc(&first, 600 << 10), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&second, 600 << 10), cudaErrorMemoryAllocation);
  cudaGetLastError();
  EXPECT_EQ(cudaFree(first), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&second, 600 << 10), cudaSuccess);
  EXPECT_EQ(cudaFree(second), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&second, 0), cudaSuccess);
  EXPECT_EQ(second, nullptr);
}

__global__ void nothing() {}
__global__ void nothing_twice() {}

TEST_F(Memory, LaunchesWithBadDimensionsFail) {
  auto status = [&](dim3 grid, dim3 block, size_t shared = 0) {
    return status_of([&] { launch<nothing>({grid, block, stream, shared}); });
  };
  EXPECT_EQ(status(1, 1024), cudaSuccess);
  EXPECT_EQ(status(1, 0), cudaErrorInvalidConfiguration);
  EXPECT_EQ(status(0, 1), cudaErrorInvalidConfiguration);
  EXPECT_EQ(status(1, 1025), cudaErrorInvalidConfiguration);
  EXPECT_EQ(status(1, dim3(32, 33)), cudaErrorInvalidConfiguration);
  EXPECT_EQ(status(1, dim3(1, 1, 65)), cudaErrorInvalidConfiguration);
  EXPECT_EQ(status(dim3(1, 65536), 1), cudaErrorInvalidConfiguration);
  EXPECT_EQ(status(0x80000000u, 1), cudaErrorInvalidConfiguration);
  EXPECT_EQ(status(1, 1, 48 << 10), cudaSuccess);
  EXPECT_EQ(status(1, 1, (48 << 10) + 1), cudaErrorInvalidValue);
}

TEST_F(Memory, MoreDynamicSharedMemoryIsThereForTheAsking) {
  EXPECT_EQ(
      cudaFuncSetAttribute(nothing_twice, cudaFuncAttributeMaxDynamicSharedMemorySize, 100 << 10),
      cudaSuccess);
  launch<nothing_twice>({1, 1, stream, 100 << 10});
  EXPECT_EQ(status_of([&] {
              launch<nothing_twice>({1, 1, stream, (100 << 10) + 4});
            }),
            cudaErrorInvalidValue);
}

__global__ void use_too_much() {
  SHARED_ARRAY(char, a, 40 << 10);
  SHARED_ARRAY(char, b, 9 << 10);
  a[0] = b[0] = 1;
}

TEST_F(Memory, MoreThan48KilobytesOfSharedMemoryAreNamed) {
  launch<use_too_much>({1, 1, stream});
  EXPECT_EQ(violations(), Kinds{"shared memory"});
}

TEST_F(Memory, DevicesHaveMemoryOfTheirOwn) {
  int *here = nullptr, *there = nullptr;
  ASSERT_EQ(cudaMalloc(&here, 4), cudaSuccess);
  ASSERT_EQ(cudaSetDevice(1), cudaSuccess);
  ASSERT_EQ(cudaMalloc(&there, 4), cudaSuccess);
  cudaPointerAttributes attributes;
  ASSERT_EQ(cudaPointerGetAttributes(&attributes, there), cudaSuccess);
  EXPECT_EQ(attributes.device, 1);
  EXPECT_EQ(attributes.type, cudaMemoryTypeDevice);
  ASSERT_EQ(cudaPointerGetAttributes(&attributes, here), cudaSuccess);
  EXPECT_EQ(attributes.device, 0);
  EXPECT_EQ(cudaFree(here), cudaSuccess);
  EXPECT_EQ(cudaFree(there), cudaSuccess);
  ASSERT_EQ(cudaSetDevice(0), cudaSuccess);
}

}  // namespace
}  // namespace cudasim::testing
